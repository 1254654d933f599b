#include "shop/outbox.h"

#include "codec/money.h"
#include "io/db.h"
#include "q/audit.h"
#include "q/order.h"
#include "shop/mail.h"

/* "12.99 EUR" */
static struct mx_str money_text(struct mx_arena *a, int64_t minor, struct mx_str code)
{
    int64_t unit = 1;
    int digits = mx_currency_digits(mx_currency_stored(code));

    for (int i = 0; i < digits; i++)
        unit *= 10;
    if (digits == 0)
        return mx_str_fmt(a, "%lld %.*s", (long long)minor, MX_FMT(code));
    return mx_str_fmt(a, "%lld.%0*lld %.*s", (long long)(minor / unit), digits,
                      (long long)(minor % unit), MX_FMT(code));
}

/* The buyer's confirmation, to the address given at checkout or else to the account's. */
static enum mx_err mail_order(struct mx_ctx *cx, struct mx_id order)
{
    struct mx_list rows;
    const struct q_order_mail_row *r;
    struct mx_pair vars[2];
    struct mx_str to;

    MX_TRY(q_order_mail(cx->db, &(struct q_order_mail_in){order}, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, struct q_order_mail_row, 0);
    to = r->email.p != NULL ? r->email : r->account_email;
    if (to.p == NULL)
        return MX_OK;
    vars[0] = (struct mx_pair){MX_S("number"), r->number};
    vars[1] = (struct mx_pair){MX_S("total"), money_text(cx->arena, r->total, r->currency)};
    return mx_mail_queue(cx, r->account, to, "order_placed", r->locale,
                         (struct mx_list){vars, MX_LEN(vars)});
}

struct delivery {
    struct mx_ctx *cx;
    const struct q_event_due_row *event;
};

static enum mx_err deliver(void *arg)
{
    const struct delivery *d = arg;
    int64_t claimed;
    struct q_event_delivered_in in = {d->event->id};

    MX_TRY(q_event_delivered(d->cx->db, &in, &claimed));
    if (claimed == 0 || !mx_str_eqc(d->event->type, "order.placed"))
        return MX_OK;
    return mail_order(d->cx, d->event->subject);
}

enum mx_err mx_outbox_deliver_due(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    struct mx_list due;

    MX_TRY(q_event_due(cx->db, &(struct q_event_due_in){{cx->now_ms}, limit}, &due));
    for (size_t i = 0; i < due.n; i++) {
        struct delivery d = {cx, MX_AT(due, struct q_event_due_row, i)};

        MX_TRY(mx_db_tx(cx->db, deliver, &d));
    }
    *ret_n = (int64_t)due.n;
    return MX_OK;
}
