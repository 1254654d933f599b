/* Routes about the service itself: health, readiness, its description, its public keys. */
#ifndef MX_API_META_H
#define MX_API_META_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_meta[];

#endif
