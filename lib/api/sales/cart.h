/* /v1/cart: routes, and shapes that others share. */
#ifndef MX_API_SALES_CART_H
#define MX_API_SALES_CART_H

#include "http/route.h"

extern const struct mx_shape mx_shape_discount, mx_shape_cart;

/* Its routes. */
extern const struct mx_route mx_routes_cart[];

#endif
