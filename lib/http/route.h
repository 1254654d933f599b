/* The row type of THE route table (lib/api/routes.c lists the tables of each noun) and matching
 * over it. Router, permission gate, validation, rate class, idempotency, transaction, pool, cache
 * headers, OpenAPI, nginx locations and tests all follow from these rows. */
#ifndef MX_HTTP_ROUTE_H
#define MX_HTTP_ROUTE_H

#include "base/pool.h"
#include "http/authz.h"
#include "http/field.h"
#include "http/page.h"
#include "http/req.h"

#define MX_R_TX 1u            /* run in one transaction, committed before the answer */
#define MX_R_IDEMPOTENT 2u    /* Idempotency-Key required; every other POST honours it */
#define MX_R_PUBLIC 8u        /* cacheable: ETag, Cache-Control: public */
#define MX_R_LOCK_SESSION 16u /* the session row is checked inside the transaction */
#define MX_R_UNLISTED 32u     /* not below the versioned API (metrics) */
#define MX_R_RECENT_AUTH \
    64u /* signed in, or proved again to be there, a short while ago; or a guest */
#define MX_R_WITHOUT_MFA \
    128u                 /* open to staff who have yet to enrol the second factor that they need */
#define MX_R_KEYSET 256u /* the public key set: cacheable for as long as a new key waits */
#define MX_R_REVOKED_OK                                                                       \
    512u /* takes the token of a session that has ended, too: on a route for anyone a guest's \
            alone, who may repeat the sign-in that ended it */
#define MX_R_BRIEF_REPLAY                                                                        \
    2048u /* an answer kept under an Idempotency-Key is given again while its access token lives \
           */
#define MX_R_LIST 1024u   /* answers with a page of reply->page.rows; limit and cursor are read */
#define MX_R_HEALTH 4096u /* asked by machines all the time: log_health_checks */

/* Class of requests that count against one limit of the client's address. */
enum mx_rate_class {
    MX_RATE_NONE,
    MX_RATE_GUEST,   /* leaves an account behind, and needs nothing but asking */
    MX_RATE_SIGN_IN, /* cheap, and every visitor does it: refreshed tokens, challenges */
    MX_RATE_PASSWORD /* a secret may be guessed, a password hashed or a foreign key checked:
                        sign-in, codes, new passkeys; an export */
};

#define MX_ANSWERS_MAX 3
#define MX_PATH_PARAMS_MAX 4

/* One possible success. shape NULL: no body (204) or, with media, a body of that type. */
struct mx_answer {
    int status;
    const struct mx_shape *shape;
    const char *media; /* NULL: application/json */
};

struct mx_route;
struct mx_pick;
/* Result of a handler. */
struct mx_reply {
    int answer;                   /* index into the route's answers; 0 unless set */
    const void *out;              /* a struct of that answer's shape */
    struct mx_str raw;            /* instead of `out`: a ready body */
    struct mx_str etag;           /* without quotes; absent: none (public routes hash the body) */
    struct mx_str location;       /* path below the mount; absent: none */
    enum mx_err error;            /* an error that commits all the same (402 with its order) */
    const struct mx_route *route; /* set by dispatch: the row that is run */
    const struct mx_pick *pick;   /* set by dispatch: what is kept of the answer; NULL: all of it */
    struct mx_page page; /* MX_R_LIST: what is asked for, and instead of `out` what was found */
    /* NULL, or fills in what only the handler's own transaction knows: called before the answer is
     * made, which may be within that transaction and in each run of it. */
    void (*complete)(struct mx_ctx *cx, struct mx_reply *reply);
    void *known; /* the handler's own, for `complete` */
};

struct mx_noun;
/* A handler: 5 to 25 lines. `in` is a struct of route->in. */
typedef enum mx_err (*mx_handler)(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

struct mx_route {
    const char *id; /* "cart.items.add": log, metrics, operationId */
    enum mx_method method;
    const char *path; /* "/v1/cart/items/{id}" */
    enum mx_who who;
    uint64_t permission; /* MX_WHO_STAFF: the bit needed */
    unsigned flags;
    enum mx_pool_kind pool; /* see mx_route_pool */
    enum mx_rate_class rate;
    const struct mx_shape *in; /* NULL: takes nothing */
    /* Instead of body rows of `in`, whose struct then begins with a struct mx_sent: that of the
     * body. PATCH takes any of its members. */
    const struct mx_shape *body;
    struct mx_answer answers[MX_ANSWERS_MAX];
    const enum mx_err *errors; /* declared errors beyond those the gates make; ends with MX_OK */
    /* NULL, or the members that the problem of one status has beside those of every problem
     * (mx_fault_extra), and which status that is. */
    const struct mx_shape *problem;
    int problem_status;
    mx_handler fn;
    const struct mx_noun *noun; /* of the rows that MX_CRUD_ROUTES makes (api/crud.h) */
    const char *doc;            /* summary: an imperative without a full stop: "Place an order" */
    const char *more; /* description: what the caller has to know beyond the summary and what
                         follows from the row (who may call, permission, paging); NULL: nothing */
};

/* The declared errors of a row. */
#define MX_ROUTE_ERRORS(...) ((const enum mx_err[]){__VA_ARGS__, MX_OK})

/* A table of one noun ends with a row without an id, a list of tables with NULL. MX_EACH_ROUTE is
 * a loop over all rows of a list: `break` leaves the rows of one table alone. */
typedef const struct mx_route *const *mx_routes_ptr;
#define MX_EACH_ROUTE(tables, r)                                      \
    for (mx_routes_ptr r##_table = (tables); *r##_table; r##_table++) \
        for (const struct mx_route *r = *r##_table; r->id; r++)

/* The OpenAPI document has it. */
static inline bool mx_route_listed(const struct mx_route *r)
{
    return !(r->flags & MX_R_UNLISTED);
}

/* The kind of pool that serves the route: that of its row; of staff's routes the staff pool, unless
 * the row names another than the fast one. */
enum mx_pool_kind mx_route_pool(const struct mx_route *r);

/* "GET"; "OTHER" for a method that no route has. */
const char *mx_method_name(enum mx_method m);

/* True when `shape` (may be NULL) has a row from `from`. */
bool mx_shape_takes(const struct mx_shape *shape, enum mx_from from);
/* True when the body has a secret member of that name. */
bool mx_shape_is_secret(const struct mx_shape *shape, struct mx_str name);
/* True when the body has a secret member: its sender has proved something. */
bool mx_shape_has_secret(const struct mx_shape *shape);
/* True when the shape has a member `version`, which is the entity tag of its answers. */
bool mx_shape_has_version(const struct mx_shape *shape);
/* True when without a body the request is refused. */
bool mx_route_requires_body(const struct mx_route *r);
/* True when a body is looked at: POST, PUT and PATCH, and others whose input has body rows. */
bool mx_route_reads_body(const struct mx_route *r);

/* Check the table itself at start-up: unique ids and method+path, one spelling of a path, `who`
 * set, staff rows with a permission, flags that fit the method, path parameters bound, input rows
 * of a kind that their source can carry, all input bounded (strings, lists, integers), shapes of
 * one name the same and none within itself. MX_BUG on the first fault. */
void mx_route_check(mx_routes_ptr tables);

#endif
