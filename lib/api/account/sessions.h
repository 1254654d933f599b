/* /v1/me/sessions: the devices that are signed in. */
#ifndef MX_API_ACCOUNT_SESSIONS_H
#define MX_API_ACCOUNT_SESSIONS_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_sessions[];

#endif
