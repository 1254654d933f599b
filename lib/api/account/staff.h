/* Staff, their roles, and accepting an invitation. */
#ifndef MX_API_ACCOUNT_STAFF_H
#define MX_API_ACCOUNT_STAFF_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_staff[];

#endif
