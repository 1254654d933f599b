/* /v1/me/password, /v1/auth/password and /v1/me/email: what signs in, changed. */
#ifndef MX_API_ACCOUNT_CREDENTIALS_H
#define MX_API_ACCOUNT_CREDENTIALS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_password_change, mx_shape_password_forgot,
    mx_shape_password_reset, mx_shape_email_change, mx_shape_email_code;

enum mx_err api_me_password(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_password_forgot(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_auth_password_reset(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_me_email(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_me_email_verify(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
