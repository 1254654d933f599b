/* Which row of the route table serves a request: the table as a tree of path segments, made once.
 */
#ifndef MX_HTTP_ROUTER_H
#define MX_HTTP_ROUTER_H

#include "http/route.h"

/* "GET, HEAD, POST, PUT, PATCH, DELETE" with its NUL is shorter. */
#define MX_ALLOW_TEXT 64

struct mx_router;

/* Result of matching a path. */
struct mx_match {
    const struct mx_route *route; /* NULL: unknown path, or known path but another method */
    unsigned methods;             /* bits 1 << enum mx_method of this path; 0: unknown path */
    bool listed;                  /* by a row that is not MX_R_UNLISTED */
    struct mx_pair params[MX_PATH_PARAMS_MAX]; /* name and value of each {name} */
    int n_params;
};

/* The tree of these tables, in `a`. It borrows from them. */
struct mx_router *mx_router_new(struct mx_arena *a, mx_routes_ptr tables);

/* Match method and path. HEAD matches GET rows. Where several rows match, the one with the fewest
 * {names} is taken; the value of a {name} is one non-empty segment. Names and values borrow from
 * the table and the path. */
struct mx_match mx_router_match(const struct mx_router *r, enum mx_method m, struct mx_str path);

/* "GET, HEAD, POST": the methods of a path, for the header Allow (RFC 9110 10.2.1). */
void mx_match_allow(const struct mx_match *m, char out[MX_ALLOW_TEXT]);

#endif
