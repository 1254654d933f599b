/* /v1/checkout and /v1/orders */
#include "api/sales/orders.h"

#include "api/account/postal_rows.h"
#include "api/sales/cart.h"
#include "codec/params.h"
#include "sales/cart.h"
#include "sales/order.h"

/* ---- answers ---- */

static const struct mx_field item_fields[] = {
    MX_O(struct mx_order_item, id, "Id of the line."),
    MX_O(struct mx_order_item, variant_id, "Id of the variant."),
    MX_O(struct mx_order_item, product_slug, "Slug of the product."),
    MX_O(struct mx_order_item, title, "Titles of product and variant at the time of the order."),
    MX_O(struct mx_order_item, sku, "Stock keeping unit (SKU)."),
    MX_O(struct mx_order_item, quantity, "Quantity."),
    MX_O(struct mx_order_item, unit_price, "Price of one unit, before tax."),
    MX_O(struct mx_order_item, line_total, "unit_price times quantity."),
    MX_O(struct mx_order_item, tax, "Tax of the line."),
};
MX_SHAPE(mx_shape_order_item, "OrderItem", struct mx_order_item, item_fields);

static const struct mx_field payment_fields[] = {
    MX_O(struct mx_order_payment_row, id, "Id of the payment."),
    MX_O(struct mx_order_payment_row, provider, "Provider."),
    MX_O_ENUM(struct mx_order_payment_row, status, mx_payment_status_names,
              "State of the payment."),
    MX_O(struct mx_order_payment_row, amount, "Amount of the payment."),
    MX_O(struct mx_order_payment_row, captured, "Amount captured."),
    MX_O(struct mx_order_payment_row, refunded, "Amount refunded."),
    MX_O_NULL(struct mx_order_payment_row, failure_code, "Reason why the payment failed."),
    MX_O(struct mx_order_payment_row, created_at, "Time of the event."),
};
MX_SHAPE(mx_shape_payment, "Payment", struct mx_order_payment_row, payment_fields);

static const struct mx_field event_fields[] = {
    MX_O(struct mx_order_event, type, "Kind of event."),
    MX_O(struct mx_order_event, created_at, "Time of the event."),
};
MX_SHAPE(mx_shape_order_event, "OrderEvent", struct mx_order_event, event_fields);

static const struct mx_field method_fields[] = {
    MX_O(struct mx_order_method, id, "Id of the shipping method."),
    MX_O(struct mx_order_method, name, "Name at the time of the order."),
};
MX_SHAPE(mx_shape_order_method, "OrderShippingMethod", struct mx_order_method, method_fields);

static const struct mx_field addresses_fields[] = {
    MX_O_PTR(struct mx_order_addresses, shipping, &mx_shape_postal, "Shipping address."),
};
MX_SHAPE(mx_shape_order_addresses, "OrderAddresses", struct mx_order_addresses, addresses_fields);

static const struct mx_field refund_fields[] = {
    MX_O(struct mx_refund, id, "Id of the refund."),
    MX_O(struct mx_refund, amount, "Amount refunded."),
    MX_O_NULL(struct mx_refund, reason, "Reason given by the staff."),
    MX_O(struct mx_refund, created_at, "Time of the refund."),
};
static MX_SHAPE(refund_shape, "Refund", struct mx_refund, refund_fields);

static const struct mx_field fulfilment_item_fields[] = {
    MX_O(struct mx_fulfilment_item, order_item_id, "Id of the line of the order."),
    MX_O(struct mx_fulfilment_item, quantity, "Units in this parcel."),
};
static MX_SHAPE(fulfilment_item_shape, "FulfilmentItem", struct mx_fulfilment_item,
                fulfilment_item_fields);

static const struct mx_field fulfilment_fields[] = {
    MX_O(struct mx_fulfilment, id, "Id of the parcel."),
    MX_O_NULL(struct mx_fulfilment, carrier, "Name of the carrier."),
    MX_O_NULL(struct mx_fulfilment, tracking_number, "Tracking number."),
    MX_O_LIST(struct mx_fulfilment, items, &fulfilment_item_shape, "Contents of the parcel."),
    MX_O(struct mx_fulfilment, created_at, "Time of dispatch."),
};
static MX_SHAPE(fulfilment_shape, "Fulfilment", struct mx_fulfilment, fulfilment_fields);

static const struct mx_field order_fields[] = {
    MX_O(struct mx_order, id, "Id of the order."),
    MX_O(struct mx_order, number, "Order number for people, like 7K3M-A9QX."),
    MX_O_ENUM(struct mx_order, status, mx_order_status_names, "State of the order."),
    MX_O_ENUM(struct mx_order, payment_status, mx_order_payment_status_names,
              "State of the payments."),
    MX_O_ENUM(struct mx_order, fulfilment_status, mx_order_fulfilment_status_names,
              "State of the shipments."),
    MX_O_NULL(struct mx_order, placed_at,
              "Time at which the order was placed; null while it waits for its payment."),
    MX_O_NULL(struct mx_order, expires_at,
              "Time until which the order waits for its payment; then it expires and its "
              "stock is released."),
    MX_O(struct mx_order, created_at, "Time of creation."),
    MX_O(struct mx_order, currency, "Currency (ISO 4217)."),
    MX_O_LIST(struct mx_order, items, &mx_shape_order_item, "Lines of the order."),
    MX_O_OBJ(struct mx_order, addresses, &mx_shape_order_addresses, "Addresses of the order."),
    MX_O_PTR(struct mx_order, shipping_method, &mx_shape_order_method,
             "Shipping method of the order."),
    MX_O_LIST(struct mx_order, discounts, &mx_shape_discount, "Discounts that were applied."),
    MX_O(struct mx_order, subtotal, "Sum of the lines."),
    MX_O(struct mx_order, discount_total, "Sum of the discounts."),
    MX_O(struct mx_order, shipping_total, "Shipping costs, before tax."),
    MX_O(struct mx_order, tax_total, "Taxes."),
    MX_O(struct mx_order, total, "`subtotal` - `discount_total` + `shipping_total` + `tax_total`."),
    MX_O_NULL(struct mx_order, email, "E-mail address for the order; null: the account's."),
    MX_O_NULL(struct mx_order, note, "Note of the buyer to the shop."),
    MX_O_METADATA(struct mx_order, metadata, "Data of the app, copied from the cart."),
    MX_O_LIST(struct mx_order, payments, &mx_shape_payment, "Payment attempts, oldest first."),
    MX_O_LIST(struct mx_order, refunds, &refund_shape, "Refunds."),
    MX_O_LIST(struct mx_order, fulfilments, &fulfilment_shape, "Parcels."),
    MX_O_LIST(struct mx_order, events, &mx_shape_order_event, "History, oldest first."),
};
MX_SHAPE(mx_shape_order, "Order", struct mx_order, order_fields);

/* ---- requests ---- */

static const struct mx_field pay_fields[] = {
    MX_F_ENUM(struct mx_pay_request, provider, MX_BODY, MX_F_REQUIRED, mx_payment_provider_names,
              "Payment provider."),
    MX_F(struct mx_pay_request, token, MX_BODY, 0, 1, 255, MX_TOKEN,
         "For the sandbox: tok_ok succeeds, tok_declined is declined."),
};
MX_SHAPE(mx_shape_pay, "PaymentRequest", struct mx_pay_request, pay_fields);

static const struct mx_field line_fields[] = {
    MX_F(struct mx_cart_line, variant_id, MX_BODY, MX_F_REQUIRED, 0, 0, MX_LINE,
         "Id of the variant."),
    MX_F(struct mx_cart_line, quantity, MX_BODY, MX_F_REQUIRED, 1, MX_CART_QUANTITY_MAX, MX_LINE,
         "Quantity."),
};
MX_SHAPE(mx_shape_checkout_item, "CheckoutItem", struct mx_cart_line, line_fields);

static const struct mx_field checkout_fields[] = {
    MX_F(struct mx_checkout, expected_total, MX_BODY, 0, 0, MX_MONEY_MAX, MX_LINE,
         "The total that the buyer agreed to: if the order would cost something "
         "else, it is refused with 409 `price_changed`."),
    MX_F_SUB(struct mx_checkout, payment, MX_K_OBJECT, MX_F_REQUIRED, 0, 0, &mx_shape_pay,
             "Payment provider, and what it requires."),
    MX_F(struct mx_checkout, email, MX_BODY, 0, 3, 254, MX_EMAIL,
         "E-mail address for the order, instead of the cart's."),
    MX_F(struct mx_checkout, note, MX_BODY, 0, 1, 1000, MX_TEXT,
         "Note of the buyer to the shop, instead of the cart's."),
    MX_F_SUB(struct mx_checkout, shipping_address, MX_K_OBJPTR, 0, 0, 0, &mx_shape_postal_in,
             "Shipping address, instead of the cart's."),
    MX_F(struct mx_checkout, address_id, MX_BODY, 0, 0, 0, MX_LINE,
         "Id of a saved address, instead of `shipping_address`."),
    MX_F(struct mx_checkout, shipping_method_id, MX_BODY, 0, 0, 0, MX_LINE,
         "Id of the shipping method, instead of the cart's."),
    MX_F_SUB(struct mx_checkout, items, MX_K_LIST, 0, 1, MX_CART_LINES_MAX, &mx_shape_checkout_item,
             "Items to order instead of the cart's; the cart stays as it is."),
};
static void check_checkout(struct mx_faults *faults, MX_UNUSED struct mx_str at, const void *in)
{
    const struct mx_checkout *i = in;

    if (i->shipping_address != NULL && !mx_id_none(i->address_id))
        mx_fault_at(faults, MX_S("/address_id"), "unknown_member",
                    "Give either address_id or shipping_address, not both.");
}
static MX_SHAPE_CHECKED(checkout_shape, "Checkout", struct mx_checkout, checkout_fields,
                        check_checkout);

struct order_id {
    struct mx_id id;
};
static const struct mx_field order_id_fields[] = {
    MX_F(struct order_id, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the order."),
};
static MX_SHAPE(order_id_shape, "OrderId", struct order_id, order_id_fields);

struct order_pay {
    struct mx_id id;
    struct mx_pay_request payment;
};
static const struct mx_field order_pay_fields[] = {
    MX_F(struct order_pay, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the order."),
    MX_F_SUB(struct order_pay, payment, MX_K_OBJECT, MX_F_REQUIRED, 0, 0, &mx_shape_pay,
             "Payment provider, and what it requires."),
};
MX_SHAPE(mx_shape_order_pay, "OrderPay", struct order_pay, order_pay_fields);

struct declined {
    struct mx_id order_id;
};
static const struct mx_field declined_fields[] = {
    MX_O(struct declined, order_id, "The order, which waits to be paid again."),
};
static MX_SHAPE(declined_shape, "DeclinedProblem", struct declined, declined_fields);
#define DECLINED .problem = &declined_shape, .problem_status = 402

/* ---- handlers ---- */

/* The order that was declined waits, and says for how long. */
static enum mx_err declined(struct mx_ctx *cx, const struct mx_order *o)
{
    const struct mx_order_payment_row *last =
        MX_AT(o->payments, struct mx_order_payment_row, o->payments.n - 1);
    struct mx_params p;

    mx_params_init(&p, cx->arena);
    mx_params_id(&p, "order_id", o->id);
    mx_params_str(&p, "failure_code", last->failure_code);
    mx_jsonw_name(&p.w, "expires_at");
    mx_jsonw_time(&p.w, o->expires_at);
    cx->faults->params = mx_params_text(&p);
    mx_fault_extra(cx->faults, "order_id", mx_id_str(cx->arena, o->id));
    return mx_fail(cx->faults, MX_E_PAYMENT_DECLINED,
                   "The payment was declined. The order is waiting for another payment.");
}

static enum mx_err api_checkout(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_order *order = MX_NEW(cx->arena, struct mx_order);
    bool refused;

    MX_TRY(mx_checkout(cx, in, order, &refused));
    reply->out = order;
    reply->location = mx_str_fmt(cx->arena, "/v1/orders/%s", mx_id_str(cx->arena, order->id).p);
    if (refused)
        reply->error = declined(cx, order);
    return MX_OK;
}

static enum mx_err api_order_pay(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct order_pay *i = in;
    struct mx_order *order = MX_NEW(cx->arena, struct mx_order);
    bool refused;

    MX_TRY(mx_order_pay(cx, i->id, &i->payment, order, &refused));
    reply->out = order;
    if (refused)
        reply->error = declined(cx, order);
    return MX_OK;
}

static enum mx_err api_orders_list(struct mx_ctx *cx, MX_UNUSED const void *in,
                                   struct mx_reply *reply)
{
    return mx_order_list(cx, reply->page.at.id, reply->page.limit, &reply->page.rows);
}

static enum mx_err api_order_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_order *order = MX_NEW(cx->arena, struct mx_order);

    reply->out = order;
    return mx_order_get(cx, ((const struct order_id *)in)->id, order);
}

static enum mx_err api_order_cancel(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_order *order = MX_NEW(cx->arena, struct mx_order);

    reply->out = order;
    return mx_order_cancel(cx, ((const struct order_id *)in)->id, order);
}

const struct mx_route mx_routes_orders[] = {
    {.id = "checkout",
     .method = MX_POST,
     .path = "/v1/checkout",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_IDEMPOTENT | MX_R_LOCK_SESSION,
     .pool = MX_POOL_PAY,
     .in = &checkout_shape,
     .answers = {{201, &mx_shape_order}},
     .errors = MX_ROUTE_ERRORS(MX_E_CART_EMPTY, MX_E_OUT_OF_STOCK, MX_E_PRICE_CHANGED,
                               MX_E_CANNOT_BE_PRICED, MX_E_PAYMENT_DECLINED),
     DECLINED,
     .fn = api_checkout,
     .doc = "Place an order",
     .more = "Orders the open cart, or only `items` if they are given: a purchase past the "
             "cart, which stays as it is. `email`, `note`, `shipping_address` or `address_id`, "
             "and `shipping_method_id` take precedence over those of the cart, so that a "
             "purchase can be a single call. Prices are computed again, and the stock of all "
             "lines is reserved, or of none.\n\n"
             "- 201: the order exists and its payment was accepted. While `payment_status` is "
             "`pending`, read the order again later.\n"
             "- 402 `payment_declined`: the order exists (`order_id`) and keeps its stock until "
             "`params.expires_at`. Pay it with POST /v1/orders/{id}/pay; do not check out "
             "again.\n"
             "- 409 `price_changed`: the total differs from `expected_total`. Show `params.now` "
             "to the buyer, and send it as the new `expected_total`.\n"
             "- 409 `out_of_stock`: `params.items` names the lines. Nothing was ordered, and "
             "the cart is unchanged.\n"
             "- 409 `cart_empty`: there is nothing to order.\n"
             "- 409 `cannot_be_priced`: an item costs more than can be ordered; `params.items` "
             "names the lines.\n"
             "- 422: `errors` points to each missing member, as `requirements` of the cart "
             "does.\n\n"
             "Use a new `Idempotency-Key` for each purchase, and repeat the request with the "
             "same key after a time-out or a lost connection: the buyer is never charged twice."},
    {.id = "orders.list",
     .method = MX_GET,
     .path = "/v1/orders",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_LIST,
     .answers = {{200, &mx_shape_order}},
     .fn = api_orders_list,
     .doc = "List orders",
     .more = "The caller's orders in any state, newest first."},
    {.id = "orders.get",
     .method = MX_GET,
     .path = "/v1/orders/{id}",
     .who = MX_WHO_TOKEN,
     .in = &order_id_shape,
     .answers = {{200, &mx_shape_order}},
     .fn = api_order_get,
     .doc = "Get an order",
     .more = "Returns one of the caller's orders. Another account's order is 404."},
    {.id = "orders.pay",
     .method = MX_POST,
     .path = "/v1/orders/{id}/pay",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_LOCK_SESSION,
     .pool = MX_POOL_PAY,
     .in = &mx_shape_order_pay,
     .answers = {{200, &mx_shape_order}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_TRANSITION, MX_E_PAYMENT_DECLINED),
     DECLINED,
     .fn = api_order_pay,
     .doc = "Pay an order again",
     .more = "Tries another payment for an order in `pending_payment`, as after 402 from "
             "POST /v1/checkout. 402 `payment_declined`: try again until `expires_at`, when "
             "the order expires and its stock is released. 409 `invalid_transition`: the "
             "order is not waiting for a payment."},
    {.id = "orders.cancel",
     .method = MX_POST,
     .path = "/v1/orders/{id}/cancel",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_LOCK_SESSION,
     .in = &order_id_shape,
     .answers = {{200, &mx_shape_order}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_TRANSITION),
     .fn = api_order_cancel,
     .doc = "Cancel an order",
     .more = "Possible until fulfilment begins (then 409 `invalid_transition`). Stock is "
             "released and a payment is refunded. If the order was still waiting for its "
             "payment, what it took from the cart returns to the cart."},
    {0}};
