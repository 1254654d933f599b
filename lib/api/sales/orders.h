/* /v1/checkout and /v1/orders: routes, and shapes that others share. */
#ifndef MX_API_SALES_ORDERS_H
#define MX_API_SALES_ORDERS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_order;

/* Its routes. */
extern const struct mx_route mx_routes_orders[];

#endif
