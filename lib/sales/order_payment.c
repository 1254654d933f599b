#include "sales/order_payment.h"

#include "codec/jsonw.h"
#include "io/db.h"
#include "q/order.h"
#include "shop/audit.h"

static enum mx_order_payment status_of(enum mx_payment_status s)
{
    if (s == MX_PAY_PAID)
        return MX_ORDER_PAY_PAID;
    return s == MX_PAY_FAILED ? MX_ORDER_PAY_FAILED : MX_ORDER_PAY_PENDING;
}

void mx_order_take_outcome(const struct mx_ctx *cx, const struct mx_pay_outcome *paid,
                           struct mx_order *o)
{
    o->payment_status = (int)status_of(paid->status);
    if (!paid->order_stands)
        return;
    o->status = MX_ORDER_PLACED;
    o->placed_at.ms = cx->now_ms;
    o->expires_at.ms = 0;
}

/* The key has paid before: it is spent, also after its answer was forgotten. The duplicate that
 * such a payment ends with does not tell it from an attempt of another that was faster; the next
 * run looks. */
static enum mx_err check_unspent(struct mx_ctx *cx)
{
    struct mx_list rows;

    if (mx_id_none(cx->once) || !mx_db_tx_again(cx->db))
        return MX_OK;
    MX_TRY(q_payment_exists(cx->db, &(struct q_payment_exists_in){cx->once}, &rows));
    return rows.n > 0 ? MX_E_IDEMPOTENCY_KEY_REUSED : MX_OK;
}

static enum mx_err insert_payment(struct mx_ctx *cx, const struct mx_order *o, int64_t attempt,
                                  const struct mx_order_payment_row *p)
{
    struct q_payment_insert_in row = {
        .id = p->id,
        .order = o->id,
        .attempt = attempt,
        .provider = p->provider,
        .status = p->status,
        .amount = p->amount.minor,
        .captured = p->captured.minor,
        .currency = o->currency,
        .failure_code = p->failure_code,
        .now = {cx->now_ms},
    };
    enum mx_err e;

    MX_TRY(check_unspent(cx));
    e = q_payment_insert(cx->db, &row, NULL);
    return e == MX_E_DUPLICATE ? MX_E_RETRY : e;
}

/* An attempt to pay, as the audit log keeps it. */
static struct mx_str payment_json(struct mx_arena *a, const struct mx_order *o,
                                  const struct mx_order_payment_row *p)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 1024);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "payment_id");
    mx_jsonw_id(&w, p->id);
    mx_jsonw_name(&w, "provider");
    mx_jsonw_str(&w, p->provider);
    mx_jsonw_name(&w, "status");
    mx_jsonw_c(&w, mx_payment_status_names[p->status]);
    mx_jsonw_name(&w, "currency");
    mx_jsonw_str(&w, o->currency);
    mx_jsonw_name(&w, "amount");
    mx_jsonw_int(&w, p->amount.minor);
    mx_jsonw_name(&w, "captured");
    mx_jsonw_int(&w, p->captured.minor);
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

static enum mx_err insert_events(struct mx_ctx *cx, const struct mx_pay_outcome *paid,
                                 struct mx_str payment, struct mx_order *o)
{
    const char *types[] = {paid->order_stands ? "order.placed" : "payment.failed", "order.paid"};
    size_t n = paid->status == MX_PAY_PAID ? 2 : 1;
    struct mx_audit rows[MX_LEN(types)];

    o->events = MX_LIST(MX_NEW_N(cx->arena, n, struct mx_order_event), n);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (struct mx_audit){.action = types[i],
                                    .object_type = "order",
                                    .object = o->id,
                                    .after = payment,
                                    .event = true};
        *MX_AT(o->events, struct mx_order_event, i) =
            (struct mx_order_event){mx_str_c(types[i]), {cx->now_ms}};
    }
    return mx_audit_write_all(cx, rows, n);
}

enum mx_err mx_order_write_attempt(struct mx_ctx *cx, const struct mx_pay_request *in,
                                   const struct mx_pay_outcome *paid, int64_t attempt,
                                   struct mx_order *o)
{
    struct mx_order_payment_row *p = MX_NEW(cx->arena, struct mx_order_payment_row);
    struct mx_currency cur = o->total.currency;

    *p = (struct mx_order_payment_row){
        .id = mx_id_none(cx->once) ? mx_id_new() : cx->once,
        .provider = mx_str_c(mx_payment_provider_names[in->provider]),
        .status = (int)paid->status,
        .amount = o->total,
        .captured = mx_money(paid->status == MX_PAY_PAID ? o->total.minor : 0, cur),
        .refunded = mx_money(0, cur),
        .failure_code = paid->failure_code,
        .created_at = {cx->now_ms},
    };
    MX_TRY(insert_payment(cx, o, attempt, p));
    o->payments = MX_LIST(p, 1);
    return insert_events(cx, paid, payment_json(cx->arena, o, p), o);
}
