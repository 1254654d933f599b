/* Carts: one open cart an account; totals are always computed here, never taken from the caller. A
 * cart can always be read and its lines removed, whatever the catalog says of them by now. */
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
#define MX_CART_QUANTITY_MAX 999

struct mx_cart_item {
    struct mx_id id, variant_id;
    struct mx_str product_slug, title, sku;
    int64_t quantity;
    struct mx_money unit_price, line_total;
    bool available;          /* the whole quantity can be had now */
    struct mx_id product_id; /* not shown: for the order's snapshot */
    int64_t tax_ppm, tax;
    int64_t in_stock; /* not shown either: units available when it was read */
    bool priced;      /* counts in the totals: of the cart's currency, at most MX_PRICE_MAX */
};

enum mx_cart_warning_code {
    MX_CART_PRICE_CHANGED,    /* `was`, `now` */
    MX_CART_NOT_AVAILABLE,    /* no longer sold, or not in the cart's currency */
    MX_CART_NOT_ENOUGH_STOCK, /* less than the quantity is there */
    MX_CART_CANNOT_BE_PRICED, /* beyond MX_PRICE_MAX: the line counts in no total */
    MX_CART_NOT_KEPT          /* `quantity` did not come along at sign-in: `reason` */
};
/* Why something did not come along. */
enum mx_cart_reason { MX_CART_LINE_LIMIT, MX_CART_QUANTITY_LIMIT, MX_CART_CURRENCY };
/* Wire names in the order of the enums, NULL-terminated. */
extern const char *const mx_cart_warning_code_names[];
extern const char *const mx_cart_warning_reason_names[];

struct mx_cart_warning {
    int code;             /* enum mx_cart_warning_code */
    struct mx_id item_id; /* none: the line is not in the cart */
    struct mx_id variant_id;
    struct mx_str title, sku, detail;
    struct mx_money was, now; /* no currency: not told */
    int64_t quantity;
    bool has_quantity;
    int reason; /* enum mx_cart_reason; -1: not told */
};

/* A requirement that checkout still has. */
struct mx_cart_requirement {
    struct mx_str code;    /* empty, required, not_offered */
    struct mx_str pointer; /* RFC 6901, into the body of the checkout */
    struct mx_str detail;
};

struct mx_shipping_offer {
    struct mx_id id;
    struct mx_str name;
    struct mx_money price;
    int64_t days_min, days_max;
};

/* A discount in effect. */
struct mx_discount {
    struct mx_id promotion_id;
    struct mx_str name, code; /* code: of the coupon; absent: it needs none */
    struct mx_money amount;
};

struct mx_cart {
    struct mx_id id; /* none: not stored (mx_cart_load_live) */
    struct mx_str currency;
    struct mx_list items;     /* struct mx_cart_item */
    struct mx_str coupon;     /* absent: none */
    struct mx_list discounts; /* struct mx_discount */
    struct mx_money subtotal, discount_total, shipping_total, tax_total, total;
    struct mx_postal *shipping_address;        /* NULL: none yet */
    struct mx_shipping_offer *shipping_method; /* NULL: none yet */
    struct mx_str email, note, metadata;       /* absent: not given; metadata is JSON */
    struct mx_list warnings;                   /* struct mx_cart_warning */
    struct mx_list requirements;               /* struct mx_cart_requirement */
    int64_t version;
    struct mx_id address_id;
    bool has_email;        /* the cart or its account has an address for mail */
    struct mx_str notices; /* as stored: what of the warnings was never shown */
};

/* The account's cart, made if there is none. `shown`: its owner is about to see it, so that what it
 * warns of now is not told again; else the warnings stay for the next time. */
enum mx_err mx_cart_get(struct mx_ctx *cx, bool shown, struct mx_cart *ret_cart) MX_MUST_CHECK;

/* The account's open cart without making one; MX_E_NOT_FOUND when there is none. */
enum mx_err mx_cart_load(struct mx_ctx *cx, struct mx_cart *ret_cart) MX_MUST_CHECK;

/* Lines, address and method of a checkout, instead of the cart's. */
struct mx_cart_line {
    struct mx_id variant_id;
    int64_t quantity;
};
struct mx_cart_instead {
    struct mx_id address; /* an address row; none: the cart's */
    struct mx_id method;  /* none: the cart's */
    struct mx_list lines; /* struct mx_cart_line; none: the cart's */
};
/* The cart that a checkout buys, in its transaction: the open cart, or with `lines` a cart of these
 * alone (version 0, items in their order) that is stored nowhere. The session is seen to live in
 * the same statement (mx_session_require_live), and the caller's audit key is read. MX_E_NOT_FOUND:
 * there is no open cart; MX_E_UNAUTHORIZED: the session has ended; MX_E_VALIDATION_FAILED, with a
 * fault of
 * "/items/N/variant_id" for each, when articles are not sold or named twice. */
enum mx_err mx_cart_load_live(struct mx_ctx *cx, const struct mx_cart_instead *instead,
                              struct mx_cart *ret_cart) MX_MUST_CHECK;

/* The rest runs in the caller's transaction and answers the cart as it is afterwards. */

/* Add `quantity` (1..999) of a variant. MX_E_UNAUTHORIZED as mx_cart_touch, MX_E_OUT_OF_STOCK
 * beyond what is available, MX_E_VALIDATION_FAILED for an unknown variant, more than 999 in sum or
 * too many lines. */
enum mx_err mx_cart_add(struct mx_ctx *cx, struct mx_id variant, int64_t quantity,
                        struct mx_cart *ret_cart) MX_MUST_CHECK;
/* The cart as it is, if it has the line. MX_E_NOT_FOUND. */
enum mx_err mx_cart_holding(struct mx_ctx *cx, struct mx_id item,
                            struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Set a line's quantity; 0 removes it. MX_E_NOT_FOUND, MX_E_OUT_OF_STOCK. */
enum mx_err mx_cart_set_quantity(struct mx_ctx *cx, struct mx_id item, int64_t quantity,
                                 struct mx_cart *ret_cart) MX_MUST_CHECK;

/* Members to change; those not sent stay, absent ones are taken away. */
struct mx_cart_patch {
    bool has_email, has_note, has_metadata;
    struct mx_str email, note, metadata;
};
/* Change what the cart says beside its lines. MX_E_UNAUTHORIZED when the account has ended. */
enum mx_err mx_cart_patch(struct mx_ctx *cx, const struct mx_cart_patch *in,
                          struct mx_cart *ret_cart) MX_MUST_CHECK;

/* Ship to an entry of the address book (`entry`), or to `fields` when `entry` is none.
 * MX_E_VALIDATION_FAILED for an unknown entry. */
enum mx_err mx_cart_ship_to(struct mx_ctx *cx, struct mx_id entry, const struct mx_postal *fields,
                            struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Choose a way to ship. MX_E_VALIDATION_FAILED when it is not offered for this cart. */
enum mx_err mx_cart_ship_by(struct mx_ctx *cx, struct mx_id method,
                            struct mx_cart *ret_cart) MX_MUST_CHECK;
/* Ways to ship the account's cart, made if there is none, with prices; struct mx_shipping_offer. */
enum mx_err mx_cart_offers(struct mx_ctx *cx, struct mx_list *ret_offers) MX_MUST_CHECK;

/* Hold the account, shared, and its open cart, made if there is none, and count a change of it.
 * MX_E_UNAUTHORIZED when the account has ended or was merged. */
enum mx_err mx_cart_touch(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;

/* Lines of `cart` come into `account`'s open cart, made if there is none, with its address, method
 * and words, which count before those that are there. Of what does not come along (too many lines,
 * more than 999 of one, another currency) the cart's warnings tell, until they were shown. `cart`
 * itself stays as it is; where there is none, nothing comes along. In the caller's transaction. */
enum mx_err mx_cart_take(struct mx_ctx *cx, struct mx_id cart, struct mx_id account) MX_MUST_CHECK;

/* Of table cart, see shop/holding.h: a guest's whole cart comes along (mx_cart_take). */
enum mx_err mx_cart_merge(struct mx_ctx *cx, struct mx_id guest, struct mx_id to) MX_MUST_CHECK;
enum mx_err mx_cart_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_cart_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

#endif
