/* Callers that a route allows; staff may need a permission as well (base/perm.h). */
#ifndef MX_HTTP_AUTHZ_H
#define MX_HTTP_AUTHZ_H

#include "base/ctx.h"
#include "base/perm.h"

/* Callers that a route allows. */
enum mx_who {
    MX_WHO_UNSET = 0, /* start-up refuses the table */
    MX_WHO_PUBLIC,    /* the answer does not depend on the caller: a token is not looked at */
    MX_WHO_ANYONE,    /* no token needed; a valid one is read, a bad one is refused */
    MX_WHO_TOKEN,     /* guest or customer or staff */
    MX_WHO_STAFF      /* staff who hold the route's permission, read from the database */
};

/* "public", "anyone", "token", "staff". */
const char *mx_who_name(enum mx_who who);

#endif
