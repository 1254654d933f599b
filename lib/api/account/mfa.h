/* /v1/me/mfa: routes. */
#ifndef MX_API_ACCOUNT_MFA_H
#define MX_API_ACCOUNT_MFA_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_mfa[];

#endif
