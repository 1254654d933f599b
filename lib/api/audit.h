/* The audit log, for staff. */
#ifndef MX_API_AUDIT_H
#define MX_API_AUDIT_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_audit[];

#endif
