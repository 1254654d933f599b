/* /v1/me/mfa: handlers and shapes. */
#ifndef MX_API_ACCOUNT_MFA_H
#define MX_API_ACCOUNT_MFA_H

#include "http/route.h"

extern const struct mx_shape mx_shape_totp_seed, mx_shape_totp_code, mx_shape_recovery_codes;

enum mx_err api_mfa_totp_begin(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_mfa_totp_confirm(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_mfa_totp_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_mfa_recovery_codes(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
