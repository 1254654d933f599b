/* /v1/checkout and /v1/orders: handlers and shapes. */
#ifndef MX_API_SALES_ORDERS_H
#define MX_API_SALES_ORDERS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_order, mx_shape_orders, mx_shape_checkout, mx_shape_order_id,
    mx_shape_order_page;

enum mx_err api_checkout(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_orders_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_order_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_order_cancel(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
