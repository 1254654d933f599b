/* /v1/cart */
#include "api/sales/cart.h"

#include "sales/cart.h"

/* ---- answers ---- */

static const struct mx_field postal_fields[] = {
    MX_O(struct mx_postal, name, "Who receives."),
    MX_O_NULL(struct mx_postal, company, "Company."),
    MX_O(struct mx_postal, line1, "Street and number."),
    MX_O_NULL(struct mx_postal, line2, "Second line."),
    MX_O(struct mx_postal, city, "City."),
    MX_O_NULL(struct mx_postal, region, "Region or state."),
    MX_O(struct mx_postal, postal_code, "Postal code."),
    MX_O(struct mx_postal, country, "ISO 3166-1 alpha-2."),
    MX_O_NULL(struct mx_postal, phone, "For the carrier."),
};
MX_SHAPE(mx_shape_postal, "PostalAddress", struct mx_postal, postal_fields);

static const struct mx_field offer_fields[] = {
    MX_O(struct mx_shipping_offer, id, "Shipping method."),
    MX_O(struct mx_shipping_offer, name, "Name for the buyer."),
    MX_O(struct mx_shipping_offer, price, "For this cart."),
    MX_O(struct mx_shipping_offer, days_min, "Days until delivery, at least."),
    MX_O(struct mx_shipping_offer, days_max, "Days until delivery, at most."),
};
MX_SHAPE(mx_shape_shipping_offer, "ShippingOffer", struct mx_shipping_offer, offer_fields);

static const struct mx_field item_fields[] = {
    MX_O(struct mx_cart_item, id, "Line."),
    MX_O(struct mx_cart_item, variant_id, "Variant."),
    MX_O(struct mx_cart_item, product_slug, "Product."),
    MX_O(struct mx_cart_item, title, "Product and variant."),
    MX_O(struct mx_cart_item, sku, "Article number."),
    MX_O(struct mx_cart_item, quantity, "How many."),
    MX_O(struct mx_cart_item, unit_price, "Net, now."),
    MX_O(struct mx_cart_item, line_total, "unit_price times quantity."),
    MX_O(struct mx_cart_item, available, "The whole quantity can be had now."),
};
MX_SHAPE(mx_shape_cart_item, "CartItem", struct mx_cart_item, item_fields);

static const struct mx_field warning_fields[] = {
    MX_O(struct mx_cart_warning, code, "price_changed, not_available or not_enough_stock."),
    MX_O(struct mx_cart_warning, item_id, "The line."),
    MX_O(struct mx_cart_warning, detail, "A sentence for a person."),
};
MX_SHAPE(mx_shape_cart_warning, "CartWarning", struct mx_cart_warning, warning_fields);

static const struct mx_field cart_fields[] = {
    MX_O(struct mx_cart, id, "Cart."),
    MX_O(struct mx_cart, currency, "ISO 4217."),
    MX_O_LIST(struct mx_cart, items, &mx_shape_cart_item, "Lines, oldest first."),
    MX_O_NULL(struct mx_cart, coupon, "Coupon code."),
    MX_F_KIND(struct mx_cart, discounts, "discounts", MX_K_STRS, MX_BODY, 0, 0, 0, MX_TEXT,
              "Discounts in effect."),
    MX_O(struct mx_cart, subtotal, "Sum of the lines."),
    MX_O(struct mx_cart, discount_total, "Taken off."),
    MX_O(struct mx_cart, shipping_total, "Shipping, net."),
    MX_O(struct mx_cart, tax_total, "Tax of the destination."),
    MX_O(struct mx_cart, total, "subtotal - discount_total + shipping_total + tax_total."),
    MX_O_PTR(struct mx_cart, shipping_address, &mx_shape_postal, "Where to."),
    MX_O_PTR(struct mx_cart, shipping_method, &mx_shape_shipping_offer, "How."),
    MX_O_LIST(struct mx_cart, warnings, &mx_shape_cart_warning, "What the buyer should know."),
};
MX_SHAPE(mx_shape_cart, "Cart", struct mx_cart, cart_fields);

struct offers {
    struct mx_list data;
};
static const struct mx_field offers_fields[] = {
    MX_O_LIST(struct offers, data, &mx_shape_shipping_offer, "In the shop's order."),
};
MX_SHAPE(mx_shape_shipping_offers, "ShippingOffers", struct offers, offers_fields);

/* ---- requests ---- */

struct item_add {
    struct mx_id variant_id;
    int64_t quantity;
};
static const struct mx_field item_add_fields[] = {
    MX_F(struct item_add, variant_id, MX_BODY, MX_F_REQUIRED, 0, 0, MX_LINE, "Variant."),
    MX_F(struct item_add, quantity, MX_BODY, MX_F_REQUIRED, 1, 999, MX_LINE, "How many more."),
};
MX_SHAPE(mx_shape_cart_add, "CartItemAdd", struct item_add, item_add_fields);

struct item_set {
    struct mx_id id;
    int64_t quantity;
};
static const struct mx_field item_set_fields[] = {
    MX_F(struct item_set, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Line."),
    MX_F(struct item_set, quantity, MX_BODY, MX_F_REQUIRED, 0, 999, MX_LINE, "0 removes the line."),
};
MX_SHAPE(mx_shape_cart_item_set, "CartItemSet", struct item_set, item_set_fields);

static const struct mx_field item_id_fields[] = {
    MX_F(struct item_set, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Line."),
};
MX_SHAPE(mx_shape_cart_item_id, "CartItemId", struct item_set, item_id_fields);

struct ship_to {
    struct mx_id address_id;
    bool has_address_id;
    struct mx_postal to;
};
#define POSTAL(m, wire, flags, max, fmt, doc) \
    MX_F_AS(struct ship_to, to.m, wire, MX_BODY, flags, 1, max, fmt, doc)
static const struct mx_field ship_to_fields[] = {
    MX_F_HAS(struct ship_to, address_id, MX_BODY, 0, 0, 0, MX_LINE,
             "An entry of the address book, instead of the other members."),
    POSTAL(name, "name", 0, 200, MX_LINE, "Who receives."),
    POSTAL(company, "company", MX_F_NULLABLE, 200, MX_LINE, "Company."),
    POSTAL(line1, "line1", 0, 200, MX_LINE, "Street and number."),
    POSTAL(line2, "line2", MX_F_NULLABLE, 200, MX_LINE, "Second line."),
    POSTAL(city, "city", 0, 120, MX_LINE, "City."),
    POSTAL(region, "region", MX_F_NULLABLE, 120, MX_LINE, "Region or state."),
    POSTAL(postal_code, "postal_code", 0, 20, MX_LINE, "Postal code."),
    POSTAL(country, "country", 0, 2, MX_COUNTRY, "ISO 3166-1 alpha-2."),
    POSTAL(phone, "phone", MX_F_NULLABLE, 32, MX_PHONE, "For the carrier."),
};
MX_SHAPE(mx_shape_cart_ship_to, "CartShippingAddress", struct ship_to, ship_to_fields);

struct ship_by {
    struct mx_id shipping_method_id;
};
static const struct mx_field ship_by_fields[] = {
    MX_F(struct ship_by, shipping_method_id, MX_BODY, MX_F_REQUIRED, 0, 0, MX_LINE,
         "One of the cart's shipping methods."),
};
MX_SHAPE(mx_shape_cart_ship_by, "CartShippingMethod", struct ship_by, ship_by_fields);

/* ---- handlers ---- */

/* Every change answers the whole cart. */
static enum mx_err answer(struct mx_reply *reply, enum mx_err e, const struct mx_cart *cart)
{
    reply->out = cart;
    return e;
}

static enum mx_err api_cart_get(struct mx_ctx *cx, MX_UNUSED const void *in, struct mx_reply *reply)
{
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_get(cx, cart), cart);
}

static enum mx_err api_cart_item_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct item_add *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_add(cx, i->variant_id, i->quantity, cart), cart);
}

static enum mx_err api_cart_item_set(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct item_set *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_set_quantity(cx, i->id, i->quantity, cart), cart);
}

static enum mx_err api_cart_item_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct item_set *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_set_quantity(cx, i->id, 0, cart), cart);
}

/* An address of its own needs its members; an entry of the book allows none of them. */
static enum mx_err check_ship_to(struct mx_ctx *cx, const struct ship_to *i)
{
    const struct {
        const char *pointer;
        struct mx_str value;
    } needed[] = {{"/name", i->to.name},
                  {"/line1", i->to.line1},
                  {"/city", i->to.city},
                  {"/postal_code", i->to.postal_code},
                  {"/country", i->to.country}};
    for (size_t k = 0; k < MX_LEN(needed); k++) {
        if (i->has_address_id == (needed[k].value.p == NULL))
            continue;
        mx_fault_at(cx->faults, mx_str_c(needed[k].pointer),
                    i->has_address_id ? "unknown_member" : "required",
                    i->has_address_id ? "Give either address_id or an address." : "Is missing.");
    }
    return cx->faults->n > 0 ? MX_E_VALIDATION_FAILED : MX_OK;
}

static enum mx_err api_cart_ship_to(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct ship_to *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    MX_TRY(check_ship_to(cx, i));
    return answer(reply, mx_cart_ship_to(cx, i->address_id, &i->to, cart), cart);
}

static enum mx_err api_cart_ship_by(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct ship_by *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_ship_by(cx, i->shipping_method_id, cart), cart);
}

static enum mx_err api_cart_shipping_methods(struct mx_ctx *cx, MX_UNUSED const void *in,
                                             struct mx_reply *reply)
{
    struct offers *out = MX_NEW(cx->arena, struct offers);

    reply->out = out;
    return mx_cart_offers(cx, &out->data);
}

const struct mx_route mx_routes_cart[] = {
    {.id = "cart.get",
     .method = MX_GET,
     .path = "/v1/cart",
     .who = MX_WHO_TOKEN,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_get,
     .doc = "The open cart, made if there is none."},
    {.id = "cart.items.add",
     .method = MX_POST,
     .path = "/v1/cart/items",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &mx_shape_cart_add,
     .answers = {{201, &mx_shape_cart}},
     .errors = MX_ROUTE_ERRORS(MX_E_OUT_OF_STOCK),
     .fn = api_cart_item_add,
     .doc = "Add a variant; adds up with what is there."},
    {.id = "cart.items.set",
     .method = MX_PATCH,
     .path = "/v1/cart/items/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &mx_shape_cart_item_set,
     .answers = {{200, &mx_shape_cart}},
     .errors = MX_ROUTE_ERRORS(MX_E_OUT_OF_STOCK),
     .fn = api_cart_item_set,
     .doc = "Set a line's quantity; 0 removes it."},
    {.id = "cart.items.remove",
     .method = MX_DELETE,
     .path = "/v1/cart/items/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &mx_shape_cart_item_id,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_item_remove,
     .doc = "Remove a line."},
    {.id = "cart.shipping_address.put",
     .method = MX_PUT,
     .path = "/v1/cart/shipping-address",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &mx_shape_cart_ship_to,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_ship_to,
     .doc = "Ship to an address, or to an entry of the address book."},
    {.id = "cart.shipping_methods.list",
     .method = MX_GET,
     .path = "/v1/cart/shipping-methods",
     .who = MX_WHO_TOKEN,
     .answers = {{200, &mx_shape_shipping_offers}},
     .fn = api_cart_shipping_methods,
     .doc = "Ways to ship this cart, with prices."},
    {.id = "cart.shipping_method.put",
     .method = MX_PUT,
     .path = "/v1/cart/shipping-method",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &mx_shape_cart_ship_by,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_ship_by,
     .doc = "Choose a way to ship."},
    {0}};
