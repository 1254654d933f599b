/* The gates, in this order, once: request sanity, path, load, method, CORS, size,
 * authenticate, permission, rate class, type, fields, idempotency and transaction, handler, commit,
 * answer. Work that needs a socket or a database is behind the hooks, so that all of this can be
 * fuzzed.
 */
#ifndef MX_HTTP_DISPATCH_H
#define MX_HTTP_DISPATCH_H

#include "http/router.h"

/* The two halves of making an answer, for whoever runs them; arg is for both. */
struct mx_work {
    enum mx_err (*handle)(void *arg); /* the handler; may run again from the start */
    /* Write to res the reply that the handler has made, or within its own transaction is about to
     * make; may run again. */
    enum mx_err (*render)(void *arg);
    void *arg;
};

/* A rendered public answer as the host's memory keeps it. */
struct mx_kept {
    uint64_t generation; /* of the catalog when it was looked up */
    struct mx_str body, etag;
};

struct mx_hooks {
    /* Read the bearer token into cx->actor. MX_E_UNAUTHORIZED; MX_E_SESSION_ENDED for a token that
     * is good in all but that its session has ended: cx->actor is set. */
    enum mx_err (*authenticate)(struct mx_ctx *cx, struct mx_str bearer);
    /* Require what the route asks of a caller with a token, as the database has it now: of staff
     * the route's permission and, where the settings say so, a second factor (but on
     * MX_R_WITHOUT_MFA); a sign-in that is not long ago (MX_R_RECENT_AUTH). MX_E_FORBIDDEN,
     * MX_E_MFA_ENROLMENT_REQUIRED, MX_E_REAUTH_REQUIRED, MX_E_UNAUTHORIZED. */
    enum mx_err (*authorize)(struct mx_ctx *cx, const struct mx_route *route);
    /* Count this request against its class; sets cx->rate. MX_E_RATE_LIMITED. */
    enum mx_err (*admit)(struct mx_ctx *cx, enum mx_rate_class c);
    /* Do `work` under the route's idempotency and transaction rules. The arena may be rewound to
     * where it was before between two tries. To replay a stored answer set res->status, body
     * (emptied first), location, etag and replayed: dispatch writes its headers. Other headers
     * written to res here are lost.
     */
    enum mx_err (*run)(struct mx_ctx *cx, const struct mx_route *route, const struct mx_req *req,
                       const struct mx_work *work, struct mx_res *res);
    /* The answer to a public GET that was asked lately. False: there is none, and what `k` says of
     * the moment goes to `remember` with the new one. May be NULL, with remember. */
    bool (*recall)(struct mx_ctx *cx, const struct mx_req *req, struct mx_kept *k);
    void (*remember)(struct mx_ctx *cx, const struct mx_req *req, const struct mx_kept *k);
};

struct mx_app {
    const struct mx_router *router;
    const struct mx_hooks *hooks;
};

/* Answer one request. The caller gives a new cx with proc, arena, db, faults, now_ms, draining and
 * refuse, and in res two empty buffers in that arena. Fills cx->actor, route_id (absent for an
 * unknown path), request_id, trace, address, mount, user_agent (valid UTF-8 of at most 200 bytes,
 * or absent), accept_language (as it came), *cx->faults and the log context. res is always a
 * complete answer, with the RateLimit headers of cx->rate as it is at the end. Returns the status
 * that decided it, for the log.
 *
 * The raw path must decode to mount + path byte for byte with as many slashes: escapes of single
 * characters are no difference, but what nginx normalised away (dot segments, double slashes, %2F)
 * is refused with 400, so that no rule of nginx saw another path than we do. Empty headers count as
 * absent. A body on GET and DELETE is not looked at unless the route takes one; a route whose body
 * has no required member takes an empty body, too. */
enum mx_err mx_dispatch(const struct mx_app *app, struct mx_ctx *cx, const struct mx_req *req,
                        struct mx_res *res);

#endif
