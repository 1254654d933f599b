/* Signing in with OpenID providers: handlers and shapes. */
#ifndef MX_API_ACCOUNT_OIDC_H
#define MX_API_ACCOUNT_OIDC_H

#include "http/route.h"

extern const struct mx_shape mx_shape_id_proof, mx_shape_identity, mx_shape_identities,
    mx_shape_identity_id, mx_shape_provider_notice, mx_shape_provider_event;

/* Its routes. */
extern const struct mx_route mx_routes_oidc[];

#endif
