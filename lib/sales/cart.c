#include "sales/cart.h"

#include "account/address.h"
#include "account/session.h"
#include "codec/params.h"
#include "io/db.h"
#include "q/cart.h"
#include "sales/cart_notice.h"
#include "shop/audit.h"
#include "shop/json_rows.h"

const char *const mx_cart_warning_code_names[] = {
    "price_changed", "not_available", "not_enough_stock", "cannot_be_priced", "not_kept", NULL};

/* The statements that load a cart give the same columns. */
typedef struct q_cart_load_row row_t;
_Static_assert(sizeof(row_t) == sizeof(struct q_cart_load_live_row) &&
                   sizeof(row_t) == sizeof(struct q_cart_load_items_row),
               "the statements that load a cart must list the same columns");

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

static struct mx_cart_warning *warn(struct mx_cart *cart, const struct mx_cart_item *it,
                                    enum mx_cart_warning_code code, struct mx_str detail)
{
    struct mx_cart_warning *w = MX_AT(cart->warnings, struct mx_cart_warning, cart->warnings.n++);

    *w = (struct mx_cart_warning){.code = (int)code,
                                  .item_id = it->id,
                                  .variant_id = it->variant_id,
                                  .title = it->title,
                                  .sku = it->sku,
                                  .detail = detail,
                                  .reason = -1};
    return w;
}

static bool sellable(const row_t *r, struct mx_str currency)
{
    return r->has_sellable && r->sellable && mx_str_eq(r->variant_currency, currency);
}

static bool priced(const row_t *r, struct mx_str currency)
{
    return r->price <= MX_PRICE_MAX && mx_str_eq(r->variant_currency, currency);
}

static void warn_of(struct mx_ctx *cx, const row_t *r, const struct mx_cart_item *it,
                    struct mx_cart *cart)
{
    struct mx_arena *a = cx->arena;
    struct mx_cart_warning *w;

    if (!sellable(r, cart->currency))
        warn(cart, it, MX_CART_NOT_AVAILABLE,
             mx_str_fmt(a, "%.*s is no longer available.", MX_FMT(it->title)));
    else if (!it->priced)
        warn(cart, it, MX_CART_CANNOT_BE_PRICED,
             mx_str_fmt(a, "%.*s costs too much to be ordered.", MX_FMT(it->title)));
    else if (!it->available)
        warn(cart, it, MX_CART_NOT_ENOUGH_STOCK,
             mx_str_fmt(a, "Not enough units of %.*s are in stock.", MX_FMT(it->title)));
    if (!r->has_seen_price || r->seen_price == r->price)
        return;
    w = warn(cart, it, MX_CART_PRICE_CHANGED,
             mx_str_fmt(a, "The price of %.*s has changed.", MX_FMT(it->title)));
    w->was = mx_money(r->seen_price, it->unit_price.currency);
    w->now = it->unit_price;
}

struct mx_str mx_cart_title(struct mx_arena *a, struct mx_str product, struct mx_str variant)
{
    return variant.n > 0 ? mx_str_fmt(a, "%.*s – %.*s", MX_FMT(product), MX_FMT(variant)) : product;
}

static void fill_item(struct mx_ctx *cx, const row_t *r, const struct mx_price_line *l,
                      struct mx_cart *cart)
{
    bool good = priced(r, cart->currency);
    bool can = good && sellable(r, cart->currency);
    struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, cart->items.n++);

    *it = (struct mx_cart_item){
        .id = r->item_id,
        .variant_id = r->variant_id,
        .product_slug = r->slug,
        .title = mx_cart_title(cx->arena, r->title, r->variant_title),
        .sku = r->sku,
        .quantity = r->quantity,
        .unit_price = mx_money(r->price < MX_MONEY_MAX ? r->price : MX_MONEY_MAX,
                               mx_currency_stored(r->variant_currency)),
        .line_total = mx_money(l->line_total, mx_currency_stored(cart->currency)),
        .available = can && r->has_available && r->available >= r->quantity,
        .product_id = r->product_id,
        .tax_ppm = l->tax_ppm,
        .tax = l->tax,
        .in_stock = r->has_available ? r->available : 0,
        .priced = good,
    };
    warn_of(cx, r, it, cart);
}

static struct mx_shipping_offer *method_of(struct mx_arena *a, const row_t *r, int64_t subtotal,
                                           struct mx_currency cur)
{
    struct mx_shipping_offer *o;
    int64_t price;

    if (r->method_name.p == NULL || !r->has_rate || r->rate > MX_PRICE_MAX)
        return NULL;
    o = MX_NEW(a, struct mx_shipping_offer);
    price = rate_of(r->rate, r->has_free_from, r->free_from, subtotal);
    *o = (struct mx_shipping_offer){r->method_id, r->method_name, mx_money(price, cur), r->days_min,
                                    r->days_max};
    return o;
}

_Static_assert(MX_PRICE_MAX <= MX_MONEY_MAX / 2 / (MX_CART_LINES_MAX * MX_CART_QUANTITY_MAX + 1),
               "the sums of a full cart may overflow");

/* A line that cannot be priced counts as nothing. */
static struct mx_price_line *price_lines(struct mx_arena *a, struct mx_list rows, size_t n,
                                         int64_t *ret_subtotal)
{
    struct mx_price_line *lines = MX_NEW_N(a, n, struct mx_price_line);

    *ret_subtotal = 0;
    for (size_t i = 0; i < n; i++) {
        const row_t *r = MX_AT(rows, row_t, i);
        int64_t price = priced(r, r->currency) ? r->price : 0;

        lines[i] = (struct mx_price_line){.unit_price = price,
                                          .quantity = r->quantity,
                                          .tax_ppm = r->has_tax_ppm ? r->tax_ppm : 0};
        *ret_subtotal += price * r->quantity;
    }
    return lines;
}

static int by_item(const void *a, const void *b)
{
    const row_t *x = a, *y = b;

    return memcmp(x->item_id.b, y->item_id.b, sizeof(x->item_id.b));
}

/* Load the columns that few carts have: note, metadata, notices. */
static enum mx_err load_more(struct mx_ctx *cx, struct mx_cart *cart)
{
    struct mx_list rows;
    const struct q_cart_more_row *r;

    MX_TRY(q_cart_more(cx->db, &(struct q_cart_more_in){cart->id}, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, struct q_cart_more_row, 0);
    cart->note = r->note;
    cart->metadata = r->metadata;
    cart->notices = r->notices;
    if (r->notices.p != NULL)
        mx_cart_notices_read(cx->arena, r->notices, &cart->warnings);
    return MX_OK;
}

static bool any_line(const struct mx_cart *cart)
{
    return cart->items.n > 0;
}

static bool any_mailbox(const struct mx_cart *cart)
{
    return cart->has_email;
}

static bool any_address(const struct mx_cart *cart)
{
    return cart->shipping_address != NULL;
}

static bool any_method(const struct mx_cart *cart)
{
    return cart->shipping_method != NULL;
}

/* Requirements of an order; `ships`: only of one with goods that ship. */
static const struct {
    bool (*met)(const struct mx_cart *cart);
    const char *code, *pointer, *detail;
    bool ships;
} needs[] = {
    {any_line, "empty", "/items", "The cart is empty.", false},
    {any_mailbox, "required", "/email", "An e-mail address is required.", false},
    {any_address, "required", "/shipping_address", "A shipping address is required.", true},
    {any_method, "required", "/shipping_method_id", "A shipping method is required.", true},
};

static struct mx_list requirements_of(const struct mx_ctx *cx, const struct mx_cart *cart)
{
    struct mx_list list =
        MX_LIST(MX_NEW_N(cx->arena, MX_LEN(needs), struct mx_cart_requirement), 0);

    for (size_t i = 0; i < MX_LEN(needs); i++) {
        if (needs[i].met(cart) || (needs[i].ships && !cx->proc->conf->checkout_requires_shipping))
            continue;
        *MX_AT(list, struct mx_cart_requirement, list.n++) = (struct mx_cart_requirement){
            mx_str_c(needs[i].code), mx_str_c(needs[i].pointer), mx_str_c(needs[i].detail)};
    }
    return list;
}

/* Price the rows of one cart and lay them out as the API shows it, oldest line first. */
static enum mx_err assemble(struct mx_ctx *cx, struct mx_list *rows, struct mx_cart *ret_cart)
{
    const row_t *head;
    size_t n;
    int64_t subtotal;
    struct mx_currency cur;
    struct mx_price_line *lines;
    struct mx_shipping_offer *method;
    struct mx_totals t;

    qsort(rows->at, rows->n, sizeof(row_t), by_item);
    head = MX_AT(*rows, row_t, 0);
    n = mx_id_none(head->item_id) ? 0 : rows->n;
    cur = mx_currency_stored(head->currency);
    lines = price_lines(cx->arena, *rows, n, &subtotal);
    method = method_of(cx->arena, head, subtotal, cur);
    if (!mx_price(lines, n, method ? method->price.minor : 0,
                  head->has_shipping_ppm ? head->shipping_ppm : 0, &t))
        MX_BUG("the sums of a cart overflow");
    *ret_cart = (struct mx_cart){
        .id = head->cart_id,
        .currency = head->currency,
        .items = MX_LIST(MX_NEW_N(cx->arena, n, struct mx_cart_item), 0),
        .subtotal = mx_money(t.subtotal, cur),
        .discount_total = mx_money(t.discount, cur),
        .shipping_total = mx_money(t.shipping, cur),
        .tax_total = mx_money(t.tax, cur),
        .total = mx_money(t.total, cur),
        .shipping_method = method,
        .email = head->email,
        .warnings = MX_LIST(MX_NEW_N(cx->arena, 2 * n, struct mx_cart_warning), 0),
        .version = head->version,
        .address_id = head->address_id,
        .has_email = head->has_email != 0 || head->email.p != NULL,
    };
    for (size_t i = 0; i < n; i++)
        fill_item(cx, MX_AT(*rows, row_t, i), &lines[i], ret_cart);
    if (head->more != 0)
        MX_TRY(load_more(cx, ret_cart));
    MX_TRY(open_address(cx, head, &ret_cart->shipping_address));
    ret_cart->requirements = requirements_of(cx, ret_cart);
    return MX_OK;
}

static bool none(struct mx_list rows)
{
    return rows.n == 0 || mx_id_none(MX_AT(rows, row_t, 0)->cart_id);
}

enum mx_err mx_cart_load(struct mx_ctx *cx, struct mx_cart *ret_cart)
{
    struct q_cart_load_in in = {.account = cx->actor.account};
    struct mx_list rows;

    MX_TRY(q_cart_load(cx->db, &in, &rows));
    return none(rows) ? MX_E_NOT_FOUND : assemble(cx, &rows, ret_cart);
}

/* ---- what a checkout buys ---- */

static struct mx_str lines_json(struct mx_arena *a, struct mx_list lines)
{
    struct mx_json_rows r;

    mx_json_rows_init(&r, a);
    for (size_t i = 0; i < lines.n; i++) {
        const struct mx_cart_line *l = MX_AT(lines, struct mx_cart_line, i);

        mx_jsonw_open(&r.w);
        mx_json_rows_id(&r, "id", mx_id_new());
        mx_json_rows_id(&r, "variant", l->variant_id);
        mx_json_rows_int(&r, "quantity", l->quantity);
        mx_jsonw_close(&r.w);
    }
    return mx_json_rows_text(&r);
}

static bool named_before(struct mx_list lines, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (mx_id_eq(MX_AT(lines, struct mx_cart_line, k)->variant_id,
                     MX_AT(lines, struct mx_cart_line, i)->variant_id))
            return true;
    return false;
}

static enum mx_err check_named_once(struct mx_ctx *cx, struct mx_list lines)
{
    int before = mx_faults_told(cx->faults);

    for (size_t i = 0; i < lines.n; i++)
        if (named_before(lines, i))
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/items/%zu/variant_id", i), "repeated",
                        "This variant is listed twice; list it once with the total quantity.");
    return mx_faults_told(cx->faults) > before ? MX_E_VALIDATION_FAILED : MX_OK;
}

/* Rows in the order of their lines. */
static enum mx_err check_sold(struct mx_ctx *cx, struct mx_list rows)
{
    int before = mx_faults_told(cx->faults);

    for (size_t i = 0; i < rows.n; i++) {
        const row_t *r = MX_AT(rows, row_t, i);

        if (!sellable(r, r->currency))
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/items/%zu/variant_id", i),
                        "unknown_value", "This variant is not for sale.");
    }
    return mx_faults_told(cx->faults) > before ? MX_E_VALIDATION_FAILED : MX_OK;
}

static enum mx_err load_items(struct mx_ctx *cx, const struct mx_cart_instead *instead,
                              struct mx_list *ret_rows)
{
    struct q_cart_load_items_in in = {
        .account = cx->actor.account,
        .session = cx->actor.session,
        .currency = mx_str_c(cx->proc->conf->currency),
        .items = lines_json(cx->arena, instead->lines),
        .now = {cx->now_ms},
        .address = instead->address,
        .method = instead->method,
    };

    MX_TRY(check_named_once(cx, instead->lines));
    MX_TRY(q_cart_load_items(cx->db, &in, ret_rows));
    qsort(ret_rows->at, ret_rows->n, sizeof(row_t), by_item);
    return check_sold(cx, *ret_rows);
}

static enum mx_err load_open(struct mx_ctx *cx, const struct mx_cart_instead *instead,
                             struct mx_list *ret_rows)
{
    struct q_cart_load_live_in in = {
        .account = cx->actor.account,
        .session = cx->actor.session,
        .now = {cx->now_ms},
        .address = instead->address,
        .method = instead->method,
    };

    return q_cart_load_live(cx->db, &in, ret_rows);
}

enum mx_err mx_cart_load_live(struct mx_ctx *cx, const struct mx_cart_instead *instead,
                              struct mx_cart *ret_cart)
{
    bool past = instead->lines.n > 0;
    struct mx_list rows;

    MX_TRY(past ? load_items(cx, instead, &rows) : load_open(cx, instead, &rows));
    if (rows.n == 0) {
        MX_TRY(mx_session_require_live(cx));
        return MX_E_NOT_FOUND;
    }
    mx_session_seen_live(cx);
    mx_audit_have_key(cx, cx->actor.account, MX_AT(rows, row_t, 0)->audit_key);
    MX_TRY(assemble(cx, &rows, ret_cart));
    if (past) {
        ret_cart->id = (struct mx_id){{0}};
        ret_cart->version = 0;
    }
    return MX_OK;
}

/* ---- showing it ---- */

/* The prices that the buyer is being shown, and has not seen yet. */
static enum mx_err prices_shown(struct mx_ctx *cx, const struct mx_cart *cart)
{
    struct mx_json_rows r;
    size_t n = 0;

    mx_json_rows_init(&r, cx->arena);
    for (size_t i = 0; i < cart->warnings.n; i++) {
        const struct mx_cart_warning *w = MX_AT(cart->warnings, struct mx_cart_warning, i);

        if (w->code != MX_CART_PRICE_CHANGED)
            continue;
        n++;
        mx_jsonw_open(&r.w);
        mx_json_rows_id(&r, "id", w->item_id);
        mx_json_rows_int(&r, "price", w->now.minor);
        mx_jsonw_close(&r.w);
    }
    if (n == 0)
        return MX_OK;
    return q_cart_shown(cx->db, &(struct q_cart_shown_in){cart->id, mx_json_rows_text(&r)}, NULL);
}

static enum mx_err warnings_shown(struct mx_ctx *cx, const struct mx_cart *cart)
{
    MX_TRY(prices_shown(cx, cart));
    if (cart->notices.p == NULL)
        return MX_OK;
    return q_cart_told(cx->db, &(struct q_cart_told_in){cart->id, cart->notices}, NULL);
}

/* Make the cart that the account has not got, unless somebody was faster; `rows` say what there is
 * of the account. */
static enum mx_err make_cart(struct mx_ctx *cx, struct mx_list *rows, struct mx_cart *ret_cart)
{
    struct q_cart_create_in in = {
        mx_id_new(), cx->actor.account, mx_str_c(cx->proc->conf->currency), {cx->now_ms}};
    row_t *head = MX_AT(*rows, row_t, 0);
    int64_t made;
    enum mx_err e;

    MX_TRY(q_cart_create(cx->db, &in, &made));
    if (made == 0) {
        e = mx_cart_load(cx, ret_cart);
        return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
    }
    head->cart_id = in.id;
    head->currency = in.currency;
    head->version = 1;
    return assemble(cx, rows, ret_cart);
}

enum mx_err mx_cart_get(struct mx_ctx *cx, bool shown, struct mx_cart *ret_cart)
{
    struct q_cart_load_in in = {.account = cx->actor.account};
    struct mx_list rows;

    MX_TRY(q_cart_load(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    if (none(rows))
        return make_cart(cx, &rows, ret_cart);
    MX_TRY(assemble(cx, &rows, ret_cart));
    return shown ? warnings_shown(cx, ret_cart) : MX_OK;
}

/* ---- changing it ---- */

enum mx_err mx_cart_touch(struct mx_ctx *cx, struct mx_id account)
{
    struct q_cart_touch_or_create_in in = {
        mx_id_new(), account, mx_str_c(cx->proc->conf->currency), {cx->now_ms}};
    int64_t changed;

    MX_TRY(q_cart_touch_or_create(cx->db, &in, &changed));
    return changed == 0 ? MX_E_UNAUTHORIZED : MX_OK;
}

static struct mx_cart_item *item_of_variant(const struct mx_cart *cart, struct mx_id variant)
{
    for (size_t i = 0; i < cart->items.n; i++) {
        struct mx_cart_item *it = MX_AT(cart->items, struct mx_cart_item, i);

        if (mx_id_eq(it->variant_id, variant))
            return it;
    }
    return NULL;
}

static enum mx_err out_of_stock(struct mx_ctx *cx, const struct mx_cart_item *it)
{
    mx_fault_at(cx->faults, MX_S("/quantity"), "out_of_stock",
                "Not enough units of %.*s are in stock.", MX_FMT(it->title));
    cx->faults->params = mx_cart_items_params(cx->arena, &it, 1, NULL);
    return MX_E_OUT_OF_STOCK;
}

static enum mx_err above(struct mx_ctx *cx, const char *pointer, const char *code, int64_t max,
                         const char *what)
{
    struct mx_params p;

    mx_params_init(&p, cx->arena);
    mx_params_int(&p, "max", max);
    mx_fault_at(cx->faults, mx_str_c(pointer), code, "%s is limited to %lld.", what,
                (long long)max);
    mx_fault_params(cx->faults, mx_params_text(&p));
    return MX_E_VALIDATION_FAILED;
}

enum mx_err mx_cart_add(struct mx_ctx *cx, struct mx_id variant, int64_t quantity,
                        struct mx_cart *ret_cart)
{
    struct q_cart_add_item_in add;
    int64_t changed;
    enum mx_err e;
    struct mx_cart_item *it;

    MX_TRY(mx_cart_touch(cx, cx->actor.account));
    add = (struct q_cart_add_item_in){
        cx->actor.account, mx_id_new(), variant, quantity, {cx->now_ms}};
    e = q_cart_add_item(cx->db, &add, &changed);
    if (e == MX_E_CONFLICT)
        return above(cx, "/quantity", "out_of_range", MX_CART_QUANTITY_MAX,
                     "The quantity of a line");
    if (e != MX_OK)
        return e;
    if (changed == 0) {
        mx_fault_at(cx->faults, MX_S("/variant_id"), "unknown_value",
                    "This variant is not for sale.");
        return MX_E_VALIDATION_FAILED;
    }
    MX_TRY(mx_cart_load(cx, ret_cart));
    if (ret_cart->items.n > MX_CART_LINES_MAX)
        return above(cx, "/variant_id", "too_many", MX_CART_LINES_MAX,
                     "The number of lines of a cart");
    it = item_of_variant(ret_cart, variant);
    MX_ASSERT(it != NULL);
    if (it->available)
        return MX_OK;
    /* A new line goes with the transaction. */
    if (mx_id_eq(it->id, add.item))
        it->id = (struct mx_id){{0}};
    return out_of_stock(cx, it);
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

enum mx_err mx_cart_holding(struct mx_ctx *cx, struct mx_id item, struct mx_cart *ret_cart)
{
    MX_TRY(mx_cart_load(cx, ret_cart));
    for (size_t i = 0; i < ret_cart->items.n; i++)
        if (mx_id_eq(MX_AT(ret_cart->items, const struct mx_cart_item, i)->id, item))
            return MX_OK;
    return MX_E_NOT_FOUND;
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

enum mx_err mx_cart_patch(struct mx_ctx *cx, const struct mx_cart_patch *in,
                          struct mx_cart *ret_cart)
{
    struct q_cart_patch_in patch = {
        .id = mx_id_new(),
        .account = cx->actor.account,
        .currency = mx_str_c(cx->proc->conf->currency),
        .set_email = in->has_email,
        .email = in->email,
        .set_note = in->has_note,
        .note = in->note,
        .set_metadata = in->has_metadata,
        .metadata = in->metadata,
        .now = {cx->now_ms},
    };
    int64_t changed;

    MX_TRY(q_cart_patch(cx->db, &patch, &changed));
    return changed == 0 ? MX_E_UNAUTHORIZED : mx_cart_load(cx, ret_cart);
}

static enum mx_err set_address(struct mx_ctx *cx, struct mx_id address, struct mx_cart *ret_cart)
{
    struct q_cart_set_address_in in = {cx->actor.account, address, {cx->now_ms}};

    MX_TRY(q_cart_set_address(cx->db, &in, NULL));
    return mx_cart_load(cx, ret_cart);
}

enum mx_err mx_cart_ship_to(struct mx_ctx *cx, struct mx_id entry, const struct mx_postal *fields,
                            struct mx_cart *ret_cart)
{
    struct mx_id address;

    if (mx_id_none(entry)) {
        MX_TRY(mx_address_insert(cx, fields, &address));
        MX_TRY(mx_cart_touch(cx, cx->actor.account));
    } else {
        /* The account is held, so that the entry cannot leave the row that is read here. */
        MX_TRY(mx_cart_touch(cx, cx->actor.account));
        MX_TRY(mx_address_of_entry(cx, entry, &address));
    }
    return set_address(cx, address, ret_cart);
}

enum mx_err mx_cart_ship_by(struct mx_ctx *cx, struct mx_id method, struct mx_cart *ret_cart)
{
    int64_t changed;
    struct q_cart_set_method_in in = {cx->actor.account, method, {cx->now_ms}};

    MX_TRY(q_cart_set_method(cx->db, &in, &changed));
    if (changed == 0) {
        mx_fault_at(cx->faults, MX_S("/shipping_method_id"), "unknown_value",
                    "This shipping method is not available for the cart.");
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

    MX_TRY(mx_cart_get(cx, false, &cart));
    country = cart.shipping_address ? cart.shipping_address->country : MX_S("*");
    in = (struct q_shipping_offers_in){country, cart.currency};
    MX_TRY(q_shipping_offers(cx->db, &in, &rows));
    *ret_offers = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_shipping_offer), 0);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_shipping_offers_row *r = MX_AT(rows, struct q_shipping_offers_row, i);
        int64_t price = rate_of(r->price, r->has_free_from, r->free_from, cart.subtotal.minor);

        if (r->price <= MX_PRICE_MAX)
            *MX_AT(*ret_offers, struct mx_shipping_offer, ret_offers->n++) =
                (struct mx_shipping_offer){r->id, r->name, mx_money(price, cart.subtotal.currency),
                                           r->days_min, r->days_max};
    }
    return MX_OK;
}

enum mx_err mx_cart_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    MX_TRY(q_cart_delete_items(cx->db, &(struct q_cart_delete_items_in){h->account}, NULL));
    MX_TRY(q_cart_erase_words(cx->db, &(struct q_cart_erase_words_in){h->account}, NULL));
    return q_cart_close(cx->db, &(struct q_cart_close_in){h->account, {cx->now_ms}}, NULL);
}

enum mx_err mx_cart_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    MX_TRY(q_cart_purge_items(cx->db, &(struct q_cart_purge_items_in){g->ids}, NULL));
    return q_cart_purge(cx->db, &(struct q_cart_purge_in){g->ids}, NULL);
}
