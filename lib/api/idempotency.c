#include "api/idempotency.h"

#include "account/session.h"
#include "api/authn.h"
#include "base/clock.h"
#include "base/metric.h"
#include "catalog/generation.h"
#include "codec/keys.h"
#include "codec/uri.h"
#include "io/db.h"
#include "io/shm.h"
#include "q/idempotency.h"

/* When an account's oldest answers may have been forgotten, or the first holder of a key be done.
 */
#define FULL_RETRY_S 3600
#define TWIN_RETRY_S 1
/* So many hosts may each use their share of what an account has room for before the room counts
 * again; a share is good for so long. */
#define HOSTS 16
#define ALLOWED_S 600
/* Of an account that this host has not seen of late so much is kept uncounted, which is all that
 * most guests ever need. */
#define FIRST_ANSWERS 4
#define FIRST_BYTES 65536

/* One request under its idempotency and transaction rules. */
struct run {
    struct mx_ctx *cx;
    const struct mx_route *route;
    const struct mx_work *work;
    struct mx_res *res;
    struct mx_str key;       /* absent: not given */
    struct mx_id principal;  /* whose key it is */
    struct mx_hash request;  /* never stored: a password may be guessed by it */
    struct mx_faults faults; /* as they were before the first try */
    bool key_taken;          /* another request has stored its answer under it */
    bool full;               /* the account has no room for another answer */
    bool stored;             /* the answer is, with the effect */
};

static struct mx_str hash_str(const struct mx_hash *h)
{
    return (struct mx_str){(const char *)h->b, sizeof(h->b)};
}

/* The sealing key needs the server's secret, the caller's own key and the request. */
static struct mx_hash seal_of(const struct run *r, const struct mx_hash *secret)
{
    struct mx_str label = mx_str_fmt(r->cx->arena, "idempotency:%.*s", MX_FMT(r->key));
    struct mx_hash keyed = mx_hmac(secret, label);

    return mx_hmac(&keyed, hash_str(&r->request));
}

/* The text whose HMAC is stored in place of the request. */
static struct mx_str told(const struct run *r)
{
    struct mx_arena *a = r->cx->arena;

    return mx_str_fmt(a, "idempotent request %s", mx_b64url(a, r->request.b, MX_HASH).p);
}

static struct mx_hash stamp_of(const struct run *r)
{
    return mx_hmac(mx_keys_secret(r->cx->proc->keys), told(r));
}

/* Strangers have nothing to tell them apart but what they send: each request is a caller of its
 * own. */
static struct mx_id principal_of(const struct run *r)
{
    struct mx_hash stamp;

    if (!mx_id_none(r->cx->actor.account))
        return r->cx->actor.account;
    stamp = stamp_of(r);
    return mx_id_of(stamp.b);
}

/* Caller and key. */
static struct mx_id once_of(const struct run *r)
{
    struct mx_arena *a = r->cx->arena;
    struct mx_str caller = mx_hex(a, r->principal.b, sizeof r->principal.b);
    struct mx_hash digest = mx_sha256(mx_str_fmt(a, "%s %.*s", caller.p, MX_FMT(r->key)));

    return mx_id_of(digest.b);
}

/* Method, path, query and body. */
static void identify(struct run *r, const struct mx_req *req)
{
    struct mx_arena *a = r->cx->arena;
    struct mx_hash body = mx_sha256(req->body);
    struct mx_str what =
        mx_str_fmt(a, "%.*s %.*s?%.*s\n", MX_FMT(req->method_text), MX_FMT(req->path),
                   req->query.p ? (int)req->query.n : 0, req->query.p ? req->query.p : "");
    struct mx_hash head = mx_sha256(what);
    char both[2 * MX_HASH];

    memcpy(both, head.b, MX_HASH);
    memcpy(both + MX_HASH, body.b, MX_HASH);
    r->request = mx_sha256((struct mx_str){both, sizeof(both)});
    r->key = req->idempotency_key;
    r->principal = principal_of(r);
    r->cx->once = once_of(r);
}

/* A stored answer is "location\netag\nbody", sealed; an empty line for a header it does not have.
 */
static struct mx_str sealed_answer(struct run *r)
{
    const struct mx_res *res = r->res;
    struct mx_str body = mx_buf_view(&res->body);
    struct mx_hash seal = seal_of(r, mx_keys_secret(r->cx->proc->keys));
    struct mx_buf plain;

    mx_buf_init(&plain, r->cx->arena, res->location.n + res->etag.n + body.n + 2);
    mx_buf_str(&plain, res->location);
    mx_buf_byte(&plain, '\n');
    mx_buf_str(&plain, res->etag);
    mx_buf_byte(&plain, '\n');
    mx_buf_str(&plain, body);
    return mx_seal(r->cx->arena, &seal, mx_buf_view(&plain));
}

static struct mx_str stored_header(struct mx_str *rest)
{
    struct mx_str line = {NULL, 0};

    if (!mx_str_split(rest, '\n', &line) || line.n == 0)
        return (struct mx_str){NULL, 0};
    return line;
}

/* Sealed with the server's secret, or the one before. */
static bool unseal(const struct run *r, struct mx_str sealed, struct mx_str *ret_plain)
{
    const struct mx_hash *old = mx_keys_secret_old(r->cx->proc->keys);
    struct mx_hash seal = seal_of(r, mx_keys_secret(r->cx->proc->keys));

    if (mx_unseal(r->cx->arena, &seal, sealed, ret_plain))
        return true;
    if (old == NULL)
        return false;
    seal = seal_of(r, old);
    return mx_unseal(r->cx->arena, &seal, sealed, ret_plain);
}

static enum mx_err replay(struct run *r, const struct q_idempotency_find_row *row)
{
    struct mx_str body;

    if (!unseal(r, row->body, &body))
        return mx_fail(r->cx->faults, MX_E_UNAVAILABLE, "The stored answer cannot be read.");
    r->res->location = stored_header(&body);
    r->res->etag = stored_header(&body);
    mx_buf_init(&r->res->body, r->cx->arena, r->res->body.max);
    r->res->status = (int)row->status;
    r->res->replayed = true;
    mx_buf_str(&r->res->body, body);
    return MX_OK;
}

static enum mx_err in_progress(struct run *r)
{
    r->cx->faults->retry_after_s = TWIN_RETRY_S;
    return MX_E_IDEMPOTENCY_IN_PROGRESS;
}

/* Answer by the stored row; one without a status waits for its outcome. */
static enum mx_err judge(struct run *r, const struct q_idempotency_find_row *row)
{
    if (!mx_keys_made(r->cx->proc->keys, told(r), &row->request_hash))
        return MX_E_IDEMPOTENCY_KEY_REUSED;
    return row->status == 0 ? in_progress(r) : replay(r, row);
}

/* The row stored under the key decides; nothing stored: `otherwise`. */
static enum mx_err find_stored(struct run *r, enum mx_err otherwise)
{
    struct mx_list rows;
    struct q_idempotency_find_in in = {r->principal, r->key};

    MX_TRY(q_idempotency_find(r->cx->db, &in, &rows));
    if (rows.n == 0)
        return otherwise;
    *r->cx->faults = r->faults;
    return judge(r, MX_AT(rows, struct q_idempotency_find_row, 0));
}

static enum mx_err full(struct run *r)
{
    r->cx->faults->retry_after_s = FULL_RETRY_S;
    mx_metric_add(MX_M_LIMITED, MX_LIMIT_KEYS, 0, 1);
    return mx_fail(r->cx->faults, MX_E_RATE_LIMITED,
                   "Too many Idempotency-Keys are in use for this account; retry later.");
}

/* The share of this host. */
static struct mx_share share_of(struct mx_share left)
{
    return (struct mx_share){left.answers / HOSTS, left.bytes / HOSTS};
}

/* Ask the database whether there is room for an answer of `bytes`, and what share of the rest this
 * host may use without asking. */
static enum mx_err count_kept(struct run *r, uint64_t hash, int64_t bytes, int64_t now_s)
{
    const struct mx_settings *conf = r->cx->proc->conf;
    const struct q_idempotency_kept_row *kept;
    struct mx_list rows;
    struct mx_share left, share = {0};

    MX_TRY(q_idempotency_kept(r->cx->db, &(struct q_idempotency_kept_in){mx_caller(r->cx)}, &rows));
    kept = MX_AT(rows, struct q_idempotency_kept_row, 0);
    left = (struct mx_share){conf->idempotency_answers - kept->answers - 1,
                             conf->idempotency_bytes - kept->bytes - bytes};
    r->full = left.answers < 0 || left.bytes < 0;
    if (!r->full)
        share = share_of(left);
    mx_allowance_put(mx_shared_allowance(r->cx->proc->shared), hash, share, now_s, ALLOWED_S);
    return r->full ? full(r) : MX_OK;
}

/* The share of an account that has not been counted yet. */
static struct mx_share first_share(const struct mx_settings *conf)
{
    struct mx_share whole = {conf->idempotency_answers, conf->idempotency_bytes};
    struct mx_share s = share_of(whole);

    s.answers = s.answers < FIRST_ANSWERS ? s.answers : FIRST_ANSWERS;
    s.bytes = s.bytes < FIRST_BYTES ? s.bytes : FIRST_BYTES;
    return s;
}

/* Answers kept for customers and guests are bounded, those for staff are not. */
static enum mx_err find_room(struct run *r, int64_t bytes)
{
    struct mx_allowance *allowance = mx_shared_allowance(r->cx->proc->shared);
    struct mx_id account = mx_caller(r->cx);
    int64_t now_s = mx_mono_ms() / 1000;
    uint64_t hash;

    if (mx_id_none(account) || r->cx->actor.kind == MX_STAFF)
        return MX_OK;
    memcpy(&hash, account.b + sizeof account.b - sizeof hash, sizeof hash);
    if (mx_allowance_take(allowance, hash, bytes, now_s, first_share(r->cx->proc->conf)))
        return MX_OK;
    return count_kept(r, hash, bytes, now_s);
}

/* Write the key's row. */
static enum mx_err store(struct run *r)
{
    struct mx_ctx *cx = r->cx;
    struct mx_str answer = sealed_answer(r);
    struct q_idempotency_store_in in = {
        .principal = r->principal,
        .key = r->key,
        .account = mx_caller(cx),
        .request_hash = stamp_of(r),
        .status = r->res->status,
        .body = answer,
        .bytes = (int64_t)answer.n,
        .now = {cx->now_ms},
    };
    enum mx_err e;

    MX_TRY(find_room(r, in.bytes));
    e = q_idempotency_store(cx->db, &in, NULL);
    r->key_taken = e == MX_E_DUPLICATE;
    return e;
}

/* One try of the route's transaction. */
static enum mx_err attempt(void *arg)
{
    struct run *r = arg;
    struct mx_ctx *cx = r->cx;

    *cx->faults = r->faults;
    if (r->route->who == MX_WHO_STAFF)
        mx_catalog_changed(cx);
    MX_TRY(r->work->handle(r->work->arg));
    MX_TRY(r->work->render(r->work->arg));
    if (r->route->flags & MX_R_LOCK_SESSION)
        MX_TRY(mx_session_require_live(cx));
    return r->key.p != NULL ? store(r) : MX_OK;
}

static void note_stored(void *arg, bool certain)
{
    struct run *r = arg;

    r->stored = certain;
}

/* At the end of the transaction that a rule says is the effect. */
static enum mx_err keep_with_effect(void *arg)
{
    struct run *r = arg;

    MX_TRY(r->work->render(r->work->arg));
    mx_db_after_commit(r->cx->db, note_stored, r);
    return store(r);
}

/* A handler that has transactions of its own, or none. */
static enum mx_err run_own(struct run *r)
{
    if (r->key.p != NULL)
        mx_db_on_effect(r->cx->db, keep_with_effect, r);
    MX_TRY(r->work->handle(r->work->arg));
    if (r->stored)
        return MX_OK;
    MX_TRY(r->work->render(r->work->arg));
    return r->key.p != NULL ? store(r) : MX_OK;
}

/* A refusal may only be the echo of the first use of the key (the cart is gone: it became the
 * order); where the outcome of COMMIT is unknown, the key's row tells. */
static bool may_be_stored(enum mx_err e)
{
    return e == MX_E_COMMIT_UNKNOWN || (mx_err_status(e) < 500 && e != MX_E_RATE_LIMITED);
}

static enum mx_err run_once(struct run *r)
{
    enum mx_err e = r->route->flags & MX_R_TX ? mx_db_tx(r->cx->db, attempt, r) : run_own(r);

    if (e == MX_OK || r->key.p == NULL)
        return e;
    if (r->key_taken)
        return find_stored(r, MX_E_UNAVAILABLE);
    return r->full || may_be_stored(e) ? find_stored(r, e) : e;
}

/* Where a repetition that comes late means that two hold the secret of the request, it is one like
 * any other: the access token in the answer that is kept has expired. */
static enum mx_err leave_old_answer(struct run *r)
{
    struct mx_ctx *cx = r->cx;
    int64_t life_ms = cx->proc->conf->token_ttl_s * 1000;
    const struct q_idempotency_find_row *row;
    struct mx_list rows;

    MX_TRY(
        q_idempotency_find(cx->db, &(struct q_idempotency_find_in){r->principal, r->key}, &rows));
    if (rows.n == 0)
        return MX_OK;
    row = MX_AT(rows, struct q_idempotency_find_row, 0);
    if (cx->now_ms - row->created_at.ms < life_ms ||
        !mx_keys_made(cx->proc->keys, told(r), &row->request_hash))
        return MX_OK;
    r->key = (struct mx_str){0};
    cx->once = (struct mx_id){{0}};
    return MX_OK;
}

/* Unless this host is running the key already. */
static enum mx_err run_alone(struct run *r)
{
    struct mx_running *running = mx_shared_running(r->cx->proc->shared);
    uint64_t number;
    enum mx_err e;

    memcpy(&number, r->cx->once.b, sizeof number);
    if (!mx_running_take(running, number, mx_mono_ms() / 1000,
                         r->cx->proc->conf->request_timeout_ms / 1000 + 1))
        return in_progress(r);
    e = run_once(r);
    mx_running_give(running, number);
    return e;
}

/* A stored answer goes only to who asked first: the account, or whoever knows the password, code or
 * token in the body, which the key of a stored answer depends on. Other anonymous callers have
 * nothing to tell them apart, so their keys are not looked at. */
static bool key_counts(const struct mx_ctx *cx, const struct mx_route *route,
                       const struct mx_req *req)
{
    return route->method == MX_POST && req->idempotency_key.p != NULL &&
           (cx->actor.kind != MX_ANYONE || mx_shape_has_secret(route->in));
}

enum mx_err mx_idempotency_run(struct mx_ctx *cx, const struct mx_route *route,
                               const struct mx_req *req, const struct mx_work *work,
                               struct mx_res *res)
{
    struct run r = {.cx = cx, .route = route, .work = work, .res = res};

    r.faults = *cx->faults;
    if (!key_counts(cx, route, req))
        return run_once(&r);
    identify(&r, req);
    if (route->flags & MX_R_BRIEF_REPLAY)
        MX_TRY(leave_old_answer(&r));
    return r.key.p != NULL ? run_alone(&r) : run_once(&r);
}

enum mx_err mx_idempotency_merge(struct mx_ctx *cx, struct mx_id guest, struct mx_id account)
{
    return q_idempotency_move(cx->db, &(struct q_idempotency_move_in){guest, account}, NULL);
}

enum mx_err mx_idempotency_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_idempotency_erase(cx->db, &(struct q_idempotency_erase_in){h->account}, NULL);
}

enum mx_err mx_idempotency_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    return q_idempotency_purge(cx->db, &(struct q_idempotency_purge_in){g->ids}, NULL);
}
