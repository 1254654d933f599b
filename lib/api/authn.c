#include "api/authn.h"

#include "account/role.h"
#include "account/session.h"
#include "codec/inet.h"
#include "io/db.h"
#include "io/shm.h"
#include "shop/audit.h"
#include "shop/limit.h"

/* Sessions that another host ended are known here within a second: each idle turn of a worker asks
 * (there is one every half second), and where all were busy, the first request after so long. */
#define REVOCATION_POLL_MS 400
#define REVOCATION_AGE_MAX_MS 900

/* ---- who calls ---- */

/* Of a token and of what it was verified with: after a reload with other keys, or another issuer or
 * audience, no token of before is taken for verified. */
static struct mx_hash fingerprint(struct mx_ctx *cx, struct mx_str bearer)
{
    const struct mx_settings *conf = cx->proc->conf;
    struct mx_str text =
        mx_str_fmt(cx->arena, "%s\n%s\n%.*s", conf->issuer, conf->audience, MX_FMT(bearer));

    return mx_fingerprint(mx_keys_digest(cx->proc->keys), text);
}

static enum mx_err verify(struct mx_ctx *cx, struct mx_str bearer, struct mx_claims *ret_claims)
{
    const struct mx_proc *proc = cx->proc;
    const char *why;
    struct mx_hash digest = fingerprint(cx, bearer);

    if (mx_shared_token_get(proc->shared, &digest, cx->now_ms / 1000, ret_claims))
        return MX_OK;
    MX_TRY(mx_token_verify(cx->arena, proc->keys, proc->conf->issuer, proc->conf->audience, bearer,
                           cx->now_ms / 1000, ret_claims, &why));
    mx_shared_token_put(proc->shared, &digest, ret_claims);
    return MX_OK;
}

static enum mx_actor_kind kind_of(struct mx_str scope)
{
    if (mx_str_eqc(scope, "staff"))
        return MX_STAFF;
    return mx_str_eqc(scope, "customer") ? MX_CUSTOMER : MX_GUEST;
}

enum mx_err mx_authenticate(struct mx_ctx *cx, struct mx_str bearer)
{
    struct mx_claims claims;
    enum mx_err e;

    if (bearer.n > MX_TOKEN_MAX || verify(cx, bearer, &claims) != MX_OK)
        return MX_E_UNAUTHORIZED;
    cx->actor = (struct mx_actor){.kind = kind_of(claims.scope),
                                  .account = claims.account,
                                  .session = claims.session,
                                  .token_exp_ms = claims.exp * 1000};
    mx_session_poll(cx->proc, cx->db, cx->now_ms, REVOCATION_AGE_MAX_MS);
    cx->actor.ended = mx_shared_revoked(cx->proc->shared, claims.session, cx->now_ms);
    if (!cx->actor.ended && mx_shared_revocations_lost(cx->proc->shared, cx->now_ms)) {
        e = mx_session_require_live(cx);
        if (e != MX_OK && e != MX_E_UNAUTHORIZED)
            return e;
        cx->actor.ended = e != MX_OK;
    }
    return cx->actor.ended ? MX_E_SESSION_ENDED : MX_OK;
}

/* ---- what they may ---- */

static bool needs_second_factor(const struct mx_ctx *cx)
{
    return cx->actor.kind == MX_STAFF && strcmp(cx->proc->conf->staff_mfa, "required") == 0;
}

/* Staff whose session passed no second factor, though one is required, have no permission at all.
 */
static enum mx_err require_permission(struct mx_ctx *cx, uint64_t permission)
{
    struct mx_session_rights has;

    MX_TRY(mx_session_rights(cx, &has));
    if (needs_second_factor(cx) && has.second == MX_SECOND_NONE)
        return MX_E_MFA_ENROLMENT_REQUIRED;
    cx->actor.permissions = has.permissions;
    cx->actor.has_audit_key = true;
    cx->actor.audit_key = has.audit_key;
    return mx_role_within(cx, has.permissions, permission);
}

/* Check the caller's session against the flags of a route. A guest is the holder of the token:
 * there is nothing by which to prove again to be there. The session of a guest who has become
 * somebody has ended. */
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

enum mx_err mx_authorize(struct mx_ctx *cx, const struct mx_route *route)
{
    if (route->who != MX_WHO_STAFF)
        return require_session(cx, route->flags);
    MX_TRY(require_permission(cx, route->permission));
    return require_session(cx, route->flags | MX_R_WITHOUT_MFA);
}

/* ---- how often ---- */

enum mx_err mx_admit(struct mx_ctx *cx, enum mx_rate_class c)
{
    const struct mx_settings *s = cx->proc->conf;
    const struct mx_limit limits[] = {
        [MX_RATE_GUEST] = {.bucket = MX_S("guest"),
                           .kind = MX_LIMIT_GUEST,
                           .burst = s->rate_guest_per_ip_burst,
                           .per_min = s->rate_guest_per_ip_per_min},
        [MX_RATE_SIGN_IN] = {.bucket = MX_S("address"),
                             .kind = MX_LIMIT_SIGN_IN,
                             .burst = s->rate_token_per_ip_burst,
                             .per_min = s->rate_token_per_ip_per_min},
        [MX_RATE_PASSWORD] = {.bucket = MX_S("password"),
                              .kind = MX_LIMIT_CREDENTIAL,
                              .burst = s->rate_credential_per_ip_burst,
                              .per_min = s->rate_credential_per_ip_per_min},
    };
    struct mx_limit limit = limits[c];
    struct mx_str client = mx_address_class(cx->arena, cx->address);

    limit.bucket = mx_str_fmt(cx->arena, "%.*s:%.*s", MX_FMT(limit.bucket), MX_FMT(client));
    return mx_limits_take(cx, &limit, 1, &cx->rate) ? MX_OK : mx_limit_exceeded(cx, cx->rate);
}

/* ---- afterwards ---- */

struct mx_id mx_caller(const struct mx_ctx *cx)
{
    return mx_id_none(cx->claimed) ? cx->actor.account : cx->claimed;
}

void mx_refused(struct mx_ctx *cx, enum mx_err e)
{
    if (e == MX_E_FORBIDDEN)
        mx_audit_refused(cx, "authorization.refused", "route", (struct mx_id){{0}});
    else if (e == MX_E_INVALID_CREDENTIALS || e == MX_E_CODE_INVALID || e == MX_E_INVALID_MFA_CODE)
        mx_audit_refused(cx, "auth.refused", "account", mx_caller(cx));
}

void mx_authn_idle(const struct mx_proc *proc, struct mx_db *db)
{
    mx_session_poll(proc, db, mx_wall_ms(), REVOCATION_POLL_MS);
}
