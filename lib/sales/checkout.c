/* From a cart to an order: the one place where stock is promised and money is asked for. Everything
 * is one transaction; the hottest rows (stock) are locked by its last statement before COMMIT. */
#include "account/account.h"
#include "account/address.h"
#include "base/rnd.h"
#include "catalog/generation.h"
#include "catalog/stock.h"
#include "codec/params.h"
#include "io/db.h"
#include "q/cart.h"
#include "q/order.h"
#include "sales/cart.h"
#include "sales/cart_notice.h"
#include "sales/order_mail.h"
#include "sales/order_payment.h"

#define ORDER_NUMBER_LEN 9 /* XXXX-XXXX */

/* Parameters of the last statement of the transaction. */
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

/* ---- may it be ordered ---- */

/* Tell each missing member, at its place in the request. */
static void tell_missing(struct mx_ctx *cx, const struct mx_checkout *in,
                         const struct mx_cart *cart)
{
    for (size_t i = 0; i < cart->requirements.n; i++) {
        const struct mx_cart_requirement *r =
            MX_AT(cart->requirements, struct mx_cart_requirement, i);
        bool method = mx_str_eqc(r->pointer, "/shipping_method_id");

        if (in->email.p != NULL && mx_str_eqc(r->pointer, "/email"))
            continue;
        if (method && !mx_id_none(in->shipping_method_id))
            mx_fault_at(cx->faults, r->pointer, "unknown_value",
                        "This shipping method is not available for the address.");
        else
            mx_fault_at(cx->faults, r->pointer, r->code.p, "%.*s", MX_FMT(r->detail));
    }
}

static bool is_short(const struct mx_cart_item *it)
{
    return !it->available;
}

static bool is_unpriced(const struct mx_cart_item *it)
{
    return !it->priced;
}

/* Lines that cannot be ordered, and what of an article in the request is then at fault. */
struct refusal {
    bool (*is)(const struct mx_cart_item *it);
    enum mx_err e;
    const char *member;
    const char *before, *after; /* the detail, around its title */
};
static const struct refusal unpriced = {is_unpriced, MX_E_CANNOT_BE_PRICED, "variant_id", "",
                                        " costs too much to be ordered."};
static const struct refusal too_few = {is_short, MX_E_OUT_OF_STOCK, "quantity",
                                       "Not enough units of ", " are in stock."};

/* Refuse when there are such lines. The params name them, and where the request names articles a
 * pointer does, too. */
static enum mx_err refuse_lines(struct mx_ctx *cx, const struct mx_checkout *in,
                                const struct mx_cart *cart, const struct refusal *why)
{
    const struct mx_cart_item **found =
        MX_NEW_N(cx->arena, cart->items.n, const struct mx_cart_item *);
    size_t n = 0;

    for (size_t i = 0; i < cart->items.n; i++) {
        const struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, i);

        if (!why->is(it))
            continue;
        found[n++] = it;
        if (in->items.n > 0)
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/items/%zu/%s", i, why->member),
                        mx_err_code(why->e), "%s%.*s%s", why->before, MX_FMT(it->title),
                        why->after);
    }
    if (n == 0)
        return MX_OK;
    cx->faults->params = mx_cart_items_params(
        cx->arena, found, n,
        in->items.n > 0 ? MX_AT(cart->items, const struct mx_cart_item, 0) : NULL);
    return why->e;
}

static bool same_money(struct mx_money a, struct mx_money b)
{
    return a.minor == b.minor && mx_currency_eq(a.currency, b.currency);
}

static enum mx_err check_total(struct mx_ctx *cx, const struct mx_checkout *in,
                               const struct mx_cart *cart)
{
    struct mx_params p;

    if (in->expected_total.currency.code[0] == '\0' || same_money(in->expected_total, cart->total))
        return MX_OK;
    mx_params_init(&p, cx->arena);
    mx_params_money(&p, "was", in->expected_total);
    mx_params_money(&p, "now", cart->total);
    cx->faults->params = mx_params_text(&p);
    return mx_fail(cx->faults, MX_E_PRICE_CHANGED, "The total differs from expected_total.");
}

static enum mx_err check_cart(struct mx_ctx *cx, const struct mx_checkout *in,
                              const struct mx_cart *cart)
{
    MX_TRY(refuse_lines(cx, in, cart, &unpriced));
    MX_TRY(check_total(cx, in, cart));
    return refuse_lines(cx, in, cart, &too_few);
}

/* ---- the end of the transaction ---- */

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

/* The same where there is no cart to close. */
static enum mx_err take_alone(void *arg)
{
    const struct closing *c = arg;
    int64_t changed;
    struct q_order_take_stock_past_in in = {c->order, {c->cx->now_ms}};

    MX_TRY(q_order_take_stock_past(c->cx->db, &in, &changed));
    return changed == c->lines ? MX_OK : MX_E_RETRY;
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
    mx_db_before_commit(cx->db, mx_id_none(cart->id) ? take_alone : close_and_take, c);
}

static void fill_items(struct mx_arena *a, const struct mx_cart *cart, struct mx_order *o)
{
    struct mx_currency cur = cart->total.currency;

    o->items = MX_LIST(MX_NEW_N(a, cart->items.n, struct mx_order_item), cart->items.n);
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
        .status = MX_ORDER_PENDING_PAYMENT,
        .expires_at = {cx->now_ms + cx->proc->conf->order_expiry_min * 60000},
        .created_at = {cx->now_ms},
        .currency = cart->currency,
        .addresses = {cart->shipping_address},
        .subtotal = cart->subtotal,
        .discount_total = cart->discount_total,
        .shipping_total = cart->shipping_total,
        .tax_total = cart->tax_total,
        .total = cart->total,
        .email = in->email.p != NULL ? in->email : cart->email,
        .note = in->note.p != NULL ? in->note : cart->note,
        .metadata = cart->metadata,
        .version = 1,
    };
    /* An order that was bought past the cart has its own id in place of a cart's. */
    o->cart_id = mx_id_none(cart->id) ? o->id : cart->id;
    mx_order_take_outcome(cx, paid, o);
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
    struct q_order_insert_in row = {
        .id = o->id,
        .number = o->number,
        .account = cx->actor.account,
        .cart = o->cart_id,
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
        .metadata = o->metadata,
        .address = cart->address_id,
        .mail_refused = o->mail_refused,
        .placed_at = o->placed_at,
        .expires_at = o->expires_at,
        .now = {cx->now_ms},
    };
    int64_t made;
    enum mx_err e;

    if (o->shipping_method != NULL) {
        row.method = o->shipping_method->id;
        row.shipping_name = o->shipping_method->name;
    }
    e = q_order_insert(cx->db, &row, &made);
    /* Two draws of the same number, or a second checkout of this cart that was faster: both are
     * told apart by running once more on what is committed by then. */
    if (e == MX_E_DUPLICATE)
        return MX_E_RETRY;
    if (e == MX_OK && made == 0)
        return MX_E_UNAUTHORIZED;
    return e;
}

/* ---- the checkout ---- */

/* Read what the request gives instead of the cart's; an address becomes a row of its own. */
static enum mx_err read_instead(struct mx_ctx *cx, const struct mx_checkout *in,
                                struct mx_cart_instead *ret)
{
    *ret = (struct mx_cart_instead){.method = in->shipping_method_id, .lines = in->items};
    if (in->shipping_address != NULL)
        return mx_address_insert(cx, in->shipping_address, &ret->address);
    if (!mx_id_none(in->address_id))
        return mx_address_of_entry(cx, in->address_id, &ret->address);
    return MX_OK;
}

/* A cart that is rewritten all the time would never be found as it was priced: from the second run
 * on whoever writes it waits. The first run saves the round trips. */
static enum mx_err hold(struct mx_ctx *cx)
{
    struct mx_list held;

    if (!mx_db_tx_again(cx->db))
        return MX_OK;
    MX_TRY(mx_account_lock_own(cx));
    return q_cart_hold(cx->db, &(struct q_cart_hold_in){cx->actor.account}, &held);
}

static enum mx_err load_cart(struct mx_ctx *cx, const struct mx_checkout *in,
                             struct mx_cart *ret_cart)
{
    struct mx_cart_instead instead;
    enum mx_err e;

    if (in->items.n == 0)
        MX_TRY(hold(cx));
    MX_TRY(read_instead(cx, in, &instead));
    e = mx_cart_load_live(cx, &instead, ret_cart);
    if (e == MX_E_NOT_FOUND || (e == MX_OK && ret_cart->items.n == 0))
        return MX_E_CART_EMPTY;
    return e;
}

/* Everything that is wrong with the request is told at once. */
static enum mx_err decide(struct mx_ctx *cx, const struct mx_checkout *in,
                          const struct mx_cart *cart, struct mx_pay_outcome *ret_paid)
{
    struct mx_pay_request ask = in->payment;
    enum mx_err e;

    ask.amount = cart->total.minor;
    tell_missing(cx, in, cart);
    e = mx_pay_decide(cx, &ask, ret_paid);
    if (e != MX_OK)
        return e;
    return cx->faults->n > 0 ? MX_E_VALIDATION_FAILED : check_cart(cx, in, cart);
}

enum mx_err mx_checkout(struct mx_ctx *cx, const struct mx_checkout *in, struct mx_order *ret_order,
                        bool *ret_declined)
{
    struct mx_cart cart;
    struct mx_pay_outcome paid;
    const struct mx_cart_item **lines;

    MX_TRY(load_cart(cx, in, &cart));
    MX_TRY(decide(cx, in, &cart, &paid));
    fill_order(cx, in, &cart, &paid, ret_order);
    MX_TRY(mx_order_share_mail(cx, &paid, ret_order));
    MX_TRY(insert_order(cx, &cart, ret_order));
    lines = in_lock_order(cx->arena, &cart);
    MX_TRY(insert_items(cx, ret_order->id, lines, cart.items.n));
    MX_TRY(mx_order_write_attempt(cx, &in->payment, &paid, 1, ret_order));
    MX_TRY(insert_moves(cx, ret_order->id, lines, cart.items.n));
    leave_closing(cx, ret_order->id, &cart);
    *ret_declined = paid.status == MX_PAY_FAILED;
    return MX_OK;
}
