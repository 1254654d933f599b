/* Staff, their roles, and accepting an invitation. */
#ifndef MX_API_ACCOUNT_STAFF_H
#define MX_API_ACCOUNT_STAFF_H

#include "http/route.h"

extern const struct mx_shape mx_shape_staff, mx_shape_staff_query, mx_shape_staff_id,
    mx_shape_staff_version, mx_shape_staff_invite, mx_shape_staff_patch, mx_shape_invitation_accept;

/* Its routes. */
extern const struct mx_route mx_routes_staff[];

#endif
