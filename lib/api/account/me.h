/* /v1/me: handlers and shapes. */
#ifndef MX_API_ACCOUNT_ME_H
#define MX_API_ACCOUNT_ME_H

#include "http/route.h"

extern const struct mx_shape mx_shape_user, mx_shape_me_patch, mx_shape_me_delete;

/* Its routes. */
extern const struct mx_route mx_routes_me[];

#endif
