/* Carts: one open cart an account; totals are always computed here, never taken from the caller. */
#ifndef MX_SALES_CART_H
#define MX_SALES_CART_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"
#include "codec/money.h"
#include "pricing/price.h"
#include "shop/holding.h"
#include "shop/postal.h"

#define MX_CART_LINES_MAX 100

struct mx_cart_item {
    struct mx_id id, variant_id;
    struct mx_str product_slug, title, sku;
    int64_t quantity;
    struct mx_money unit_price, line_total;
    bool available;          /* the whole quantity can be had now */
    struct mx_id product_id; /* not shown: for the order's snapshot */
    int64_t tax_ppm, tax;
    int64_t in_stock; /* not shown either: units available when it was read */
};

struct mx_cart_warning {
    struct mx_str code; /* price_changed, not_available, not_enough_stock */
    struct mx_id item_id;
    struct mx_str detail;
};

struct mx_shipping_offer {
    struct mx_id id;
    struct mx_str name;
    struct mx_money price;
    int64_t days_min, days_max;
};

struct mx_cart {
    struct mx_id id;
    struct mx_str currency;
    struct mx_list items; /* struct mx_cart_item */
    struct mx_str coupon; /* absent: none */
    struct mx_list discounts;
    struct mx_money subtotal, discount_total, shipping_total, tax_total, total;
    struct mx_postal *shipping_address;        /* NULL: none yet */
    struct mx_shipping_offer *shipping_method; /* NULL: none yet */
    struct mx_list warnings;                   /* struct mx_cart_warning */
    int64_t version;
    struct mx_id address_id;
};

/* The account's cart, made if there is none. Prices are refreshed; what changed since the buyer
 * last looked is told in the warnings, once. */
enum mx_err mx_cart_get(struct mx_ctx *cx, struct mx_cart *ret_cart) MX_MUST_CHECK;

/* The account's open cart without making or refreshing one; MX_E_NOT_FOUND when there is none. */
enum mx_err mx_cart_load(struct mx_ctx *cx, struct mx_cart *ret_cart) MX_MUST_CHECK;
/* The same for what needs a live session (money): in the statement that finds a cart the session is
 * seen to live (mx_session_require_live), and the caller's audit key is read. In the caller's
 * transaction. MX_E_UNAUTHORIZED: it has ended. */
enum mx_err mx_cart_load_live(struct mx_ctx *cx, struct mx_cart *ret_cart) MX_MUST_CHECK;

/* The rest runs in the caller's transaction and answers the cart as it is afterwards. */

/* Add `quantity` (1..999) of a variant. MX_E_OUT_OF_STOCK beyond what is available,
 * MX_E_VALIDATION_FAILED for an unknown variant or more than 999 in sum. */
enum mx_err mx_cart_add(struct mx_ctx *cx, struct mx_id variant, int64_t quantity,
                        struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Set a line's quantity; 0 removes it. MX_E_NOT_FOUND, MX_E_OUT_OF_STOCK. */
enum mx_err mx_cart_set_quantity(struct mx_ctx *cx, struct mx_id item, int64_t quantity,
                                 struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Ship to an entry of the address book (`entry`), or to `fields` when `entry` is none.
 * MX_E_VALIDATION_FAILED for an unknown entry. */
enum mx_err mx_cart_ship_to(struct mx_ctx *cx, struct mx_id entry, const struct mx_postal *fields,
                            struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Choose a way to ship. MX_E_VALIDATION_FAILED when it is not offered for this cart. */
enum mx_err mx_cart_ship_by(struct mx_ctx *cx, struct mx_id method,
                            struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Ways to ship this cart, with prices; struct mx_shipping_offer. Reads only. */
enum mx_err mx_cart_offers(struct mx_ctx *cx, struct mx_list *ret_offers) MX_MUST_CHECK;
/* Move one account's cart lines into another's open cart (sign-in of a guest): quantities add up to
 * at most 999. In the present transaction. */
enum mx_err mx_cart_merge(struct mx_ctx *cx, struct mx_id from, struct mx_id to) MX_MUST_CHECK;

/* Of table cart, see shop/holding.h. */
enum mx_err mx_cart_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
