/* /v1/cart: handlers and shapes. */
#ifndef MX_API_SALES_CART_H
#define MX_API_SALES_CART_H

#include "http/route.h"

extern const struct mx_shape mx_shape_cart, mx_shape_cart_add, mx_shape_cart_item_set,
    mx_shape_cart_item_id, mx_shape_cart_ship_to, mx_shape_cart_ship_by, mx_shape_shipping_offers,
    mx_shape_postal;

enum mx_err api_cart_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_cart_item_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_cart_item_set(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_cart_item_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_cart_ship_to(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_cart_ship_by(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_cart_shipping_methods(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
