/* /v1/admin/products: handlers and shapes. */
#ifndef MX_API_CATALOG_PRODUCTS_H
#define MX_API_CATALOG_PRODUCTS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_staff_product, mx_shape_staff_product_query,
    mx_shape_product_id, mx_shape_product_version, mx_shape_product_write, mx_shape_product_patch;

/* Its routes. */
extern const struct mx_route mx_routes_products[];

#endif
