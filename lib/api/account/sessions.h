/* /v1/me/sessions: the devices that are signed in. */
#ifndef MX_API_ACCOUNT_SESSIONS_H
#define MX_API_ACCOUNT_SESSIONS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_session_id;

/* Its routes. */
extern const struct mx_route mx_routes_sessions[];

#endif
