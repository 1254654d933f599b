/* Routes about the service itself: health, readiness, its description, its public keys. */
#ifndef MX_API_META_H
#define MX_API_META_H

#include "http/route.h"

extern const struct mx_shape mx_shape_health, mx_shape_readiness;

/* Its routes. */
extern const struct mx_route mx_routes_meta[];

#endif
