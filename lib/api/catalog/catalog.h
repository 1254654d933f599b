/* /v1/categories and /v1/products: handlers and shapes. */
#ifndef MX_API_CATALOG_CATALOG_H
#define MX_API_CATALOG_CATALOG_H

#include "http/route.h"

extern const struct mx_shape mx_shape_card, mx_shape_product_category, mx_shape_categories,
    mx_shape_category, mx_shape_category_query, mx_shape_category_slug, mx_shape_product_page,
    mx_shape_product_query, mx_shape_product, mx_shape_product_ref;

enum mx_err api_categories_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_category_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_products_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_product_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
