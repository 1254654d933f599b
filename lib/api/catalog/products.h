/* /v1/admin/products: handlers and shapes. */
#ifndef MX_API_CATALOG_PRODUCTS_H
#define MX_API_CATALOG_PRODUCTS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_staff_product, mx_shape_staff_products,
    mx_shape_staff_product_query, mx_shape_product_id, mx_shape_product_version,
    mx_shape_product_write, mx_shape_product_patch;

enum mx_err api_admin_products_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_product_create(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_product_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_product_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_product_archive(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
