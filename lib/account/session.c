#include "account/session.h"

#include "account/challenge.h"
#include "base/log.h"
#include "codec/uri.h"
#include "io/db.h"
#include "io/shm.h"
#include "q/session.h"
#include "shop/audit.h"

#define REFRESH_PREFIX MX_S("mr1_")
#define DAY_MS INT64_C(86400000)

/* The bytes of a refresh token behind its prefix; the first two members are what the MAC covers. */
struct refresh {
    unsigned char id[16];
    unsigned char generation[8]; /* big-endian */
    unsigned char mac[MX_HASH];
};
_Static_assert(sizeof(struct refresh) == 16 + 8 + MX_HASH, "no padding");

static struct mx_str covered(struct mx_arena *a, const struct refresh *r)
{
    static const char purpose[] = "refresh";
    size_t n = sizeof purpose - 1, own = sizeof r->id + sizeof r->generation;
    char *text = mx_arena_alloc(a, n + own);

    memcpy(text, purpose, n);
    memcpy(text + n, r, own);
    return (struct mx_str){text, n + own};
}

static struct mx_str make_refresh(struct mx_arena *a, const struct mx_keys *keys, struct mx_id id,
                                  int64_t generation)
{
    struct refresh r;
    struct mx_hash mac;
    struct mx_str prefix, text;

    memcpy(r.id, id.b, sizeof r.id);
    for (int i = 0; i < 8; i++)
        r.generation[i] = (unsigned char)((uint64_t)generation >> (56 - 8 * i));
    mac = mx_hmac(mx_keys_secret(keys), covered(a, &r));
    memcpy(r.mac, mac.b, sizeof r.mac);
    prefix = REFRESH_PREFIX;
    text = mx_b64url(a, &r, sizeof r);
    return mx_str_fmt(a, "%.*s%.*s", MX_FMT(prefix), MX_FMT(text));
}

static bool read_refresh(struct mx_arena *a, const struct mx_keys *keys, struct mx_str token,
                         struct mx_id *ret_id, int64_t *ret_generation)
{
    struct mx_str prefix = REFRESH_PREFIX, bytes;
    struct refresh r;
    struct mx_hash mac;
    uint64_t generation;

    if (!mx_str_starts(token, prefix) ||
        !mx_b64url_decode(a, mx_str_sub(token, prefix.n, token.n), &bytes) || bytes.n != sizeof r)
        return false;
    memcpy(&r, bytes.p, sizeof r);
    memcpy(mac.b, r.mac, sizeof mac.b);
    if (!mx_keys_made(keys, covered(a, &r), &mac))
        return false;
    memcpy(ret_id->b, r.id, sizeof r.id);
    generation = 0;
    for (int i = 0; i < 8; i++)
        generation = generation << 8 | r.generation[i];
    *ret_generation = (int64_t)generation;
    return true;
}

static struct mx_str scope_of(const struct mx_profile *p)
{
    switch (p->kind) {
    case MX_ACCOUNT_STAFF:
        return MX_S("staff");
    case MX_ACCOUNT_CUSTOMER:
        return MX_S("customer");
    default:
        return MX_S("guest");
    }
}

static struct mx_str joined(struct mx_arena *a, struct mx_list roles)
{
    struct mx_str all = {0};

    for (size_t i = 0; i < roles.n; i++) {
        struct mx_str role = *MX_AT(roles, struct mx_str, i);

        all = i == 0 ? role : mx_str_fmt(a, "%.*s %.*s", MX_FMT(all), MX_FMT(role));
    }
    return all;
}

/* Access and refresh token of a session whose present generation is `generation`. */
static enum mx_err issue(struct mx_ctx *cx, struct mx_id session, int64_t generation,
                         struct mx_tokens *t)
{
    int64_t now = cx->now_ms / 1000;
    struct mx_claims claims = {
        .account = t->user.id,
        .session = session,
        .jti = mx_id_new(),
        .iat = now,
        .nbf = now,
        .exp = now + cx->proc->conf->token_ttl_s,
        .scope = scope_of(&t->user),
        .roles = joined(cx->arena, t->user.roles),
    };

    cx->claimed = t->user.id;
    t->expires_in = cx->proc->conf->token_ttl_s;
    t->refresh_token = make_refresh(cx->arena, cx->proc->keys, session, generation);
    return mx_token_sign(cx->arena, cx->proc->keys, cx->proc->conf->issuer,
                         cx->proc->conf->audience, &claims, &t->access_token);
}

static struct mx_time idle_until(const struct mx_ctx *cx)
{
    int64_t days = cx->proc->conf->refresh_ttl_d;

    if (days > cx->proc->conf->session_max_d)
        days = cx->proc->conf->session_max_d;
    return (struct mx_time){cx->now_ms + days * DAY_MS};
}

static struct mx_str or_empty(struct mx_str s)
{
    return s.p != NULL ? s : MX_S("");
}

enum mx_err mx_session_live(struct mx_ctx *cx, struct mx_session_proof *ret_proof)
{
    struct mx_list rows;
    struct q_session_live_in in = {cx->actor.session, {cx->now_ms}};
    const struct q_session_live_row *r;

    MX_TRY(q_session_live(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_session_live_row, 0);
    *ret_proof = (struct mx_session_proof){
        .second = (enum mx_second_factor)r->second_factor,
        .fresh = cx->now_ms - r->authenticated_at.ms <= cx->proc->conf->reauth_max_age_s * 1000,
    };
    return MX_OK;
}

enum mx_err mx_session_rights(struct mx_ctx *cx, struct mx_session_rights *ret)
{
    struct q_session_rights_in in = {cx->actor.session, cx->actor.account, {cx->now_ms}};
    const struct q_session_rights_row *r;
    struct mx_list rows;

    MX_TRY(q_session_rights(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_session_rights_row, 0);
    *ret = (struct mx_session_rights){(uint64_t)r->permissions,
                                      (enum mx_second_factor)r->second_factor, r->audit_key};
    return MX_OK;
}

/* Whether the present transaction has seen the caller's session live. */
static bool *seen_live(struct mx_ctx *cx)
{
    static const char owner;

    return mx_db_memo(cx->db, &owner, sizeof(bool));
}

void mx_session_seen_live(struct mx_ctx *cx)
{
    *seen_live(cx) = true;
}

enum mx_err mx_session_require_live(struct mx_ctx *cx)
{
    struct mx_session_proof proof;

    if (mx_db_in_tx(cx->db) && *seen_live(cx))
        return MX_OK;
    return mx_session_live(cx, &proof);
}

enum mx_err mx_session_start(struct mx_ctx *cx, enum mx_second_factor second,
                             struct mx_tokens *tokens)
{
    struct q_session_insert_in in = {
        .id = mx_id_new(),
        .account = tokens->user.id,
        .second_factor = second,
        .expires_at = idle_until(cx),
        .user_agent = or_empty(cx->user_agent),
        .address = or_empty(cx->address),
        .now = {cx->now_ms},
    };
    int64_t started;

    MX_TRY(q_session_insert(cx->db, &in, &started));
    if (started == 0)
        return MX_E_NOT_FOUND;
    if (tokens->user.kind != MX_ACCOUNT_GUEST)
        MX_TRY(mx_audit_write(cx, &(struct mx_audit){.action = "auth.sign_in",
                                                     .object_type = "session",
                                                     .object = in.id,
                                                     .after = mx_audit_route(cx),
                                                     .actor = in.account}));
    return issue(cx, in.id, 0, tokens);
}

struct denial {
    struct mx_shared *shared;
    struct mx_id session;
    int64_t until_ms;
};

/* Of a session that perhaps lives on the database tells, within a second: a client that repeats
 * what ended it needs the token once more. */
static void deny_now(void *arg, bool certain)
{
    const struct denial *d = arg;

    if (certain)
        mx_shared_revoke(d->shared, d->session, d->until_ms);
}

/* Put a session on this host's deny-list until its last access token has run out. */
static void deny(struct mx_ctx *cx, struct mx_id id)
{
    int64_t last_ms = (cx->proc->conf->token_ttl_s + 2 * MX_TOKEN_LEEWAY_S) * 1000;
    struct denial *d = MX_NEW(cx->arena, struct denial);

    *d = (struct denial){cx->proc->shared, id, cx->now_ms + last_ms};
    mx_db_after_commit(cx->db, deny_now, d);
}

static enum mx_err end_session(struct mx_ctx *cx, struct mx_id id)
{
    struct q_session_revoke_in in = {id, {cx->now_ms}};

    MX_TRY(q_session_revoke(cx->db, &in, NULL));
    deny(cx, id);
    return MX_OK;
}

enum mx_err mx_session_end_all(struct mx_ctx *cx, struct mx_id account)
{
    return mx_session_end_others(cx, account, (struct mx_id){{0}});
}

enum mx_err mx_session_end_others(struct mx_ctx *cx, struct mx_id account, struct mx_id keep)
{
    struct mx_list ended;
    struct q_session_revoke_others_in others = {account, keep, {cx->now_ms}};
    struct q_session_revoked_at_in now = {account, {cx->now_ms}};

    MX_TRY(q_session_revoke_others(cx->db, &others, NULL));
    MX_TRY(q_session_revoked_at(cx->db, &now, &ended));
    for (size_t i = 0; i < ended.n; i++)
        deny(cx, MX_AT(ended, struct q_session_revoked_at_row, i)->id);
    return mx_challenges_end(cx, account);
}

enum mx_err mx_session_proved(struct mx_ctx *cx, enum mx_second_factor second)
{
    return q_session_proved(cx->db, &(struct q_session_proved_in){cx->actor.session, second}, NULL);
}

enum mx_err mx_session_unproved(struct mx_ctx *cx, struct mx_id account)
{
    return q_session_unproved(cx->db, &(struct q_session_unproved_in){account}, NULL);
}

/* A guest's are of no interest. */
static enum mx_err audit_sign_out(struct mx_ctx *cx, const char *action)
{
    if (cx->actor.kind == MX_GUEST)
        return MX_OK;
    return mx_audit_write(cx, &(struct mx_audit){.action = action,
                                                 .object_type = "session",
                                                 .object = cx->actor.session});
}

/* The caller's session had ended before: that was all, unless it is asked for more. */
static enum mx_err signed_out_before(struct mx_ctx *cx, bool all)
{
    struct mx_list rows;
    struct q_session_outlived_in in = {cx->actor.account, cx->actor.session, {cx->now_ms}};

    if (!all)
        return MX_OK;
    MX_TRY(q_session_outlived(cx->db, &in, &rows));
    return rows.n > 0 ? MX_E_UNAUTHORIZED : MX_OK;
}

enum mx_err mx_session_sign_out(struct mx_ctx *cx, bool all)
{
    int64_t ended;
    struct q_session_revoke_in in = {cx->actor.session, {cx->now_ms}};

    MX_TRY(q_session_revoke(cx->db, &in, &ended));
    deny(cx, cx->actor.session);
    if (ended == 0)
        return signed_out_before(cx, all);
    if (all)
        MX_TRY(mx_session_end_all(cx, cx->actor.account));
    return audit_sign_out(cx, all ? "auth.sign_out_all" : "auth.sign_out");
}

static struct mx_str or_absent(struct mx_str s)
{
    return s.n > 0 ? s : (struct mx_str){0};
}

enum mx_err mx_session_list(struct mx_ctx *cx, struct mx_id before, int64_t limit,
                            struct mx_list *ret_sessions)
{
    struct mx_list rows;
    struct q_session_page_in in = {cx->actor.account, before, {cx->now_ms}, limit};
    struct mx_session *at;

    if (mx_id_none(before))
        memset(&in.before, 0xff, sizeof in.before);
    MX_TRY(q_session_page(cx->db, &in, &rows));
    at = MX_NEW_N(cx->arena, rows.n, struct mx_session);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_session_page_row *r = MX_AT(rows, struct q_session_page_row, i);

        at[i] = (struct mx_session){
            r->id,         or_absent(r->user_agent),          or_absent(r->address), r->created_at,
            r->rotated_at, mx_id_eq(r->id, cx->actor.session)};
    }
    *ret_sessions = MX_LIST(at, rows.n);
    return MX_OK;
}

enum mx_err mx_session_end_own(struct mx_ctx *cx, struct mx_id id)
{
    int64_t ended;
    struct q_session_revoke_own_in in = {id, cx->actor.account, {cx->now_ms}};

    MX_TRY(q_session_revoke_own(cx->db, &in, &ended));
    if (ended == 0)
        return MX_E_NOT_FOUND;
    deny(cx, id);
    return mx_audit_write(
        cx, &(struct mx_audit){.action = "session.end", .object_type = "session", .object = id});
}

bool mx_session_of_token(struct mx_ctx *cx, struct mx_str refresh_token, struct mx_id *ret_session)
{
    int64_t generation;

    return read_refresh(cx->arena, cx->proc->keys, refresh_token, ret_session, &generation);
}

/* A token that did not rotate: still good when its successor was handed out a moment ago. Any other
 * use of a spent token means that two hold it, and ends the session. */
static enum mx_err spent(struct mx_ctx *cx, struct mx_id id, int64_t generation,
                         const struct q_session_load_row *s, enum mx_err *ret_refused)
{
    if (s->revoked_at.ms != 0 || s->expires_at.ms <= cx->now_ms)
        return MX_E_INVALID_REFRESH_TOKEN;
    if (generation == s->generation - 1 &&
        cx->now_ms - s->rotated_at.ms <= cx->proc->conf->refresh_grace_s * 1000)
        return MX_OK;
    mx_log(MX_LOG_WARN, "refresh token reused, session revoked",
           MX_KS("session", mx_id_str(cx->arena, id)));
    *ret_refused = MX_E_INVALID_REFRESH_TOKEN;
    MX_TRY(mx_audit_write(cx, &(struct mx_audit){.action = "session.token_reused",
                                                 .object_type = "session",
                                                 .object = id,
                                                 .actor = s->account}));
    return end_session(cx, id);
}

enum mx_err mx_session_refresh(struct mx_ctx *cx, struct mx_str refresh_token,
                               struct mx_tokens *ret_tokens, enum mx_err *ret_refused)
{
    struct mx_id id;
    int64_t generation, rotated;
    struct mx_list rows;
    struct q_session_rotate_in in;
    const struct q_session_load_row *s;
    enum mx_err e;

    if (!read_refresh(cx->arena, cx->proc->keys, refresh_token, &id, &generation))
        return MX_E_INVALID_REFRESH_TOKEN;
    in = (struct q_session_rotate_in){
        id, generation, idle_until(cx), cx->proc->conf->session_max_d, {cx->now_ms}};
    MX_TRY(q_session_rotate(cx->db, &in, &rotated));
    MX_TRY(q_session_load(cx->db, &(struct q_session_load_in){id}, &rows));
    if (rows.n == 0)
        return MX_E_INVALID_REFRESH_TOKEN;
    s = MX_AT(rows, struct q_session_load_row, 0);
    *ret_refused = MX_OK;
    if (rotated == 0)
        MX_TRY(spent(cx, id, generation, s, ret_refused));
    if (*ret_refused != MX_OK)
        return MX_OK;
    e = mx_account_profile(cx, s->account, &ret_tokens->user);
    if (e == MX_E_NOT_FOUND) {
        *ret_refused = MX_E_INVALID_REFRESH_TOKEN;
        return end_session(cx, id);
    }
    MX_TRY(e);
    return issue(cx, id, generation + 1, ret_tokens);
}

enum mx_err mx_session_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    MX_TRY(mx_session_end_all(cx, h->account));
    return q_session_erase(cx->db, &(struct q_session_erase_in){h->account}, NULL);
}

enum mx_err mx_session_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    return q_session_purge(cx->db, &(struct q_session_purge_in){g->ids}, NULL);
}

enum mx_err mx_session_account(struct mx_ctx *cx, struct mx_id id, struct mx_id *ret_account)
{
    struct mx_list rows;

    *ret_account = (struct mx_id){{0}};
    MX_TRY(q_session_load(cx->db, &(struct q_session_load_in){id}, &rows));
    if (rows.n > 0)
        *ret_account = MX_AT(rows, const struct q_session_load_row, 0)->account;
    return MX_OK;
}
