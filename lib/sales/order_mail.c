#include "sales/order_mail.h"

#include "account/account.h"
#include "base/log.h"
#include "codec/money.h"
#include "io/db.h"
#include "q/order.h"
#include "shop/email.h"
#include "shop/json_rows.h"
#include "shop/limit.h"
#include "shop/mail.h"

typedef struct q_order_mail_row row_t;

static enum mx_err is_own(struct mx_ctx *cx, const struct mx_profile *me, struct mx_str key,
                          bool *ret_own)
{
    struct mx_str own;

    *ret_own = false;
    if (me->email.p == NULL || !me->email_verified)
        return MX_OK;
    MX_TRY(mx_email_key_of(cx, me->email, &own));
    *ret_own = mx_str_eq(own, key);
    return MX_OK;
}

enum mx_err mx_order_share_mail(struct mx_ctx *cx, const struct mx_pay_outcome *paid,
                                struct mx_order *o)
{
    struct mx_profile me;
    struct mx_str to, key;
    bool own;
    enum mx_err e;

    o->mail_refused = false;
    if (!paid->order_stands || paid->status == MX_PAY_PAID)
        return MX_OK;
    e = mx_account_profile(cx, cx->actor.account, &me);
    if (e != MX_OK)
        return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
    to = o->email.p != NULL ? o->email : me.email;
    if (to.p == NULL)
        return MX_OK;
    MX_TRY(mx_email_key_of(cx, to, &key));
    MX_TRY(is_own(cx, &me, key, &own));
    o->mail_refused = !own && !mx_limits_take_mail(cx, key, true);
    if (o->mail_refused)
        mx_log(MX_LOG_WARN, "order is not confirmed by mail: its address has had its share",
               MX_KS("order", mx_id_str(cx->arena, o->id)));
    return MX_OK;
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
    if (r->mail_refused)
        ret->recipient = (struct mx_str){0};
    if (ret->recipient.p == NULL)
        return MX_OK;
    if (!mx_currency_parse(r->currency, &currency))
        return mx_fail(cx->faults, MX_E_INTERNAL, "the order has an unknown currency");
    vars[0] = (struct mx_pair){MX_S("number"), r->number};
    vars[1] = (struct mx_pair){MX_S("total"),
                               mx_money_text(cx->arena, mx_money(r->total, currency), r->locale)};
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
