/* /v1/cart */
#include "api/sales/cart.h"

#include "api/account/postal_rows.h"
#include "sales/cart.h"

/* ---- answers ---- */

static const struct mx_field offer_fields[] = {
    MX_O(struct mx_shipping_offer, id, "Id of the shipping method."),
    MX_O(struct mx_shipping_offer, name, "Name, as shown to the buyer."),
    MX_O(struct mx_shipping_offer, price, "Price for this cart."),
    MX_O(struct mx_shipping_offer, days_min, "Shortest delivery time in days."),
    MX_O(struct mx_shipping_offer, days_max, "Longest delivery time in days."),
};
MX_SHAPE(mx_shape_shipping_offer, "ShippingOffer", struct mx_shipping_offer, offer_fields);

static const struct mx_field item_fields[] = {
    MX_O(struct mx_cart_item, id, "Id of the line."),
    MX_O(struct mx_cart_item, variant_id, "Id of the variant."),
    MX_O(struct mx_cart_item, product_slug, "Slug of the product."),
    MX_O(struct mx_cart_item, title, "Titles of product and variant."),
    MX_O(struct mx_cart_item, sku, "Stock keeping unit (SKU)."),
    MX_O(struct mx_cart_item, quantity, "Quantity."),
    MX_O(struct mx_cart_item, unit_price, "Current price of one unit, before tax."),
    MX_O(struct mx_cart_item, line_total,
         "`unit_price` times `quantity`; 0 while the line cannot be priced (see "
         "`warnings`)."),
    MX_O(struct mx_cart_item, available, "True: the whole quantity is in stock."),
};
MX_SHAPE(mx_shape_cart_item, "CartItem", struct mx_cart_item, item_fields);

#define WARNING struct mx_cart_warning
static const struct mx_field warning_fields[] = {
    MX_O_ENUM(WARNING, code, mx_cart_warning_code_names, "Kind of warning."),
    MX_O_NULL(WARNING, item_id,
              "Id of the line; null for an item that is not in the cart (not_kept)."),
    MX_O(WARNING, variant_id, "Id of the variant."),
    MX_O(WARNING, title, "Titles of product and variant."),
    MX_O(WARNING, sku, "Stock keeping unit (SKU)."),
    MX_O_NULL(WARNING, was, "price_changed: the price shown before."),
    MX_O_NULL(WARNING, now, "price_changed: the current price."),
    MX_F_KIND_HAS(WARNING, quantity, "quantity", MX_K_INT, MX_BODY, MX_F_NULLABLE, 0, 0, MX_LINE,
                  "not_kept: number of units that were not kept."),
    MX_F_ENUM(WARNING, reason, MX_BODY, MX_F_NULLABLE, mx_cart_warning_reason_names,
              "not_kept: the reason."),
    MX_O(WARNING, detail, "Explanation for people."),
};
MX_SHAPE(mx_shape_cart_warning, "CartWarning", WARNING, warning_fields);

#define REQUIREMENT struct mx_cart_requirement
static const struct mx_field requirement_fields[] = {
    MX_O(REQUIREMENT, code, "empty: the cart has no items; required: the member is missing."),
    MX_O(REQUIREMENT, pointer, "RFC 6901, into the body of POST /v1/checkout."),
    MX_O(REQUIREMENT, detail, "Explanation for people."),
};
MX_SHAPE(mx_shape_cart_requirement, "CartRequirement", REQUIREMENT, requirement_fields);

static const struct mx_field discount_fields[] = {
    MX_O(struct mx_discount, promotion_id, "Id of the promotion."),
    MX_O(struct mx_discount, name, "Name of the promotion."),
    MX_O_NULL(struct mx_discount, code, "Coupon code; null for a promotion without one."),
    MX_O(struct mx_discount, amount, "Amount of the discount."),
};
MX_SHAPE(mx_shape_discount, "Discount", struct mx_discount, discount_fields);

static const struct mx_field cart_fields[] = {
    MX_O(struct mx_cart, id, "Id of the cart."),
    MX_O(struct mx_cart, currency, "Currency (ISO 4217)."),
    MX_O_LIST(struct mx_cart, items, &mx_shape_cart_item, "Lines, oldest first."),
    MX_O_NULL(struct mx_cart, coupon, "Coupon code."),
    MX_O_LIST(struct mx_cart, discounts, &mx_shape_discount, "Discounts that were applied."),
    MX_O(struct mx_cart, subtotal, "Sum of the lines."),
    MX_O(struct mx_cart, discount_total, "Sum of the discounts."),
    MX_O(struct mx_cart, shipping_total, "Shipping costs, before tax."),
    MX_O(struct mx_cart, tax_total, "Taxes of the country that the cart is shipped to."),
    MX_O(struct mx_cart, total, "`subtotal` - `discount_total` + `shipping_total` + `tax_total`."),
    MX_O_PTR(struct mx_cart, shipping_address, &mx_shape_postal, "Shipping address."),
    MX_O_PTR(struct mx_cart, shipping_method, &mx_shape_shipping_offer,
             "Chosen shipping method; null: none yet."),
    MX_O_NULL(struct mx_cart, email, "E-mail address for the order; null: the account's."),
    MX_O_NULL(struct mx_cart, note, "Note of the buyer to the shop."),
    MX_O_METADATA(struct mx_cart, metadata, "Data of the app, which is copied to the order."),
    MX_O_LIST(struct mx_cart, warnings, &mx_shape_cart_warning,
              "Changes to show to the buyer. GET /v1/cart returns each of them once."),
    MX_O_LIST(struct mx_cart, requirements, &mx_shape_cart_requirement,
              "What POST /v1/checkout still requires; empty: the cart can be ordered."),
};
MX_SHAPE(mx_shape_cart, "Cart", struct mx_cart, cart_fields);

struct offers {
    struct mx_list data;
};
static const struct mx_field offers_fields[] = {
    MX_O_LIST(struct offers, data, &mx_shape_shipping_offer, "In display order."),
};
static MX_SHAPE(shipping_offers_shape, "ShippingOffers", struct offers, offers_fields);

/* ---- requests ---- */

struct item_add {
    struct mx_id variant_id;
    int64_t quantity;
};
static const struct mx_field item_add_fields[] = {
    MX_F(struct item_add, variant_id, MX_BODY, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the variant."),
    MX_F(struct item_add, quantity, MX_BODY, MX_F_REQUIRED, 1, MX_CART_QUANTITY_MAX, MX_LINE,
         "Quantity to add."),
};
static MX_SHAPE(cart_add_shape, "CartItemAdd", struct item_add, item_add_fields);

struct item_set {
    struct mx_id id;
    bool has_quantity;
    int64_t quantity;
};
static const struct mx_field item_set_fields[] = {
    MX_F(struct item_set, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the line."),
    MX_F_HAS(struct item_set, quantity, MX_BODY, 0, 0, MX_CART_QUANTITY_MAX, MX_LINE,
             "New quantity; 0 removes the line."),
};
static MX_SHAPE(cart_item_set_shape, "CartItemSet", struct item_set, item_set_fields);

static const struct mx_field item_id_fields[] = {
    MX_F(struct item_set, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the line."),
};
static MX_SHAPE(cart_item_id_shape, "CartItemId", struct item_set, item_id_fields);

struct ship_to {
    struct mx_id address_id;
    bool has_address_id;
    struct mx_postal to;
};
#define IN(m, flags, max, fmt, doc) \
    MX_F_AS(struct ship_to, to.m, #m, MX_BODY, flags, 1, max, fmt, doc)
static const struct mx_field ship_to_fields[] = {
    MX_F_HAS(struct ship_to, address_id, MX_BODY, 0, 0, 0, MX_LINE,
             "Id of a saved address, instead of the other members."),
    MX_POSTAL_ROWS(IN, 0),
};
/* An entry of the book allows no other member. */
static void check_ship_to(struct mx_faults *faults, struct mx_str at, const void *in)
{
    const struct ship_to *i = in;

    if (!i->has_address_id) {
        mx_postal_missing(faults, at, &i->to);
        return;
    }
    for (size_t k = 0; k < MX_LEN(ship_to_fields); k++) {
        const struct mx_field *f = &ship_to_fields[k];

        if (f->kind == MX_K_STR && ((const struct mx_str *)((const char *)in + f->off))->p != NULL)
            mx_fault_at(faults, mx_str_fmt(faults->arena, "/%s", f->name), "unknown_member",
                        "Give either address_id or an address, not both.");
    }
}
static MX_SHAPE_CHECKED(cart_ship_to_shape, "CartShippingAddress", struct ship_to, ship_to_fields,
                        check_ship_to);

struct ship_by {
    struct mx_id shipping_method_id;
};
static const struct mx_field ship_by_fields[] = {
    MX_F(struct ship_by, shipping_method_id, MX_BODY, MX_F_REQUIRED, 0, 0, MX_LINE,
         "Id of a method of GET /v1/cart/shipping-methods."),
};
static MX_SHAPE(cart_ship_by_shape, "CartShippingMethod", struct ship_by, ship_by_fields);

static const struct mx_field patch_fields[] = {
    MX_F_HAS(struct mx_cart_patch, email, MX_BODY, MX_F_NULLABLE, 3, 254, MX_EMAIL,
             "E-mail address for the order; null: use the account's."),
    MX_F_HAS(struct mx_cart_patch, note, MX_BODY, MX_F_NULLABLE, 1, 1000, MX_TEXT,
             "Note of the buyer to the shop; null removes it."),
    MX_F_METADATA(struct mx_cart_patch, metadata, "Data of the app."),
};
static MX_SHAPE(cart_patch_shape, "CartPatch", struct mx_cart_patch, patch_fields);

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

    return answer(reply, mx_cart_get(cx, !cx->head, cart), cart);
}

static enum mx_err api_cart_patch(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_patch(cx, in, cart), cart);
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

    if (!i->has_quantity)
        return answer(reply, mx_cart_holding(cx, i->id, cart), cart);
    return answer(reply, mx_cart_set_quantity(cx, i->id, i->quantity, cart), cart);
}

static enum mx_err api_cart_item_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct item_set *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

    return answer(reply, mx_cart_set_quantity(cx, i->id, 0, cart), cart);
}

static enum mx_err api_cart_ship_to(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct ship_to *i = in;
    struct mx_cart *cart = MX_NEW(cx->arena, struct mx_cart);

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
     .doc = "Get the cart",
     .more = "The account's open cart; an empty one is created if there is none. Prices and "
             "stock are up to date. `warnings` lists what changed since the last read and "
             "is cleared by it; `requirements` lists what POST /v1/checkout still needs."},
    {.id = "cart.patch",
     .method = MX_PATCH,
     .path = "/v1/cart",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &cart_patch_shape,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_patch,
     .doc = "Update the cart",
     .more = "Changes e-mail address, note or metadata. Members that are not sent are "
             "unchanged."},
    {.id = "cart.items.add",
     .method = MX_POST,
     .path = "/v1/cart/items",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &cart_add_shape,
     .answers = {{201, &mx_shape_cart}},
     .errors = MX_ROUTE_ERRORS(MX_E_OUT_OF_STOCK),
     .fn = api_cart_item_add,
     .doc = "Add an item to the cart",
     .more = "Adds a variant; if it is in the cart already, its quantity grows. 409 "
             "`out_of_stock`: `params.items` names the line."},
    {.id = "cart.items.set",
     .method = MX_PATCH,
     .path = "/v1/cart/items/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &cart_item_set_shape,
     .answers = {{200, &mx_shape_cart}},
     .errors = MX_ROUTE_ERRORS(MX_E_OUT_OF_STOCK),
     .fn = api_cart_item_set,
     .doc = "Change the quantity of a cart line",
     .more = "Sets the quantity; 0 removes the line. 409 `out_of_stock`: `params.items` "
             "names the line."},
    {.id = "cart.items.remove",
     .method = MX_DELETE,
     .path = "/v1/cart/items/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &cart_item_id_shape,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_item_remove,
     .doc = "Remove a cart line",
     .more = "Removes the line and returns the updated cart."},
    {.id = "cart.shipping_address.put",
     .method = MX_PUT,
     .path = "/v1/cart/shipping-address",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &cart_ship_to_shape,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_ship_to,
     .doc = "Set the shipping address",
     .more = "Takes an address, or `address_id` of the address book. Shipping methods and "
             "taxes depend on its country: list the shipping methods next."},
    {.id = "cart.shipping_methods.list",
     .method = MX_GET,
     .path = "/v1/cart/shipping-methods",
     .who = MX_WHO_TOKEN,
     .answers = {{200, &shipping_offers_shape}},
     .fn = api_cart_shipping_methods,
     .doc = "List the cart's shipping methods",
     .more = "The methods offered for the cart's shipping address, with the price for this "
             "cart. Without an address, those for countries without a price of their own."},
    {.id = "cart.shipping_method.put",
     .method = MX_PUT,
     .path = "/v1/cart/shipping-method",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &cart_ship_by_shape,
     .answers = {{200, &mx_shape_cart}},
     .fn = api_cart_ship_by,
     .doc = "Choose a shipping method",
     .more = "Takes the id of a method of GET /v1/cart/shipping-methods and returns the "
             "cart with the new totals."},
    {0}};
