/* From a cart to an order: the one place where stock is promised and money is asked for. Everything
 * is one transaction; the hottest rows (stock) are locked by its last statement before COMMIT. */
#include "base/rnd.h"
#include "catalog/generation.h"
#include "catalog/stock.h"
#include "codec/jsonw.h"
#include "io/db.h"
#include "q/cart.h"
#include "q/order.h"
#include "sales/cart.h"
#include "sales/order.h"
#include "shop/audit.h"

#define ORDER_NUMBER_LEN 9 /* XXXX-XXXX */

/* What the last statement of the transaction needs. */
struct closing {
    struct mx_ctx *cx;
    struct mx_id order, cart;
    int64_t version, lines;
};

static int by_variant(const void *a, const void *b)
{
    const struct mx_cart_item *const *x = a, *const *y = b;
    return memcmp((*x)->variant_id.b, (*y)->variant_id.b, sizeof((*x)->variant_id.b));
}

/* Lines in the order of their variants: the one global order in which stock rows are locked. */
static const struct mx_cart_item **in_lock_order(struct mx_arena *a, const struct mx_cart *cart)
{
    const struct mx_cart_item **at = mx_arena_zalloc(a, cart->items.n, sizeof(*at));

    for (size_t i = 0; i < cart->items.n; i++)
        at[i] = MX_AT(cart->items, struct mx_cart_item, i);
    qsort(at, cart->items.n, sizeof(*at), by_variant);
    return at;
}

static enum mx_err insert_items(struct mx_ctx *cx, struct mx_id order,
                                const struct mx_cart_item **lines, size_t n)
{
    struct q_order_insert_items_in in = {.order = order};

    for (size_t i = 0; i < n; i++) {
        const struct mx_cart_item *it = lines[i];

        in.each[in.n_each++] = (struct q_order_insert_items_each){
            .line = (int64_t)i + 1,
            .id = it->id,
            .variant = it->variant_id,
            .product = it->product_id,
            .slug = it->product_slug,
            .sku = it->sku,
            .title = it->title,
            .quantity = it->quantity,
            .unit_price = it->unit_price.minor,
            .line_total = it->line_total.minor,
            .tax_ppm = it->tax_ppm,
            .tax = it->tax,
        };
        if (in.n_each < MX_LEN(in.each) && i + 1 < n)
            continue;
        MX_TRY(q_order_insert_items(cx->db, &in, NULL));
        in.n_each = 0;
    }
    return MX_OK;
}

static enum mx_err insert_moves(struct mx_ctx *cx, struct mx_id order,
                                const struct mx_cart_item **lines, size_t n)
{
    struct q_order_ledger_take_in in = {
        .order = order, .actor = cx->actor.account, .now = {cx->now_ms}};

    for (size_t i = 0; i < n; i++) {
        in.each[in.n_each++] =
            (struct q_order_ledger_take_each){lines[i]->variant_id, lines[i]->quantity};
        if (in.n_each < MX_LEN(in.each) && i + 1 < n)
            continue;
        MX_TRY(q_order_ledger_take(cx->db, &in, NULL));
        in.n_each = 0;
    }
    return MX_OK;
}

/* A number that a person can read out: eight letters and digits without look-alikes. */
static struct mx_str new_number(struct mx_arena *a)
{
    static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    char text[ORDER_NUMBER_LEN];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i == 4 ? '-' : alphabet[mx_rnd_below(sizeof(alphabet) - 1)];
    return mx_str_dup(a, (struct mx_str){text, sizeof(text)});
}

static enum mx_err short_lines(struct mx_ctx *cx, const struct mx_cart *cart)
{
    bool any = false;

    for (size_t i = 0; i < cart->items.n; i++) {
        const struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, i);

        if (it->available)
            continue;
        any = true;
        mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/items/%zu/quantity", i), "out_of_stock",
                    "Not enough of %.*s is in stock.", MX_FMT(it->sku));
    }
    return any ? MX_E_OUT_OF_STOCK : MX_OK;
}

static enum mx_err price_changed(struct mx_ctx *cx, const struct mx_cart *cart)
{
    return mx_fail(cx->faults, MX_E_PRICE_CHANGED, "The cart now costs %lld %.*s (minor units).",
                   (long long)cart->total.minor, MX_FMT(cart->currency));
}

static enum mx_err check_cart(struct mx_ctx *cx, const struct mx_checkout *in,
                              const struct mx_cart *cart)
{
    if (cart->items.n == 0)
        return MX_E_CART_EMPTY;
    if (in->expected_total.currency.code[0] != '\0' &&
        (in->expected_total.minor != cart->total.minor ||
         !mx_currency_eq(in->expected_total.currency, cart->total.currency)))
        return price_changed(cx, cart);
    if (cx->proc->conf->checkout_requires_shipping &&
        (cart->shipping_address == NULL || cart->shipping_method == NULL))
        return mx_fail(cx->faults, MX_E_CONFLICT, "Choose an address and a way to ship first.");
    return short_lines(cx, cart);
}

/* Last statement before COMMIT. Fewer rows than expected: the cart changed, or somebody was faster;
 * run again from the start, where the cart as committed by then tells which. */
static enum mx_err close_and_take(void *arg)
{
    const struct closing *c = arg;
    int64_t changed;
    struct q_order_take_stock_in in = {c->order, c->cart, c->version, {c->cx->now_ms}};

    MX_TRY(q_order_take_stock(c->cx->db, &in, &changed));
    return changed == c->lines + 1 ? MX_OK : MX_E_RETRY;
}

/* The catalog tells when few units are left, and when none. */
static bool shows_in_catalog(const struct mx_cart *cart)
{
    for (size_t i = 0; i < cart->items.n; i++) {
        const struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, i);

        if (mx_stock_hint(it->in_stock) != mx_stock_hint(it->in_stock - it->quantity))
            return true;
    }
    return false;
}

static void leave_closing(struct mx_ctx *cx, struct mx_id order, const struct mx_cart *cart)
{
    struct closing *c = MX_NEW(cx->arena, struct closing);

    if (shows_in_catalog(cart))
        mx_catalog_changed(cx);
    *c = (struct closing){cx, order, cart->id, cart->version, (int64_t)cart->items.n};
    mx_db_before_commit(cx->db, close_and_take, c);
}

static enum mx_err insert_payment(struct mx_ctx *cx, const struct mx_checkout *in,
                                  const struct mx_pay_outcome *paid, const struct mx_order *o,
                                  struct mx_order_payment_row *ret)
{
    const char *provider = mx_payment_provider_names[in->payment.provider];
    int64_t captured = paid->status == MX_PAY_PAID ? o->total.minor : 0;
    struct mx_currency cur = o->total.currency;
    struct q_payment_insert_in row;

    *ret = (struct mx_order_payment_row){
        .id = mx_id_new(),
        .provider = mx_str_c(provider),
        .status = (int)paid->status,
        .amount = o->total,
        .captured = mx_money(captured, cur),
        .refunded = mx_money(0, cur),
        .failure_code = paid->failure_code,
        .created_at = {cx->now_ms},
    };
    row = (struct q_payment_insert_in){
        .id = ret->id,
        .order = o->id,
        .attempt = 1,
        .provider = ret->provider,
        .status = ret->status,
        .amount = o->total.minor,
        .captured = captured,
        .currency = o->currency,
        .failure_code = paid->failure_code,
        .now = {cx->now_ms},
    };
    return q_payment_insert(cx->db, &row, NULL);
}

/* What the audit log keeps of a checkout: the order's attempt to be paid. */
static struct mx_str payment_json(struct mx_arena *a, const struct mx_order *o)
{
    const struct mx_order_payment_row *p = MX_AT(o->payments, struct mx_order_payment_row, 0);
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
                                 struct mx_order *o)
{
    const char *types[] = {paid->order_stands ? "order.placed" : "payment.failed", "order.paid"};
    size_t n = paid->status == MX_PAY_PAID ? 2 : 1;
    struct mx_audit rows[MX_LEN(types)];
    struct mx_str payment = payment_json(cx->arena, o);

    o->events = (struct mx_list){MX_NEW_N(cx->arena, n, struct mx_order_event), n};
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

static void fill_items(struct mx_arena *a, const struct mx_cart *cart, struct mx_order *o)
{
    struct mx_currency cur = cart->total.currency;

    o->items = (struct mx_list){MX_NEW_N(a, cart->items.n, struct mx_order_item), cart->items.n};
    for (size_t i = 0; i < cart->items.n; i++) {
        const struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, i);

        *MX_AT(o->items, struct mx_order_item, i) = (struct mx_order_item){
            .id = it->id,
            .variant_id = it->variant_id,
            .product_slug = it->product_slug,
            .title = it->title,
            .sku = it->sku,
            .quantity = it->quantity,
            .unit_price = it->unit_price,
            .line_total = it->line_total,
            .tax = mx_money(it->tax, cur),
        };
    }
}

static void fill_order(struct mx_ctx *cx, const struct mx_checkout *in, const struct mx_cart *cart,
                       const struct mx_pay_outcome *paid, struct mx_order *o)
{
    *o = (struct mx_order){
        .id = mx_id_new(),
        .number = new_number(cx->arena),
        .status = paid->order_stands ? MX_ORDER_PLACED : MX_ORDER_PENDING_PAYMENT,
        .payment_status = paid->status == MX_PAY_PAID     ? MX_ORDER_PAY_PAID
                          : paid->status == MX_PAY_FAILED ? MX_ORDER_PAY_FAILED
                                                          : MX_ORDER_PAY_PENDING,
        .placed_at = {paid->order_stands ? cx->now_ms : 0},
        .created_at = {cx->now_ms},
        .currency = cart->currency,
        .addresses = {cart->shipping_address},
        .subtotal = cart->subtotal,
        .discount_total = cart->discount_total,
        .shipping_total = cart->shipping_total,
        .tax_total = cart->tax_total,
        .total = cart->total,
        .email = in->email,
        .note = in->note,
        .version = 1,
    };
    if (cart->shipping_method != NULL) {
        o->shipping_method = MX_NEW(cx->arena, struct mx_order_method);
        *o->shipping_method =
            (struct mx_order_method){cart->shipping_method->id, cart->shipping_method->name};
    }
    fill_items(cx->arena, cart, o);
}

static enum mx_err insert_order(struct mx_ctx *cx, const struct mx_cart *cart,
                                const struct mx_order *o)
{
    int64_t expires = cx->now_ms + cx->proc->conf->order_expiry_min * 60000;
    struct q_order_insert_in row = {
        .id = o->id,
        .number = o->number,
        .account = cx->actor.account,
        .cart = cart->id,
        .status = o->status,
        .payment_status = o->payment_status,
        .currency = o->currency,
        .subtotal = o->subtotal.minor,
        .discount_total = o->discount_total.minor,
        .shipping_total = o->shipping_total.minor,
        .tax_total = o->tax_total.minor,
        .total = o->total.minor,
        .email = o->email,
        .note = o->note,
        .address = cart->address_id,
        .placed_at = o->placed_at,
        .expires_at = {o->status == MX_ORDER_PENDING_PAYMENT ? expires : 0},
        .now = {cx->now_ms},
    };
    enum mx_err e;

    if (o->shipping_method != NULL) {
        row.method = o->shipping_method->id;
        row.shipping_name = o->shipping_method->name;
    }
    e = q_order_insert(cx->db, &row, NULL);
    if (e != MX_E_DUPLICATE)
        return e;
    /* Two draws of the same number, or a second checkout of this cart that was faster: both are
     * told apart by running once more on what is committed by then. */
    return MX_E_RETRY;
}

/* A cart that is rewritten all the time would never be found as it was priced: from the second run
 * on whoever writes it waits. The first run saves the round trip. */
static enum mx_err load_cart(struct mx_ctx *cx, struct mx_cart *ret_cart)
{
    struct mx_list held;

    if (mx_db_tx_again(cx->db))
        MX_TRY(q_cart_hold(cx->db, &(struct q_cart_hold_in){cx->actor.account}, &held));
    return mx_cart_load_live(cx, ret_cart);
}

enum mx_err mx_checkout(struct mx_ctx *cx, const struct mx_checkout *in, struct mx_order *ret_order,
                        bool *ret_declined)
{
    struct mx_cart cart;
    struct mx_pay_outcome paid;
    enum mx_err e = load_cart(cx, &cart);
    struct mx_pay_request ask;
    const struct mx_cart_item **lines;
    struct mx_order_payment_row *payment;

    if (e == MX_E_NOT_FOUND)
        return MX_E_CART_EMPTY;
    if (e != MX_OK)
        return e;
    MX_TRY(check_cart(cx, in, &cart));
    ask = in->payment;
    ask.amount = cart.total.minor;
    MX_TRY(mx_pay_decide(cx, &ask, &paid));

    fill_order(cx, in, &cart, &paid, ret_order);
    MX_TRY(insert_order(cx, &cart, ret_order));
    lines = in_lock_order(cx->arena, &cart);
    MX_TRY(insert_items(cx, ret_order->id, lines, cart.items.n));
    payment = MX_NEW(cx->arena, struct mx_order_payment_row);
    MX_TRY(insert_payment(cx, in, &paid, ret_order, payment));
    ret_order->payments = (struct mx_list){payment, 1};
    MX_TRY(insert_events(cx, &paid, ret_order));
    MX_TRY(insert_moves(cx, ret_order->id, lines, cart.items.n));
    leave_closing(cx, ret_order->id, &cart);
    *ret_declined = paid.status == MX_PAY_FAILED;
    return MX_OK;
}
