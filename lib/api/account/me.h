/* /v1/me: handlers and shapes. */
#ifndef MX_API_ACCOUNT_ME_H
#define MX_API_ACCOUNT_ME_H

#include "http/route.h"

extern const struct mx_shape mx_shape_user, mx_shape_me_patch, mx_shape_me_delete;

enum mx_err api_me_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_me_patch(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_me_delete(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
