/* /v1/me/addresses: handlers and shapes. */
#ifndef MX_API_ACCOUNT_ADDRESSES_H
#define MX_API_ACCOUNT_ADDRESSES_H

#include "http/route.h"

extern const struct mx_shape mx_shape_address, mx_shape_address_new, mx_shape_address_put,
    mx_shape_address_id;

/* Its routes. */
extern const struct mx_route mx_routes_addresses[];

#endif
