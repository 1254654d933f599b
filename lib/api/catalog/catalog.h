/* /v1/categories and /v1/products: handlers and shapes. */
#ifndef MX_API_CATALOG_CATALOG_H
#define MX_API_CATALOG_CATALOG_H

#include "http/route.h"

extern const struct mx_shape mx_shape_card, mx_shape_product_category, mx_shape_categories,
    mx_shape_category, mx_shape_category_query, mx_shape_category_slug, mx_shape_product_page,
    mx_shape_product_query, mx_shape_product, mx_shape_product_ref;

/* Its routes. */
extern const struct mx_route mx_routes_catalog[];

#endif
