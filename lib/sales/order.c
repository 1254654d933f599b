#include "sales/order.h"

#include "account/account.h"
#include "catalog/generation.h"
#include "codec/params.h"
#include "io/db.h"
#include "q/order.h"
#include "sales/cart.h"
#include "sales/order_mail.h"
#include "sales/order_payment.h"
#include "shop/audit.h"
#include "shop/json_rows.h"

#define OPEN_PAGE 100 /* orders that are not shipped, a page; so many a refusal names */

const char *const mx_order_status_names[] = {"pending_payment", "placed",  "completed",
                                             "cancelled",       "expired", NULL};
const char *const mx_order_payment_status_names[] = {
    "pending",  "requires_action", "authorized", "paid", "partially_refunded",
    "refunded", "failed",          NULL};
const char *const mx_order_fulfilment_status_names[] = {"unfulfilled", "partial",  "shipped",
                                                        "delivered",   "returned", NULL};

static enum mx_err fill_shipping(struct mx_ctx *cx, const struct q_order_row *r, struct mx_order *o)
{
    if (!mx_id_none(r->method_id)) {
        o->shipping_method = MX_NEW(cx->arena, struct mx_order_method);
        *o->shipping_method = (struct mx_order_method){r->method_id, r->shipping_name};
    }
    if (mx_id_none(r->ship_id))
        return MX_OK;
    o->addresses.shipping = MX_NEW(cx->arena, struct mx_postal);
    return mx_postal_open(cx, r->ship_id, r->ship_sealed, r->ship_country, o->addresses.shipping);
}

static enum mx_err fill_order(struct mx_ctx *cx, const struct q_order_row *r, struct mx_order *o)
{
    struct mx_currency cur = mx_currency_stored(r->currency);

    *o = (struct mx_order){
        .id = r->id,
        .number = r->number,
        .status = r->status,
        .payment_status = r->payment_status,
        .fulfilment_status = r->fulfilment_status,
        .placed_at = r->placed_at,
        .expires_at = r->expires_at,
        .created_at = r->created_at,
        .currency = r->currency,
        .subtotal = mx_money(r->subtotal, cur),
        .discount_total = mx_money(r->discount_total, cur),
        .shipping_total = mx_money(r->shipping_total, cur),
        .tax_total = mx_money(r->tax_total, cur),
        .total = mx_money(r->total, cur),
        .email = r->email,
        .note = r->note,
        .metadata = r->metadata,
        .cart_id = r->cart_id,
        .version = r->version,
    };
    return fill_shipping(cx, r, o);
}

/* Parts come ordered by order id; a page may be ordered the other way round. */
static struct mx_order *order_of(const struct mx_list *orders, struct mx_id id)
{
    for (size_t i = 0; i < orders->n; i++)
        if (mx_id_eq(MX_AT(*orders, struct mx_order, i)->id, id))
            return MX_AT(*orders, struct mx_order, i);
    MX_BUG("a part of an order that was not asked for");
}

static enum mx_err load_items(struct mx_ctx *cx, const struct mx_list *orders, struct mx_str ids)
{
    struct mx_list rows;
    struct mx_order_item *items;

    MX_TRY(q_order_items(cx->db, &(struct q_order_items_in){ids}, &rows));
    items = MX_NEW_N(cx->arena, rows.n, struct mx_order_item);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_order_items_row *r = MX_AT(rows, struct q_order_items_row, i);
        struct mx_order *o = order_of(orders, r->order_id);
        struct mx_currency cur = o->total.currency;

        if (o->items.n++ == 0)
            o->items = MX_LIST(&items[i], o->items.n);
        items[i] = (struct mx_order_item){
            .id = r->id,
            .variant_id = r->variant_id,
            .product_slug = r->product_slug,
            .title = r->title,
            .sku = r->sku,
            .quantity = r->quantity,
            .unit_price = mx_money(r->unit_price, cur),
            .line_total = mx_money(r->line_total, cur),
            .tax = mx_money(r->tax, cur),
        };
    }
    return MX_OK;
}

static enum mx_err load_payments(struct mx_ctx *cx, const struct mx_list *orders, struct mx_str ids)
{
    struct mx_list rows;
    struct mx_order_payment_row *at;

    MX_TRY(q_order_payments(cx->db, &(struct q_order_payments_in){ids}, &rows));
    at = MX_NEW_N(cx->arena, rows.n, struct mx_order_payment_row);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_order_payments_row *r = MX_AT(rows, struct q_order_payments_row, i);
        struct mx_order *o = order_of(orders, r->order_id);
        struct mx_currency cur = mx_currency_stored(r->currency);

        if (o->payments.n++ == 0)
            o->payments = MX_LIST(&at[i], o->payments.n);
        at[i] = (struct mx_order_payment_row){
            .id = r->id,
            .provider = r->provider,
            .status = (int)r->status,
            .amount = mx_money(r->amount, cur),
            .captured = mx_money(r->captured, cur),
            .refunded = mx_money(r->refunded, cur),
            .failure_code = r->failure_code,
            .created_at = r->created_at,
        };
    }
    return MX_OK;
}

static enum mx_err load_events(struct mx_ctx *cx, const struct mx_list *orders, struct mx_str ids)
{
    struct mx_list rows;
    struct mx_order_event *at;

    MX_TRY(q_order_events(cx->db, &(struct q_order_events_in){ids}, &rows));
    at = MX_NEW_N(cx->arena, rows.n, struct mx_order_event);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_order_events_row *r = MX_AT(rows, struct q_order_events_row, i);
        struct mx_order *o = order_of(orders, r->order_id);

        if (o->events.n++ == 0)
            o->events = MX_LIST(&at[i], o->events.n);
        at[i] = (struct mx_order_event){r->type, r->created_at};
    }
    return MX_OK;
}

static enum mx_err load_parts(struct mx_ctx *cx, const struct mx_list *orders)
{
    struct mx_str ids;

    if (orders->n == 0)
        return MX_OK;
    ids = mx_json_rows_ids(cx->arena, &MX_AT(*orders, struct mx_order, 0)->id, orders->n,
                           sizeof(struct mx_order));
    MX_TRY(load_items(cx, orders, ids));
    MX_TRY(load_payments(cx, orders, ids));
    return load_events(cx, orders, ids);
}

/* The order without its parts. */
static enum mx_err find(struct mx_ctx *cx, struct mx_id id, struct mx_order *ret_order)
{
    struct mx_list rows;
    struct q_order_find_in in = {id, cx->actor.account};

    MX_TRY(q_order_find(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    return fill_order(cx, MX_AT(rows, struct q_order_row, 0), ret_order);
}

enum mx_err mx_order_get(struct mx_ctx *cx, struct mx_id id, struct mx_order *ret_order)
{
    MX_TRY(find(cx, id, ret_order));
    return load_parts(cx, &MX_LIST(ret_order, 1));
}

enum mx_err mx_order_list(struct mx_ctx *cx, struct mx_id before, int64_t limit,
                          struct mx_list *ret_orders)
{
    struct mx_list rows;
    struct q_order_page_in in;

    if (mx_id_none(before))
        memset(before.b, 0xff, sizeof(before.b));
    in = (struct q_order_page_in){cx->actor.account, before, limit};
    MX_TRY(q_order_page(cx->db, &in, &rows));
    *ret_orders = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_order), rows.n);
    for (size_t i = 0; i < rows.n; i++)
        MX_TRY(fill_order(cx, MX_AT(rows, const struct q_order_row, i),
                          MX_AT(*ret_orders, struct mx_order, i)));
    return load_parts(cx, ret_orders);
}

/* ---- at the end of orders ---- */

/* How orders end. */
struct ending {
    enum mx_order_status status;
    enum mx_payment_status open; /* of an attempt to pay that was still under way */
    const char *event, *reason;  /* reason: of the ledger's rows */
};

static const struct ending cancelled = {MX_ORDER_CANCELLED, MX_PAY_VOIDED, "order.cancelled",
                                        "order cancelled"};
static const struct ending expired = {MX_ORDER_EXPIRED, MX_PAY_EXPIRED, "order.expired",
                                      "order expired"};

static bool is_paid(const struct mx_order *o)
{
    return o->payment_status == MX_ORDER_PAY_PAID;
}

/* Money that came goes back; without it the order was never paid. */
static enum mx_order_payment payment_after(const struct mx_order *o)
{
    return is_paid(o) ? MX_ORDER_PAY_REFUNDED : MX_ORDER_PAY_FAILED;
}

/* A JSON array of {id, version, payment_status} for the statements. */
static struct mx_str ending_json(struct mx_arena *a, const struct mx_order *orders, size_t n)
{
    struct mx_json_rows json;

    mx_json_rows_init(&json, a);
    for (size_t i = 0; i < n; i++) {
        mx_jsonw_open(&json.w);
        mx_json_rows_id(&json, "id", orders[i].id);
        mx_json_rows_int(&json, "version", orders[i].version);
        mx_json_rows_int(&json, "payment_status", (int64_t)payment_after(&orders[i]));
        mx_jsonw_close(&json.w);
    }
    return mx_json_rows_text(&json);
}

static struct mx_str status_json(struct mx_arena *a, int status, int payment)
{
    struct mx_params p;

    mx_params_init(&p, a);
    mx_params_str(&p, "status", mx_str_name(mx_order_status_names, status));
    mx_params_str(&p, "payment_status", mx_str_name(mx_order_payment_status_names, payment));
    return mx_params_text(&p);
}

static struct mx_audit event_of(const struct mx_ctx *cx, const char *type, const struct mx_order *o,
                                const struct ending *how)
{
    return (struct mx_audit){
        .action = type,
        .object_type = "order",
        .object = o->id,
        .before = status_json(cx->arena, o->status, o->payment_status),
        .after = status_json(cx->arena, (int)how->status, (int)payment_after(o)),
        .event = true,
    };
}

static enum mx_err tell_ended(struct mx_ctx *cx, const struct ending *how,
                              const struct mx_order *orders, size_t n)
{
    struct mx_audit events[MX_AUDIT_ROWS_MAX];
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        events[k++] = event_of(cx, how->event, &orders[i], how);
        if (is_paid(&orders[i]))
            events[k++] = event_of(cx, "order.refunded", &orders[i], how);
        if (k + 1 < MX_LEN(events) && i + 1 < n)
            continue;
        MX_TRY(mx_audit_write_all(cx, events, k));
        k = 0;
    }
    return MX_OK;
}

/* End the orders, in the present transaction: their money and what they promised go back. Stock of
 * all goes back at once, for its rows have one order in which they are locked.
 * MX_E_VERSION_CONFLICT when one changed since it was read. */
static enum mx_err end_orders(struct mx_ctx *cx, const struct ending *how,
                              const struct mx_order *orders, size_t n)
{
    struct mx_str ending = ending_json(cx->arena, orders, n);
    struct q_order_finish_in finish = {ending, (int64_t)how->status, {cx->now_ms}};
    struct q_payment_end_all_in payments = {ending, (int64_t)how->open, {cx->now_ms}};
    struct q_order_ledger_release_in ledger = {
        ending, cx->actor.account, mx_str_c(how->reason), {cx->now_ms}};
    struct q_order_release_stock_in stock = {ending, {cx->now_ms}};
    int64_t changed;

    MX_TRY(q_order_finish(cx->db, &finish, &changed));
    if (changed != (int64_t)n)
        return MX_E_VERSION_CONFLICT;
    MX_TRY(q_payment_end_all(cx->db, &payments, NULL));
    MX_TRY(tell_ended(cx, how, orders, n));
    MX_TRY(q_order_ledger_release(cx->db, &ledger, NULL));
    mx_catalog_changed(cx);
    return q_order_release_stock(cx->db, &stock, NULL);
}

static enum mx_err cancel_all(struct mx_ctx *cx, const struct mx_order *orders, size_t n)
{
    enum mx_err e = n == 0 ? MX_OK : end_orders(cx, &cancelled, orders, n);

    return e == MX_E_VERSION_CONFLICT ? MX_E_RETRY : e;
}

static bool may_cancel(const struct mx_order *o)
{
    return (o->status == MX_ORDER_PENDING_PAYMENT || o->status == MX_ORDER_PLACED) &&
           o->fulfilment_status == 0;
}

/* Refuse a transition that does not fit the state of the order. */
static enum mx_err no_transition(struct mx_ctx *cx, const struct mx_order *o, const char *detail)
{
    struct mx_params p;

    mx_params_init(&p, cx->arena);
    mx_params_str(&p, "status", mx_str_name(mx_order_status_names, o->status));
    mx_params_str(&p, "payment_status",
                  mx_str_name(mx_order_payment_status_names, o->payment_status));
    mx_params_str(&p, "fulfilment_status",
                  mx_str_name(mx_order_fulfilment_status_names, o->fulfilment_status));
    cx->faults->params = mx_params_text(&p);
    return mx_fail(cx->faults, MX_E_INVALID_TRANSITION, "%s", detail);
}

enum mx_err mx_order_cancel(struct mx_ctx *cx, struct mx_id id, struct mx_order *ret_order)
{
    MX_TRY(mx_account_stay(cx, cx->actor.account));
    MX_TRY(find(cx, id, ret_order));
    if (!may_cancel(ret_order))
        return no_transition(cx, ret_order, "This order cannot be cancelled any more.");
    if (ret_order->status == MX_ORDER_PENDING_PAYMENT)
        MX_TRY(mx_cart_take(cx, ret_order->cart_id, cx->actor.account));
    MX_TRY(cancel_all(cx, ret_order, 1));
    return mx_order_get(cx, id, ret_order);
}

/* ---- paying again ---- */

static enum mx_err write_outcome(struct mx_ctx *cx, const struct mx_order *o)
{
    int64_t changed;
    struct q_order_pay_in in = {o->id,           o->version,   o->status,   o->payment_status,
                                o->mail_refused, o->placed_at, {cx->now_ms}};

    MX_TRY(q_order_pay(cx->db, &in, &changed));
    return changed == 0 ? MX_E_RETRY : MX_OK;
}

enum mx_err mx_order_pay(struct mx_ctx *cx, struct mx_id id, const struct mx_pay_request *in,
                         struct mx_order *ret_order, bool *ret_declined)
{
    struct mx_pay_request ask = *in;
    struct mx_pay_outcome paid;
    size_t attempts;

    MX_TRY(mx_order_get(cx, id, ret_order));
    if (ret_order->status != MX_ORDER_PENDING_PAYMENT)
        return no_transition(cx, ret_order, "This order does not wait for a payment.");
    attempts = ret_order->payments.n;
    if (attempts >= MX_ORDER_ATTEMPTS_MAX)
        return no_transition(cx, ret_order, "Too many payments of this order were tried.");
    ask.amount = ret_order->total.minor;
    MX_TRY(mx_pay_decide(cx, &ask, &paid));
    mx_order_take_outcome(cx, &paid, ret_order);
    MX_TRY(mx_order_share_mail(cx, &paid, ret_order));
    MX_TRY(write_outcome(cx, ret_order));
    MX_TRY(mx_order_write_attempt(cx, in, &paid, (int64_t)attempts + 1, ret_order));
    *ret_declined = paid.status == MX_PAY_FAILED;
    return mx_order_get(cx, id, ret_order);
}

/* ---- at the end of an account, and at sign-in ---- */

static enum mx_err name_open(struct mx_ctx *cx, struct mx_list rows)
{
    struct mx_params p;

    mx_params_init(&p, cx->arena);
    mx_jsonw_name(&p.w, "orders");
    mx_jsonw_array(&p.w);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_order_open_row *r = MX_AT(rows, struct q_order_open_row, i);

        mx_jsonw_open(&p.w);
        mx_params_id(&p, "id", r->id);
        mx_params_str(&p, "number", r->number);
        mx_params_str(&p, "status", mx_str_name(mx_order_status_names, r->status));
        mx_jsonw_close(&p.w);
    }
    mx_jsonw_array_end(&p.w);
    cx->faults->params = mx_params_text(&p);
    return mx_fail(cx->faults, MX_E_OPEN_ORDERS,
                   "Some orders have not been shipped yet. Wait for them, or send "
                   "cancel_orders.");
}

/* Orders that are in the way of the account's end, as far as they have been read. */
struct leaving {
    const struct mx_holder *holder;
    struct mx_order *orders;
    size_t n, room;
};

static struct mx_order *next_order(struct mx_ctx *cx, struct leaving *l)
{
    struct mx_order *more;

    if (l->n == l->room) {
        l->room += l->room > 0 ? l->room : OPEN_PAGE;
        more = MX_NEW_N(cx->arena, l->room, struct mx_order);
        if (l->n > 0)
            memcpy(more, l->orders, l->n * sizeof(*more));
        l->orders = more;
    }
    return &l->orders[l->n++];
}

static enum mx_err take_open(struct mx_ctx *cx, struct leaving *l, struct mx_list rows)
{
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_order_open_row *r = MX_AT(rows, struct q_order_open_row, i);

        if (!l->holder->cancel_orders || r->fulfilment_status != 0)
            return name_open(cx, rows);
        *next_order(cx, l) = (struct mx_order){.id = r->id,
                                               .status = (int)r->status,
                                               .payment_status = (int)r->payment_status,
                                               .version = r->version};
    }
    return MX_OK;
}

enum mx_err mx_order_leave(struct mx_ctx *cx, const struct mx_holder *h)
{
    struct q_order_open_in in = {.account = h->account, .limit = OPEN_PAGE};
    struct leaving l = {.holder = h};
    struct mx_list rows;

    do {
        MX_TRY(q_order_open(cx->db, &in, &rows));
        MX_TRY(take_open(cx, &l, rows));
        if (l.n > 0)
            in.after = l.orders[l.n - 1].id;
    } while (rows.n == OPEN_PAGE);
    return cancel_all(cx, l.orders, l.n);
}

enum mx_err mx_order_move(struct mx_ctx *cx, struct mx_id from, struct mx_id to)
{
    return q_order_move(cx->db, &(struct q_order_move_in){from, to}, NULL);
}

static enum mx_err expiry_due(struct mx_ctx *cx, int64_t limit, struct mx_job_due *ret_due)
{
    struct mx_list found;
    struct mx_job_row *rows;

    MX_TRY(q_order_due(cx->db, &(struct q_order_due_in){{cx->now_ms}, limit}, &found));
    rows = MX_NEW_N(cx->arena, found.n, struct mx_job_row);
    for (size_t i = 0; i < found.n; i++) {
        const struct q_order_due_row *r = MX_AT(found, struct q_order_due_row, i);

        rows[i] = (struct mx_job_row){r->id, r, r->has_tries, r->tries};
    }
    *ret_due = (struct mx_job_due){MX_LIST(rows, found.n), found.n == (size_t)limit};
    return MX_OK;
}

static enum mx_err expire(struct mx_ctx *cx, const struct mx_job_row *rows, size_t n)
{
    struct mx_order *orders = MX_NEW_N(cx->arena, n, struct mx_order);

    for (size_t i = 0; i < n; i++) {
        const struct q_order_due_row *r = rows[i].of;

        orders[i] = (struct mx_order){.id = r->id,
                                      .status = MX_ORDER_PENDING_PAYMENT,
                                      .payment_status = (int)r->payment_status,
                                      .version = r->version};
    }
    return end_orders(cx, &expired, orders, n);
}

const struct mx_job mx_order_expiry = {MX_JOB_EXPIRY, expiry_due, expire};

enum mx_err mx_order_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_order_erase(cx->db, &(struct q_order_erase_in){h->account}, NULL);
}
