/* Context of a request, carried through all layers: its arena, database handle, faults, actor and
 * clock, and beside it what belongs to the process. Layers below io see the database only as an
 * opaque pointer. */
#ifndef MX_BASE_CTX_H
#define MX_BASE_CTX_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/settings.h"
#include "base/trace.h"

struct mx_db;
struct mx_keys;
struct mx_oidc;
struct mx_shared;

/* MX_OPERATOR: a command on the host, which may do everything. */
enum mx_actor_kind { MX_ANYONE, MX_GUEST, MX_CUSTOMER, MX_STAFF, MX_OPERATOR };

/* The caller, as the verified token (and for staff the database) says. */
struct mx_actor {
    enum mx_actor_kind kind;
    struct mx_id account;
    struct mx_id session;
    uint64_t permissions;   /* bits of base/perm.h; 0 for all but staff */
    int64_t token_exp_ms;   /* when the access token ends */
    bool ended;             /* the session has, and the route takes its token all the same */
    bool has_audit_key;     /* the database was asked for it together with the permissions */
    struct mx_id audit_key; /* what encrypts the caller's addresses in the audit log */
};

/* A rate limit as the answer tells it (RateLimit-Limit, -Remaining, -Reset). */
struct mx_rate {
    int64_t limit; /* 0: none applies */
    int64_t left;
    int64_t reset_s; /* until one more is left */
};

/* Where the time of a request went, beside the database. */
struct mx_spent {
    int64_t hash_wait_ns; /* until it was its turn to hash a password */
    int64_t hash_ns;
    int64_t provider_ns; /* for the keys of an identity provider */
};

/* State of the process that all its requests share; only the program changes it, between two of
 * them. */
struct mx_proc {
    const struct mx_settings *conf;
    const struct mx_keys *keys; /* codec/token.h */
    const struct mx_oidc *oidc; /* codec/oidc.h: whom people may sign in with; NULL: nobody */
    struct mx_shared *shared;   /* io/shm.h: rate buckets, revoked sessions, verified tokens */
};

/* Made anew for each request. */
struct mx_ctx {
    const struct mx_proc *proc;
    struct mx_arena *arena;
    struct mx_db *db; /* io/db.h */
    struct mx_faults *faults;
    struct mx_actor actor;
    struct mx_id claimed;     /* account that a caller who signs in claims to be, or is by now */
    struct mx_str named;      /* the canonical address that such a caller named, known or not */
    struct mx_id once;        /* made of caller and Idempotency-Key; none: no key was given */
    int64_t now_ms;           /* wall clock at arrival: one "now" for the whole request */
    struct mx_id exchange;    /* this request, as nobody else can name it; none: a job or command */
    struct mx_str request_id; /* the client's X-Request-Id, or `exchange` as text */
    struct mx_trace trace;    /* that the request belongs to */
    struct mx_str address;    /* the client's address as nginx saw it */
    struct mx_str user_agent;
    struct mx_str accept_language; /* as sent, unchecked */
    bool draining;                 /* the host is being taken out of service: not ready */
    enum mx_err refuse;            /* MX_OK, or why only health checks are run now */
    bool head;                     /* HEAD: nobody sees the body of the answer */
    struct mx_str route_id;
    struct mx_str mount; /* where nginx mounts us, e.g. "/api" */
    struct mx_spent spent;
    struct mx_rate rate; /* of the route's class, or of the limit that refused */
};

#endif
