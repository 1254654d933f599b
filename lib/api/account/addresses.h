/* /v1/me/addresses: routes, and shapes that others share. */
#ifndef MX_API_ACCOUNT_ADDRESSES_H
#define MX_API_ACCOUNT_ADDRESSES_H

#include "http/route.h"

extern const struct mx_shape mx_shape_address;

/* Its routes. */
extern const struct mx_route mx_routes_addresses[];

#endif
