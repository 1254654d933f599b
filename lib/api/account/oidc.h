/* Signing in with OpenID providers: routes, and shapes that others share. */
#ifndef MX_API_ACCOUNT_OIDC_H
#define MX_API_ACCOUNT_OIDC_H

#include "http/route.h"

extern const struct mx_shape mx_shape_identity;

/* Its routes. */
extern const struct mx_route mx_routes_oidc[];

#endif
