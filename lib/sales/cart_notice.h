/* Losses of a merge of two carts: kept with the cart as JSON, shown as warnings until the owner has
 * seen them. And the code that warnings and refusals share. */
#ifndef MX_SALES_CART_NOTICE_H
#define MX_SALES_CART_NOTICE_H

#include "sales/cart.h"

/* Notices kept of one cart; the oldest go first. */
#define MX_CART_NOTICES_MAX 200

/* Append what the stored notices tell to a list of struct mx_cart_warning, which is copied. */
void mx_cart_notices_read(struct mx_arena *a, struct mx_str notices, struct mx_list *warnings);
/* The stored form of the newest of these warnings. */
struct mx_str mx_cart_notices_text(struct mx_arena *a, struct mx_list warnings);

/* "Product – variant". */
struct mx_str mx_cart_title(struct mx_arena *a, struct mx_str product, struct mx_str variant);
/* The params of a refusal that names lines: {"items":[{item_id,variant_id,sku,title,quantity}]};
 * the item_id of a line that is in no stored cart is null. Articles of a request are among those at
 * `sent` (else NULL), in its order: they have a `pointer` instead of an item_id. */
struct mx_str mx_cart_items_params(struct mx_arena *a, const struct mx_cart_item *const *items,
                                   size_t n, const struct mx_cart_item *sent);

#endif
