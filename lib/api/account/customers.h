/* Customers, for staff. */
#ifndef MX_API_ACCOUNT_CUSTOMERS_H
#define MX_API_ACCOUNT_CUSTOMERS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_customer, mx_shape_customer_page, mx_shape_customer_query,
    mx_shape_customer_id, mx_shape_customer_patch;

enum mx_err api_admin_customers_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_customer_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_customer_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_customer_end_sessions(struct mx_ctx *cx, const void *in,
                                            struct mx_reply *reply);

#endif
