/* Signing in with OpenID providers: handlers and shapes. */
#ifndef MX_API_ACCOUNT_OIDC_H
#define MX_API_ACCOUNT_OIDC_H

#include "http/route.h"

extern const struct mx_shape mx_shape_id_proof, mx_shape_identity, mx_shape_identities,
    mx_shape_identity_id, mx_shape_provider_notice, mx_shape_provider_event;

enum mx_err api_auth_oidc(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_oidc_notice(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_identities_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_identity_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_identity_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
