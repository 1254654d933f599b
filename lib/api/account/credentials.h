/* /v1/me/password, /v1/auth/password and /v1/me/email: what signs in, changed. */
#ifndef MX_API_ACCOUNT_CREDENTIALS_H
#define MX_API_ACCOUNT_CREDENTIALS_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_credentials[];

#endif
