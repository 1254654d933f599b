/* /v1/me: routes, and shapes that others share. */
#ifndef MX_API_ACCOUNT_ME_H
#define MX_API_ACCOUNT_ME_H

#include "http/route.h"

extern const struct mx_shape mx_shape_user;

/* Its routes. */
extern const struct mx_route mx_routes_me[];

#endif
