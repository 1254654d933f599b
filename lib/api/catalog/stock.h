/* /v1/admin/stock: handlers and shapes. */
#ifndef MX_API_CATALOG_STOCK_H
#define MX_API_CATALOG_STOCK_H

#include "http/route.h"

extern const struct mx_shape mx_shape_stock, mx_shape_stock_query, mx_shape_stock_adjustment;

/* Its routes. */
extern const struct mx_route mx_routes_stock[];

#endif
