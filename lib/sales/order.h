/* Orders: written once by the checkout, then moved along their states by compare-and-set on their
 * version. status: pending_payment -> placed -> completed, or cancelled, or expired. */
#ifndef MX_SALES_ORDER_H
#define MX_SALES_ORDER_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"
#include "codec/money.h"
#include "sales/payment.h"
#include "shop/holding.h"
#include "shop/job.h"
#include "shop/postal.h"

enum mx_order_status {
    MX_ORDER_PENDING_PAYMENT,
    MX_ORDER_PLACED,
    MX_ORDER_COMPLETED,
    MX_ORDER_CANCELLED,
    MX_ORDER_EXPIRED
};
enum mx_order_payment {
    MX_ORDER_PAY_PENDING,
    MX_ORDER_PAY_REQUIRES_ACTION,
    MX_ORDER_PAY_AUTHORIZED,
    MX_ORDER_PAY_PAID,
    MX_ORDER_PAY_PARTIALLY_REFUNDED,
    MX_ORDER_PAY_REFUNDED,
    MX_ORDER_PAY_FAILED
};
/* Wire names in the order of the enums, NULL-terminated. */
extern const char *const mx_order_status_names[];
extern const char *const mx_order_payment_status_names[];
extern const char *const mx_order_fulfilment_status_names[];

struct mx_order_item {
    struct mx_id id, variant_id;
    struct mx_str product_slug, title, sku;
    int64_t quantity;
    struct mx_money unit_price, line_total, tax;
};

struct mx_order_payment_row {
    struct mx_id id;
    struct mx_str provider;
    int status; /* enum mx_payment_status */
    struct mx_money amount, captured, refunded;
    struct mx_str failure_code; /* absent unless failed */
    struct mx_time created_at;
};

struct mx_order_event {
    struct mx_str type;
    struct mx_time created_at;
};

struct mx_order_method {
    struct mx_id id;
    struct mx_str name;
};

struct mx_order_addresses {
    struct mx_postal *shipping; /* NULL: none was given */
};

/* Money that went back. */
struct mx_refund {
    struct mx_id id;
    struct mx_money amount;
    struct mx_str reason; /* absent: none was given */
    struct mx_time created_at;
};

/* A parcel, and how many of which lines are in it. */
struct mx_fulfilment_item {
    struct mx_id order_item_id;
    int64_t quantity;
};
struct mx_fulfilment {
    struct mx_id id;
    struct mx_str carrier, tracking_number; /* absent: not known */
    struct mx_list items;                   /* struct mx_fulfilment_item */
    struct mx_time created_at;
};

struct mx_order {
    struct mx_id id;
    struct mx_str number;
    int status, payment_status, fulfilment_status;
    struct mx_time placed_at;  /* none until placed */
    struct mx_time expires_at; /* it gives its stock back then; none: it does not wait for money */
    struct mx_time created_at;
    struct mx_str currency;
    struct mx_list items; /* struct mx_order_item */
    struct mx_order_addresses addresses;
    struct mx_order_method *shipping_method; /* NULL: none */
    struct mx_list discounts;                /* struct mx_discount */
    struct mx_money subtotal, discount_total, shipping_total, tax_total, total;
    struct mx_str email, note, metadata; /* metadata: JSON, absent: none */
    struct mx_list payments;             /* struct mx_order_payment_row */
    struct mx_list refunds, fulfilments; /* struct mx_refund, mx_fulfilment */
    struct mx_list events;               /* struct mx_order_event */
    int64_t version;
    struct mx_id cart_id; /* not shown: what it was made of */
    bool mail_refused;    /* nor this: its confirmation is not mailed (sales/order_mail.h) */
};

/* Input of a checkout; a member that is given is used instead of the cart's. */
struct mx_checkout {
    struct mx_money expected_total; /* currency "" : not given */
    struct mx_pay_request payment;
    struct mx_str email, note;          /* absent: not given */
    struct mx_postal *shipping_address; /* NULL: not given */
    struct mx_id address_id;            /* an entry of the address book; none: not given */
    struct mx_id shipping_method_id;    /* none: not given */
    struct mx_list items;               /* struct mx_cart_line: bought past the cart, which stays */
};

/* Turn the caller's open cart (or `items`) into an order, in the caller's transaction: price it
 * again, write order, lines, payment, ledger and events, and leave closing the cart and taking the
 * stock to the end of the transaction. *ret_declined: the provider refused; the order waits for
 * another payment (it commits all the same). MX_E_CART_EMPTY, MX_E_PRICE_CHANGED,
 * MX_E_CANNOT_BE_PRICED, MX_E_OUT_OF_STOCK, whose params name the lines and money, the last one
 * also at the end of the transaction; MX_E_VALIDATION_FAILED, also for what is missing;
 * MX_E_UNAUTHORIZED. */
enum mx_err mx_checkout(struct mx_ctx *cx, const struct mx_checkout *in, struct mx_order *ret_order,
                        bool *ret_declined) MX_MUST_CHECK;

/* The caller's order. MX_E_NOT_FOUND also for another's. */
enum mx_err mx_order_get(struct mx_ctx *cx, struct mx_id id,
                         struct mx_order *ret_order) MX_MUST_CHECK;

/* Up to `limit` of the caller's orders that are older than `before` (none: from the newest on),
 * newest first: struct mx_order. */
enum mx_err mx_order_list(struct mx_ctx *cx, struct mx_id before, int64_t limit,
                          struct mx_list *ret_orders) MX_MUST_CHECK;

/* Try again to pay the caller's order that waits for it, in the caller's transaction.
 * *ret_declined as in mx_checkout. MX_E_NOT_FOUND; MX_E_INVALID_TRANSITION when it does not wait,
 * or after MX_ORDER_ATTEMPTS_MAX attempts; MX_E_VALIDATION_FAILED. */
#define MX_ORDER_ATTEMPTS_MAX 20
enum mx_err mx_order_pay(struct mx_ctx *cx, struct mx_id id, const struct mx_pay_request *in,
                         struct mx_order *ret_order, bool *ret_declined) MX_MUST_CHECK;

/* Cancel the caller's order before fulfilment begins: stock and money go back, and the lines of one
 * that was not paid into the open cart. In the caller's transaction. MX_E_NOT_FOUND,
 * MX_E_INVALID_TRANSITION. */
enum mx_err mx_order_cancel(struct mx_ctx *cx, struct mx_id id,
                            struct mx_order *ret_order) MX_MUST_CHECK;

/* An account is about to end, in the caller's transaction, which holds it. MX_E_OPEN_ORDERS, with
 * params that name up to a hundred, while orders are not shipped; with h->cancel_orders all are
 * cancelled first, and only those that are shipped in part are in the way. */
enum mx_err mx_order_leave(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

/* All orders of one account are another's from now on, in the caller's transaction. */
enum mx_err mx_order_move(struct mx_ctx *cx, struct mx_id from, struct mx_id to) MX_MUST_CHECK;

/* Expires unpaid orders whose time is over: their stock is free again. */
extern const struct mx_job mx_order_expiry;

/* Of table orders, see shop/holding.h. */
enum mx_err mx_order_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
