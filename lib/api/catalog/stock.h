/* /v1/admin/stock: routes. */
#ifndef MX_API_CATALOG_STOCK_H
#define MX_API_CATALOG_STOCK_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_stock[];

#endif
