#include "sales/order_mail.h"

#include "codec/money.h"
#include "io/db.h"
#include "q/order.h"
#include "shop/json_rows.h"
#include "shop/mail.h"

typedef struct q_order_mail_row row_t;

/* "12.99 EUR" */
static struct mx_str money_text(struct mx_arena *a, int64_t minor, struct mx_currency currency)
{
    struct mx_str code = mx_currency_str(&currency);
    int64_t unit = 1;
    int digits = mx_currency_digits(currency);

    for (int i = 0; i < digits; i++)
        unit *= 10;
    if (digits == 0)
        return mx_str_fmt(a, "%lld %.*s", (long long)minor, MX_FMT(code));
    return mx_str_fmt(a, "%lld.%0*lld %.*s", (long long)(minor / unit), digits,
                      (long long)(minor % unit), MX_FMT(code));
}

/* *ret has no recipient where there is nobody to write to. */
static enum mx_err confirmation(struct mx_ctx *cx, const row_t *r, struct mx_mail_draft *ret)
{
    struct mx_currency currency;
    struct mx_pair *vars = MX_NEW_N(cx->arena, 2, struct mx_pair);

    *ret = (struct mx_mail_draft){
        .account = r->account,
        .recipient = r->email.p != NULL ? r->email : r->account_email,
        .name = "order_placed",
        .locale = r->locale,
        .vars = MX_LIST(vars, 2),
    };
    if (r->moved)
        return MX_E_RETRY;
    if (ret->recipient.p == NULL)
        return MX_OK;
    if (!mx_currency_parse(r->currency, &currency))
        return mx_fail(cx->faults, MX_E_INTERNAL, "the order has an unknown currency");
    vars[0] = (struct mx_pair){MX_S("number"), r->number};
    vars[1] = (struct mx_pair){MX_S("total"), money_text(cx->arena, r->total, currency)};
    return MX_OK;
}

enum mx_err mx_order_confirm(struct mx_ctx *cx, const struct mx_id *orders, size_t n)
{
    struct q_order_mail_in in = {mx_json_rows_ids(cx->arena, orders, n, sizeof(*orders))};
    struct mx_list rows;
    struct mx_mail_draft *drafts;
    size_t queued = 0;

    MX_TRY(q_order_mail(cx->db, &in, &rows));
    drafts = MX_NEW_N(cx->arena, rows.n, struct mx_mail_draft);
    for (size_t i = 0; i < rows.n; i++) {
        MX_TRY(confirmation(cx, MX_AT(rows, row_t, i), &drafts[queued]));
        queued += drafts[queued].recipient.p != NULL;
    }
    return mx_mail_queue_all(cx, drafts, queued);
}
