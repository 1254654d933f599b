/* /v1/auth: handlers and shapes. */
#ifndef MX_API_AUTH_H
#define MX_API_AUTH_H

#include "http/route.h"

extern const struct mx_shape mx_shape_tokens, mx_shape_verification, mx_shape_guest,
    mx_shape_register, mx_shape_verify, mx_shape_login, mx_shape_refresh, mx_shape_logout;

enum mx_err api_auth_guest(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_register(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_verify(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_login(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_refresh(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_logout(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
