/* Roles of staff. */
#ifndef MX_API_ACCOUNT_ROLES_H
#define MX_API_ACCOUNT_ROLES_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_roles[];

#endif
