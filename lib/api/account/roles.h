/* Roles of staff. */
#ifndef MX_API_ACCOUNT_ROLES_H
#define MX_API_ACCOUNT_ROLES_H

#include "http/route.h"

extern const struct mx_shape mx_shape_role, mx_shape_role_name, mx_shape_role_version,
    mx_shape_role_new, mx_shape_role_patch;

/* Its routes. */
extern const struct mx_route mx_routes_roles[];

#endif
