#include "api/gate.h"

#include "account/session.h"
#include "catalog/generation.h"
#include "codec/inet.h"
#include "codec/uri.h"
#include "io/db.h"
#include "io/shm.h"
#include "q/gate.h"
#include "shop/audit.h"
#include "shop/limit.h"

/* A key claimed so long ago without an answer belongs to a worker that died. */
#define CLAIM_LIFE_MS 30000
/* What another host ended is known here within a second: each idle turn of a worker asks (there is
 * one every half second), and where all were busy, the first request after so long. */
#define REVOCATION_POLL_MS 400
#define REVOCATION_AGE_MAX_MS 900
#define REVOCATIONS_A_PAGE 1000
#define REVOCATION_OVERLAP_MS 10000

static const struct mx_settings *gate_conf;
static const struct mx_keys *gate_keys;
static struct mx_shared *gate_shared;
/* Keys, issuer and audience that a verified token was verified with: after a reload with other ones
 * no token of before is taken for verified. */
static struct mx_hash gate_trust;

void mx_gate_init(struct mx_arena *a, const struct mx_settings *conf, const struct mx_keys *keys,
                  struct mx_shared *shared)
{
    struct mx_hash digest = mx_keys_digest(a, keys);

    gate_trust = mx_hmac(&digest, mx_str_fmt(a, "%s\n%s", conf->issuer, conf->audience));
    gate_conf = conf;
    gate_keys = keys;
    gate_shared = shared;
}

/* ==== who calls ==== */

static enum mx_err verify(struct mx_ctx *cx, struct mx_str bearer, struct mx_claims *ret_claims)
{
    const char *why;
    struct mx_hash digest = mx_fingerprint(&gate_trust, bearer);

    if (mx_shared_token_get(gate_shared, &digest, cx->now_ms / 1000, ret_claims))
        return MX_OK;
    MX_TRY(mx_token_verify(cx->arena, gate_keys, gate_conf->issuer, gate_conf->audience, bearer,
                           cx->now_ms / 1000, ret_claims, &why));
    mx_shared_token_put(gate_shared, &digest, ret_claims);
    return MX_OK;
}

static enum mx_actor_kind kind_of(struct mx_str scope)
{
    if (mx_str_eqc(scope, "staff"))
        return MX_STAFF;
    return mx_str_eqc(scope, "customer") ? MX_CUSTOMER : MX_GUEST;
}

/* Learn which sessions other hosts have ended, if nobody on this host has asked for `interval_ms`.
 */
static void poll_revocations(struct mx_db *db, int64_t now_ms, int64_t interval_ms)
{
    static int64_t polled_ms;
    int64_t life_ms = (gate_conf->token_ttl_s + MX_TOKEN_LEEWAY_S) * 1000;
    struct q_gate_revoked_since_in page = {.limit = REVOCATIONS_A_PAGE};
    struct mx_list rows;

    if (!mx_shared_poll_due(gate_shared, now_ms, interval_ms))
        return;
    page.since.ms = polled_ms == 0 ? now_ms - life_ms : polled_ms - REVOCATION_OVERLAP_MS;
    do {
        if (q_gate_revoked_since(db, &page, &rows) != MX_OK)
            return;
        for (size_t i = 0; i < rows.n; i++) {
            const struct q_gate_revoked_since_row *r =
                MX_AT(rows, struct q_gate_revoked_since_row, i);

            mx_shared_revoke(gate_shared, r->id, now_ms + life_ms);
            page.since = r->revoked_at;
            page.after = r->id;
        }
    } while (rows.n == REVOCATIONS_A_PAGE);
    polled_ms = now_ms;
}

static enum mx_err authenticate(struct mx_ctx *cx, struct mx_str bearer)
{
    struct mx_claims claims;
    enum mx_err e;

    if (bearer.n > MX_TOKEN_MAX || verify(cx, bearer, &claims) != MX_OK)
        return MX_E_UNAUTHORIZED;
    cx->actor = (struct mx_actor){.kind = kind_of(claims.scope),
                                  .account = claims.account,
                                  .session = claims.session,
                                  .token_exp_ms = claims.exp * 1000};
    poll_revocations(cx->db, cx->now_ms, REVOCATION_AGE_MAX_MS);
    if (mx_shared_revoked(gate_shared, claims.session, cx->now_ms))
        return MX_E_SESSION_ENDED;
    if (!mx_shared_revocations_lost(gate_shared, cx->now_ms))
        return MX_OK;
    e = mx_session_require_live(cx);
    return e == MX_E_UNAUTHORIZED ? MX_E_SESSION_ENDED : e;
}

static bool needs_second_factor(const struct mx_ctx *cx)
{
    return cx->actor.kind == MX_STAFF && strcmp(gate_conf->staff_mfa, "required") == 0;
}

/* Staff whose session passed no second factor, though one is required, have no permission at all.
 */
static enum mx_err require_permission(struct mx_ctx *cx, uint64_t permission)
{
    struct mx_list rows;
    struct q_gate_permissions_in in = {cx->actor.session, cx->actor.account, {cx->now_ms}};
    const struct q_gate_permissions_row *row;

    MX_TRY(q_gate_permissions(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    row = MX_AT(rows, struct q_gate_permissions_row, 0);
    if (needs_second_factor(cx) && row->second_factor == 0)
        return MX_E_MFA_ENROLMENT_REQUIRED;
    cx->actor.permissions = (uint64_t)row->permissions;
    cx->actor.has_audit_key = true;
    cx->actor.audit_key = row->audit_key;
    return (cx->actor.permissions & permission) == permission ? MX_OK : MX_E_FORBIDDEN;
}

/* What the flags of a route ask of the caller's session. A guest is whoever has the token: there is
 * nothing by which to prove again to be there. The session of a guest who has become somebody has
 * ended. */
static enum mx_err require_session(struct mx_ctx *cx, unsigned flags)
{
    struct mx_session_proof proof;
    bool factor = needs_second_factor(cx) && !(flags & MX_R_WITHOUT_MFA);
    bool fresh;

    if (!factor && !(flags & MX_R_RECENT_AUTH))
        return MX_OK;
    MX_TRY(mx_session_live(cx, &proof));
    if (factor && proof.second == MX_SECOND_NONE)
        return MX_E_MFA_ENROLMENT_REQUIRED;
    fresh = cx->actor.kind == MX_GUEST || proof.fresh;
    return (flags & MX_R_RECENT_AUTH) && !fresh ? MX_E_REAUTH_REQUIRED : MX_OK;
}

static enum mx_err authorize(struct mx_ctx *cx, const struct mx_route *route)
{
    if (route->who != MX_WHO_STAFF)
        return require_session(cx, route->flags);
    MX_TRY(require_permission(cx, route->permission));
    return require_session(cx, route->flags | MX_R_WITHOUT_MFA);
}

/* ==== how often ==== */

static enum mx_err admit(struct mx_ctx *cx, enum mx_rate_class c)
{
    const struct mx_settings *s = gate_conf;
    const struct mx_limit limits[] = {
        [MX_RATE_SIGN_IN] = {MX_S("address"), s->rate_address_burst, s->rate_address_per_min, 0},
        [MX_RATE_PASSWORD] = {MX_S("password"), s->rate_password_burst, s->rate_password_per_min,
                              0},
    };
    struct mx_limit limit = limits[c];
    struct mx_str client = mx_address_class(cx->arena, cx->address);

    limit.bucket = mx_str_fmt(cx->arena, "%.*s:%.*s", MX_FMT(limit.bucket), MX_FMT(client));
    return mx_limits_take(cx, &limit, 1, &cx->rate) ? MX_OK : mx_limit_exceeded(cx, cx->rate);
}

/* Who the caller is, or has turned out to be. */
static struct mx_id account_of(const struct mx_ctx *cx)
{
    return mx_id_none(cx->claimed) ? cx->actor.account : cx->claimed;
}

/* ==== once only ==== */

/* One request under its idempotency and transaction rules. */
struct run {
    struct mx_ctx *cx;
    const struct mx_route *route;
    enum mx_err (*call)(void *arg);
    void *arg;
    struct mx_res *res;
    struct mx_str key;       /* absent: not given */
    struct mx_id principal;  /* whose key it is */
    struct mx_hash request;  /* never stored: a password may be guessed by it */
    struct mx_faults faults; /* as they were before the first try */
    bool key_taken;
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
    return mx_hmac(mx_keys_secret(gate_keys), told(r));
}

/* Strangers have nothing to tell them apart but what they send: each request is a caller of its
 * own. */
static struct mx_id principal_of(const struct run *r)
{
    struct mx_id id = r->cx->actor.account;
    struct mx_hash stamp = stamp_of(r);

    if (mx_id_none(id))
        memcpy(id.b, stamp.b, sizeof id.b);
    return id;
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
}

/* A stored answer is "location\netag\nbody", sealed; an empty line for a header it does not have.
 */
static struct mx_str sealed_answer(struct run *r)
{
    const struct mx_res *res = r->res;
    struct mx_str body = mx_buf_view(&res->body);
    struct mx_hash seal = seal_of(r, mx_keys_secret(gate_keys));
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
    const struct mx_hash *old = mx_keys_secret_old(gate_keys);
    struct mx_hash seal = seal_of(r, mx_keys_secret(gate_keys));

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

/* The first holder of the key still runs; if it died, the key is free when its claim ends. */
static enum mx_err in_progress(struct run *r, int64_t claimed_ms)
{
    int64_t left_ms = claimed_ms + CLAIM_LIFE_MS - r->cx->now_ms;

    r->cx->faults->retry_after_s = left_ms > 1000 ? (int)(left_ms / 1000) : 1;
    return MX_E_IDEMPOTENCY_IN_PROGRESS;
}

/* What the stored row says to this request. */
static enum mx_err judge(struct run *r, const struct q_idempotency_find_row *row)
{
    if (!mx_keys_made(gate_keys, told(r), &row->request_hash))
        return MX_E_IDEMPOTENCY_KEY_REUSED;
    return row->status == 0 ? in_progress(r, row->created_at.ms) : replay(r, row);
}

/* What is stored under the key decides; nothing stored: `otherwise`. */
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

/* The key's row, in the transaction of the effect. */
static enum mx_err store(struct run *r)
{
    struct mx_ctx *cx = r->cx;
    struct q_idempotency_store_in in = {r->principal, r->key,         account_of(cx),
                                        stamp_of(r),  r->res->status, sealed_answer(r),
                                        {cx->now_ms}};
    enum mx_err e = q_idempotency_store(cx->db, &in, NULL);

    r->key_taken = e == MX_E_DUPLICATE;
    return e;
}

/* One try of the transaction. */
static enum mx_err attempt(void *arg)
{
    struct run *r = arg;
    struct mx_ctx *cx = r->cx;

    *cx->faults = r->faults;
    if (r->route->who == MX_WHO_STAFF)
        mx_catalog_changed(cx);
    MX_TRY(r->call(r->arg));
    if (r->route->flags & MX_R_LOCK_SESSION)
        MX_TRY(mx_session_require_live(cx));
    return r->key.p != NULL ? store(r) : MX_OK;
}

static enum mx_err run_tx(struct run *r)
{
    enum mx_err e = mx_db_tx(r->cx->db, attempt, r);

    if (e == MX_OK || r->key.p == NULL)
        return e;
    if (r->key_taken)
        return find_stored(r, MX_E_UNAVAILABLE);
    /* A refusal may only be the echo of the first use of the key (the cart is gone: it became the
     * order). Unknown outcome of COMMIT: the key's row tells. */
    if (e == MX_E_COMMIT_UNKNOWN || mx_err_status(e) < 500)
        return find_stored(r, e);
    return e;
}

/* Claim the key before work that is not one transaction. */
static enum mx_err claim(struct run *r)
{
    struct mx_ctx *cx = r->cx;
    struct q_idempotency_store_in in = {r->principal, r->key,      account_of(cx), stamp_of(r), 0,
                                        MX_S(""),     {cx->now_ms}};
    enum mx_err e = q_idempotency_store(cx->db, &in, NULL);
    struct mx_list rows;
    struct q_idempotency_find_in find;
    const struct q_idempotency_find_row *row;
    enum mx_err verdict;
    int64_t changed;
    struct q_idempotency_take_over_in again;

    if (e != MX_E_DUPLICATE)
        return e;
    find = (struct q_idempotency_find_in){r->principal, r->key};
    MX_TRY(q_idempotency_find(cx->db, &find, &rows));
    if (rows.n == 0)
        return in_progress(r, 0);
    row = MX_AT(rows, struct q_idempotency_find_row, 0);
    verdict = judge(r, row);
    if (verdict != MX_E_IDEMPOTENCY_IN_PROGRESS || row->created_at.ms + CLAIM_LIFE_MS > cx->now_ms)
        return verdict;
    again =
        (struct q_idempotency_take_over_in){r->principal, r->key, {cx->now_ms}, row->created_at};
    MX_TRY(q_idempotency_take_over(cx->db, &again, &changed));
    *cx->faults = r->faults;
    return changed == 1 ? MX_OK : in_progress(r, cx->now_ms);
}

static enum mx_err run_claimed(struct run *r)
{
    struct mx_ctx *cx = r->cx;
    enum mx_err e = claim(r);
    struct q_idempotency_finish_in in;

    if (e != MX_OK || r->res->replayed)
        return e;
    e = r->call(r->arg);
    if (e != MX_OK) {
        enum mx_err dropped =
            q_idempotency_drop(cx->db, &(struct q_idempotency_drop_in){r->principal, r->key}, NULL);

        return mx_err_status(e) < 500 || dropped == MX_OK ? e : dropped;
    }
    in = (struct q_idempotency_finish_in){r->principal, r->key, account_of(cx), r->res->status,
                                          sealed_answer(r)};
    return q_idempotency_finish(cx->db, &in, NULL);
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

static enum mx_err run(struct mx_ctx *cx, const struct mx_route *route, const struct mx_req *req,
                       enum mx_err (*call)(void *arg), void *arg, struct mx_res *res)
{
    struct run r = {.cx = cx, .route = route, .call = call, .arg = arg, .res = res};

    r.faults = *cx->faults;
    if (key_counts(cx, route, req))
        identify(&r, req);
    if (route->flags & MX_R_TX)
        return run_tx(&r);
    return r.key.p != NULL ? run_claimed(&r) : call(arg);
}

/* ==== public answers from the host's memory ==== */

/* The generation is read before the handler reads the database: an answer that was overtaken by a
 * change is kept under the generation before it and never seen. */
static struct mx_cache_key cache_key(struct mx_ctx *cx, const struct mx_req *req)
{
    struct mx_str text =
        mx_str_fmt(cx->arena, "%.*s%.*s?%.*s", MX_FMT(req->mount), MX_FMT(req->path),
                   (int)req->query.n, req->query.p ? req->query.p : "");

    return (struct mx_cache_key){text, cx->catalog_seen, mx_mono_ms()};
}

static bool recall(struct mx_ctx *cx, const struct mx_req *req, struct mx_str *ret_body,
                   struct mx_str *ret_etag)
{
    struct mx_str both;
    struct mx_cache_key k;

    if (gate_conf->catalog_cache_ms == 0)
        return false;
    cx->catalog_seen = mx_shared_catalog(gate_shared);
    k = cache_key(cx, req);
    if (!mx_cache_get(mx_shared_cache(gate_shared), &k, cx->arena, &both))
        return false;
    MX_ASSERT(mx_str_split(&both, '\n', ret_etag));
    *ret_body = both;
    return true;
}

static void remember(struct mx_ctx *cx, const struct mx_req *req, struct mx_str body,
                     struct mx_str etag)
{
    struct mx_cache_key k;
    struct mx_str both;

    if (gate_conf->catalog_cache_ms == 0)
        return;
    k = cache_key(cx, req);
    both = mx_str_fmt(cx->arena, "%.*s\n%.*s", MX_FMT(etag), MX_FMT(body));
    mx_cache_put(mx_shared_cache(gate_shared), &k, both, gate_conf->catalog_cache_ms);
}

const struct mx_hooks mx_gate_hooks = {authenticate, authorize, admit, run, recall, remember};

/* ==== afterwards ==== */

void mx_gate_refused(struct mx_ctx *cx, enum mx_err e)
{
    if (e == MX_E_FORBIDDEN)
        mx_audit_refused(cx, "authorization.refused", "route", (struct mx_id){{0}});
    else if (e == MX_E_INVALID_CREDENTIALS || e == MX_E_CODE_INVALID || e == MX_E_INVALID_MFA_CODE)
        mx_audit_refused(cx, "auth.refused", "account", account_of(cx));
}

/* ==== between requests ==== */

void mx_gate_idle(struct mx_db *db)
{
    poll_revocations(db, mx_wall_ms(), REVOCATION_POLL_MS);
}
