/* /v1/admin/products: routes, and shapes that others share. */
#ifndef MX_API_CATALOG_PRODUCTS_H
#define MX_API_CATALOG_PRODUCTS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_product_write;

/* Its routes. */
extern const struct mx_route mx_routes_products[];

#endif
