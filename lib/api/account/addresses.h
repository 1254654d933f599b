/* /v1/me/addresses: handlers and shapes. */
#ifndef MX_API_ACCOUNT_ADDRESSES_H
#define MX_API_ACCOUNT_ADDRESSES_H

#include "http/route.h"

extern const struct mx_shape mx_shape_address, mx_shape_addresses, mx_shape_address_new,
    mx_shape_address_put, mx_shape_address_id, mx_shape_address_page;

enum mx_err api_addresses_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_address_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_address_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_address_put(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_address_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
