/* /v1/me/export: all that is held of the caller. */
#ifndef MX_API_ACCOUNT_EXPORT_H
#define MX_API_ACCOUNT_EXPORT_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_export[];

#endif
