/* /v1/me/mfa: handlers and shapes. */
#ifndef MX_API_ACCOUNT_MFA_H
#define MX_API_ACCOUNT_MFA_H

#include "http/route.h"

extern const struct mx_shape mx_shape_totp_seed, mx_shape_totp_code, mx_shape_recovery_codes;

/* Its routes. */
extern const struct mx_route mx_routes_mfa[];

#endif
