#include "sales/cart.h"

#include "account/address.h"
#include "account/session.h"
#include "io/db.h"
#include "q/cart.h"
#include "shop/audit.h"

/* cart.load and cart.load_live give the same columns. */
typedef struct q_cart_load_row row_t;
_Static_assert(sizeof(struct q_cart_load_row) == sizeof(struct q_cart_load_live_row),
               "cart.load and cart.load_live must list the same columns");

/* NULL: no address yet. */
static enum mx_err open_address(struct mx_ctx *cx, const row_t *r, struct mx_postal **ret_postal)
{
    *ret_postal = NULL;
    if (mx_id_none(r->address_id))
        return MX_OK;
    *ret_postal = MX_NEW(cx->arena, struct mx_postal);
    return mx_postal_open(cx, r->address_id, r->ship_sealed, r->ship_country, *ret_postal);
}

/* Price of a way to ship for a cart worth `subtotal`. */
static int64_t rate_of(int64_t rate, bool has_free_from, int64_t free_from, int64_t subtotal)
{
    return has_free_from && subtotal >= free_from ? 0 : rate;
}

static void warn(struct mx_cart *cart, struct mx_id item, const char *code, const char *detail)
{
    struct mx_cart_warning *w = MX_AT(cart->warnings, struct mx_cart_warning, cart->warnings.n++);

    *w = (struct mx_cart_warning){mx_str_c(code), item, mx_str_c(detail)};
}

static bool sellable(const row_t *r, struct mx_str currency)
{
    return r->has_sellable && r->sellable && mx_str_eq(r->variant_currency, currency);
}

static void fill_item(struct mx_ctx *cx, const row_t *r, const struct mx_price_line *l,
                      struct mx_cart *cart, struct mx_currency cur)
{
    bool can = sellable(r, cart->currency);
    bool enough = can && r->has_available && r->available >= r->quantity;
    struct mx_str title =
        r->variant_title.n > 0
            ? mx_str_fmt(cx->arena, "%.*s – %.*s", MX_FMT(r->title), MX_FMT(r->variant_title))
            : r->title;

    *MX_AT(cart->items, struct mx_cart_item, cart->items.n++) = (struct mx_cart_item){
        .id = r->item_id,
        .variant_id = r->variant_id,
        .product_slug = r->slug,
        .title = title,
        .sku = r->sku,
        .quantity = r->quantity,
        .unit_price = mx_money(l->unit_price, cur),
        .line_total = mx_money(l->line_total, cur),
        .available = enough,
        .product_id = r->product_id,
        .tax_ppm = l->tax_ppm,
        .tax = l->tax,
        .in_stock = r->has_available ? r->available : 0,
    };
    if (!can)
        warn(cart, r->item_id, "not_available", "This article is no longer sold.");
    else if (!enough)
        warn(cart, r->item_id, "not_enough_stock", "Less than this quantity is in stock.");
    if (r->seen_price != r->price)
        warn(cart, r->item_id, "price_changed", "The price has changed since it was added.");
}

static struct mx_shipping_offer *method_of(struct mx_arena *a, const row_t *r, int64_t subtotal,
                                           struct mx_currency cur)
{
    struct mx_shipping_offer *o;
    int64_t price;

    if (r->method_name.p == NULL || !r->has_rate)
        return NULL;
    o = MX_NEW(a, struct mx_shipping_offer);
    price = rate_of(r->rate, r->has_free_from, r->free_from, subtotal);
    *o = (struct mx_shipping_offer){r->method_id, r->method_name, mx_money(price, cur), r->days_min,
                                    r->days_max};
    return o;
}

static int64_t subtotal_of(const struct mx_price_line *lines, size_t n)
{
    int64_t sum = 0, line;

    for (size_t i = 0; i < n; i++)
        if (!mx_money_mul(lines[i].unit_price, lines[i].quantity, &line) ||
            !mx_money_add(sum, line, &sum))
            return MX_MONEY_MAX;
    return sum;
}

static enum mx_err too_much(struct mx_ctx *cx)
{
    (void)mx_fail(cx->faults, MX_E_VALIDATION_FAILED,
                  "The cart is worth more than the largest amount.");
    return MX_E_VALIDATION_FAILED;
}

static int by_item(const void *a, const void *b)
{
    const row_t *x = a, *y = b;

    return memcmp(x->item_id.b, y->item_id.b, sizeof(x->item_id.b));
}

/* Price the rows of one cart and lay them out as the API shows it, oldest line first. */
static enum mx_err assemble(struct mx_ctx *cx, struct mx_list *rows, struct mx_cart *ret_cart)
{
    const row_t *head;
    size_t n;
    struct mx_currency cur;
    struct mx_price_line *lines;
    struct mx_shipping_offer *method;
    struct mx_totals t;

    qsort(rows->at, rows->n, sizeof(row_t), by_item);
    head = MX_AT(*rows, row_t, 0);
    n = mx_id_none(head->item_id) ? 0 : rows->n;
    cur = mx_currency_stored(head->currency);
    lines = MX_NEW_N(cx->arena, n, struct mx_price_line);
    for (size_t i = 0; i < n; i++) {
        const row_t *r = MX_AT(*rows, row_t, i);

        lines[i] =
            (struct mx_price_line){r->price, r->quantity, r->has_tax_ppm ? r->tax_ppm : 0, 0, 0};
    }
    method = method_of(cx->arena, head, subtotal_of(lines, n), cur);
    if (!mx_price(lines, n, method ? method->price.minor : 0,
                  head->has_shipping_ppm ? head->shipping_ppm : 0, &t))
        return too_much(cx);
    *ret_cart = (struct mx_cart){
        .id = head->cart_id,
        .currency = head->currency,
        .items = {MX_NEW_N(cx->arena, n, struct mx_cart_item), 0},
        .subtotal = mx_money(t.subtotal, cur),
        .discount_total = mx_money(t.discount, cur),
        .shipping_total = mx_money(t.shipping, cur),
        .tax_total = mx_money(t.tax, cur),
        .total = mx_money(t.total, cur),
        .shipping_method = method,
        .warnings = {MX_NEW_N(cx->arena, 2 * n, struct mx_cart_warning), 0},
        .version = head->version,
        .address_id = head->address_id,
    };
    for (size_t i = 0; i < n; i++)
        fill_item(cx, MX_AT(*rows, row_t, i), &lines[i], ret_cart, cur);
    return open_address(cx, head, &ret_cart->shipping_address);
}

enum mx_err mx_cart_load(struct mx_ctx *cx, struct mx_cart *ret_cart)
{
    struct mx_list rows;

    MX_TRY(q_cart_load(cx->db, &(struct q_cart_load_in){cx->actor.account}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    return assemble(cx, &rows, ret_cart);
}

enum mx_err mx_cart_load_live(struct mx_ctx *cx, struct mx_cart *ret_cart)
{
    struct mx_list rows;
    struct q_cart_load_live_in in = {cx->actor.account, cx->actor.session, {cx->now_ms}};

    MX_TRY(q_cart_load_live(cx->db, &in, &rows));
    if (rows.n == 0) {
        MX_TRY(mx_session_require_live(cx));
        return MX_E_NOT_FOUND;
    }
    mx_session_seen_live(cx);
    mx_audit_have_key(cx, cx->actor.account, MX_AT(rows, row_t, 0)->audit_key);
    return assemble(cx, &rows, ret_cart);
}

static bool any_price_changed(const struct mx_cart *cart)
{
    for (size_t i = 0; i < cart->warnings.n; i++)
        if (mx_str_eqc(MX_AT(cart->warnings, struct mx_cart_warning, i)->code, "price_changed"))
            return true;
    return false;
}

/* A new empty cart as the API shows it. */
static void empty_cart(struct mx_ctx *cx, struct mx_id id, struct mx_cart *ret_cart)
{
    struct mx_money zero = mx_money(0, mx_currency_stored(mx_str_c(cx->proc->conf->currency)));

    *ret_cart = (struct mx_cart){
        .id = id,
        .currency = mx_str_c(cx->proc->conf->currency),
        .subtotal = zero,
        .discount_total = zero,
        .shipping_total = zero,
        .tax_total = zero,
        .total = zero,
        .version = 1,
    };
}

enum mx_err mx_cart_get(struct mx_ctx *cx, struct mx_cart *ret_cart)
{
    enum mx_err e = mx_cart_load(cx, ret_cart);
    struct q_cart_create_in in;
    int64_t made;

    if (e == MX_OK && any_price_changed(ret_cart))
        return q_cart_refresh_prices(cx->db, &(struct q_cart_refresh_prices_in){ret_cart->id},
                                     NULL);
    if (e != MX_E_NOT_FOUND)
        return e;
    in = (struct q_cart_create_in){
        mx_id_new(), cx->actor.account, mx_str_c(cx->proc->conf->currency), {cx->now_ms}};
    MX_TRY(q_cart_create(cx->db, &in, &made));
    if (made == 0)
        return mx_cart_load(cx, ret_cart);
    empty_cart(cx, in.id, ret_cart);
    return MX_OK;
}

static const struct mx_cart_item *item_of_variant(const struct mx_cart *cart, struct mx_id variant)
{
    for (size_t i = 0; i < cart->items.n; i++) {
        const struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, i);

        if (mx_id_eq(it->variant_id, variant))
            return it;
    }
    return NULL;
}

static enum mx_err out_of_stock(struct mx_ctx *cx, const struct mx_cart_item *it)
{
    mx_fault_at(cx->faults, MX_S("/quantity"), "out_of_stock", "Not enough of %.*s is in stock.",
                MX_FMT(it->sku));
    return MX_E_OUT_OF_STOCK;
}

static enum mx_err above_999(struct mx_ctx *cx)
{
    mx_fault_at(cx->faults, MX_S("/quantity"), "out_of_range", "A line holds at most 999.");
    return MX_E_VALIDATION_FAILED;
}

enum mx_err mx_cart_add(struct mx_ctx *cx, struct mx_id variant, int64_t quantity,
                        struct mx_cart *ret_cart)
{
    struct q_cart_touch_or_create_in touch = {
        mx_id_new(), cx->actor.account, mx_str_c(cx->proc->conf->currency), {cx->now_ms}};
    struct q_cart_add_item_in add;
    int64_t changed;
    enum mx_err e;
    const struct mx_cart_item *it;

    MX_TRY(q_cart_touch_or_create(cx->db, &touch, NULL));
    add = (struct q_cart_add_item_in){
        cx->actor.account, mx_id_new(), variant, quantity, {cx->now_ms}};
    e = q_cart_add_item(cx->db, &add, &changed);
    if (e == MX_E_CONFLICT)
        return above_999(cx);
    if (e != MX_OK)
        return e;
    if (changed == 0) {
        mx_fault_at(cx->faults, MX_S("/variant_id"), "unknown", "No such article is sold.");
        return MX_E_VALIDATION_FAILED;
    }
    MX_TRY(mx_cart_load(cx, ret_cart));
    if (ret_cart->items.n > MX_CART_LINES_MAX)
        return mx_fail(cx->faults, MX_E_VALIDATION_FAILED, "A cart holds at most %d lines.",
                       MX_CART_LINES_MAX);
    it = item_of_variant(ret_cart, variant);
    MX_ASSERT(it != NULL);
    return it->available ? MX_OK : out_of_stock(cx, it);
}

static enum mx_err remove_item(struct mx_ctx *cx, struct mx_id item, struct mx_cart *ret_cart)
{
    int64_t changed;
    struct q_cart_remove_item_in in = {cx->actor.account, item};

    MX_TRY(q_cart_remove_item(cx->db, &in, &changed));
    return changed == 0 ? MX_E_NOT_FOUND : mx_cart_load(cx, ret_cart);
}

static enum mx_err set_item(struct mx_ctx *cx, struct mx_id item, int64_t quantity,
                            struct mx_cart *ret_cart)
{
    int64_t changed;
    struct q_cart_set_quantity_in in = {cx->actor.account, item, quantity};

    MX_TRY(q_cart_set_quantity(cx->db, &in, &changed));
    if (changed == 0)
        return MX_E_NOT_FOUND;
    MX_TRY(mx_cart_load(cx, ret_cart));
    for (size_t i = 0; i < ret_cart->items.n; i++) {
        const struct mx_cart_item *it = MX_AT(ret_cart->items, struct mx_cart_item, i);

        if (mx_id_eq(it->id, item) && !it->available)
            return out_of_stock(cx, it);
    }
    return MX_OK;
}

enum mx_err mx_cart_set_quantity(struct mx_ctx *cx, struct mx_id item, int64_t quantity,
                                 struct mx_cart *ret_cart)
{
    int64_t touched;

    MX_TRY(
        q_cart_touch(cx->db, &(struct q_cart_touch_in){cx->actor.account, {cx->now_ms}}, &touched));
    if (touched == 0)
        return MX_E_NOT_FOUND;
    return quantity == 0 ? remove_item(cx, item, ret_cart) : set_item(cx, item, quantity, ret_cart);
}

static enum mx_err set_address(struct mx_ctx *cx, struct mx_id address, struct mx_cart *ret_cart)
{
    struct q_cart_touch_or_create_in touch = {
        mx_id_new(), cx->actor.account, mx_str_c(cx->proc->conf->currency), {cx->now_ms}};
    struct q_cart_set_address_in in;

    MX_TRY(q_cart_touch_or_create(cx->db, &touch, NULL));
    in = (struct q_cart_set_address_in){cx->actor.account, address, {cx->now_ms}};
    MX_TRY(q_cart_set_address(cx->db, &in, NULL));
    return mx_cart_load(cx, ret_cart);
}

enum mx_err mx_cart_ship_to(struct mx_ctx *cx, struct mx_id entry, const struct mx_postal *fields,
                            struct mx_cart *ret_cart)
{
    struct mx_id address;

    if (mx_id_none(entry))
        MX_TRY(mx_address_insert(cx, fields, &address));
    else
        MX_TRY(mx_address_of_entry(cx, entry, &address));
    return set_address(cx, address, ret_cart);
}

enum mx_err mx_cart_ship_by(struct mx_ctx *cx, struct mx_id method, struct mx_cart *ret_cart)
{
    int64_t changed;
    struct q_cart_set_method_in in = {cx->actor.account, method, {cx->now_ms}};

    MX_TRY(q_cart_set_method(cx->db, &in, &changed));
    if (changed == 0) {
        mx_fault_at(cx->faults, MX_S("/shipping_method_id"), "unknown",
                    "This way to ship is not offered for the cart.");
        return MX_E_VALIDATION_FAILED;
    }
    return mx_cart_load(cx, ret_cart);
}

enum mx_err mx_cart_offers(struct mx_ctx *cx, struct mx_list *ret_offers)
{
    struct mx_cart cart;
    struct mx_str country;
    struct mx_list rows;
    struct q_shipping_offers_in in;

    MX_TRY(mx_cart_get(cx, &cart));
    country = cart.shipping_address ? cart.shipping_address->country : MX_S("*");
    in = (struct q_shipping_offers_in){country, cart.currency};
    MX_TRY(q_shipping_offers(cx->db, &in, &rows));
    *ret_offers = (struct mx_list){MX_NEW_N(cx->arena, rows.n, struct mx_shipping_offer), rows.n};
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_shipping_offers_row *r = MX_AT(rows, struct q_shipping_offers_row, i);
        int64_t price = rate_of(r->price, r->has_free_from, r->free_from, cart.subtotal.minor);

        *MX_AT(*ret_offers, struct mx_shipping_offer, i) = (struct mx_shipping_offer){
            r->id, r->name, mx_money(price, cart.subtotal.currency), r->days_min, r->days_max};
    }
    return MX_OK;
}

enum mx_err mx_cart_merge(struct mx_ctx *cx, struct mx_id from, struct mx_id to)
{
    struct q_cart_touch_or_create_in touch = {
        mx_id_new(), to, mx_str_c(cx->proc->conf->currency), {cx->now_ms}};
    struct q_cart_merge_items_in items = {from, to, {cx->now_ms}};

    /* Lock the source first: what its owner adds or orders meanwhile comes before or after all
     * this. */
    MX_TRY(q_cart_touch(cx->db, &(struct q_cart_touch_in){from, {cx->now_ms}}, NULL));
    MX_TRY(q_cart_touch_or_create(cx->db, &touch, NULL));
    MX_TRY(q_cart_merge_items(cx->db, &items, NULL));
    MX_TRY(q_cart_trim(cx->db, &(struct q_cart_trim_in){to, MX_CART_LINES_MAX}, NULL));
    return q_cart_close(cx->db, &(struct q_cart_close_in){from, {cx->now_ms}}, NULL);
}

enum mx_err mx_cart_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    MX_TRY(q_cart_delete_items(cx->db, &(struct q_cart_delete_items_in){h->account}, NULL));
    return q_cart_close(cx->db, &(struct q_cart_close_in){h->account, {cx->now_ms}}, NULL);
}
