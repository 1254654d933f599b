/* /v1/cart: handlers and shapes. */
#ifndef MX_API_SALES_CART_H
#define MX_API_SALES_CART_H

#include "http/route.h"

extern const struct mx_shape mx_shape_cart, mx_shape_cart_add, mx_shape_cart_item_set,
    mx_shape_cart_item_id, mx_shape_cart_ship_to, mx_shape_cart_ship_by, mx_shape_shipping_offers,
    mx_shape_cart_patch;

/* Its routes. */
extern const struct mx_route mx_routes_cart[];

#endif
