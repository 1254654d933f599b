/* /v1/categories and /v1/products: routes, and shapes that others share. */
#ifndef MX_API_CATALOG_CATALOG_H
#define MX_API_CATALOG_CATALOG_H

#include "http/route.h"

extern const struct mx_shape mx_shape_card, mx_shape_product_category;

/* Its routes. */
extern const struct mx_route mx_routes_catalog[];

#endif
