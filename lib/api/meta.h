/* What is about the service itself: health, readiness, its description, its public keys. */
#ifndef MX_API_META_H
#define MX_API_META_H

#include "http/route.h"

extern const struct mx_shape mx_shape_health, mx_shape_readiness;

enum mx_err api_healthz(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_readyz(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_openapi(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_jwks(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_metrics(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
