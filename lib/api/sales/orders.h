/* /v1/checkout and /v1/orders: handlers and shapes. */
#ifndef MX_API_SALES_ORDERS_H
#define MX_API_SALES_ORDERS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_order, mx_shape_checkout, mx_shape_order_id;

/* Its routes. */
extern const struct mx_route mx_routes_orders[];

#endif
