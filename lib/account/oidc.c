#include "account/oidc.h"

#include "base/log.h"
#include "io/db.h"
#include "io/jwks.h"
#include "io/shm.h"
#include "q/oidc.h"
#include "shop/audit.h"
#include "shop/email.h"
#include "shop/mail.h"

/* ---- the token ---- */

/* The proved identity, before its transaction. */
struct proof {
    struct mx_ctx *cx;
    const struct mx_oidc_provider *provider;
    struct mx_id_token token;
    struct mx_str email_key; /* absent: no address that the provider vouches for */
    void *ret;
};

static enum mx_err refused(const struct mx_oidc_provider *p, const char *why)
{
    mx_log(MX_LOG_INFO, "token of an identity provider refused", MX_KS("provider", p->name),
           MX_KC("why", why));
    return MX_E_INVALID_CREDENTIALS;
}

/* Nothing is fetched for a token that would be refused anyhow. */
static enum mx_err check(struct mx_ctx *cx, const struct mx_oidc_provider *p,
                         const struct mx_jws *jws, struct mx_str kid)
{
    int64_t began_ns = mx_mono_ns();
    struct mx_jwk key;
    enum mx_err e = mx_jwks_key(cx->arena, mx_shared_jwks(cx->proc->shared), p, kid, &key);
    const char *why;

    cx->spent.provider_ns += mx_mono_ns() - began_ns;
    if (e != MX_OK)
        return e == MX_E_UNAUTHORIZED ? refused(p, "unknown kid") : e;
    why = mx_jws_check(jws, key.alg, key.pem);
    return why ? refused(p, why) : MX_OK;
}

static enum mx_err prove(struct mx_ctx *cx, const struct mx_id_proof *in, struct proof *p)
{
    const char *why;

    *p = (struct proof){.cx = cx, .provider = mx_oidc_find(cx->proc->oidc, in->provider)};
    if (!p->provider) {
        mx_fault_at(cx->faults, MX_S("/provider"), "unknown_value",
                    "This provider is not offered.");
        return MX_E_VALIDATION_FAILED;
    }
    why = mx_id_token_read(cx->arena, p->provider, in->id_token, in->nonce, cx->now_ms / 1000,
                           &p->token);
    if (why)
        return refused(p->provider, why);
    if (p->token.email.p && !mx_email_key(cx->arena, p->token.email, &p->email_key))
        p->email_key = (struct mx_str){0};
    return check(cx, p->provider, &p->token.jws, p->token.kid);
}

/* MX_E_DUPLICATE: something of the provider with that mark has been here before. */
static enum mx_err spend_mark(struct mx_ctx *cx, const struct mx_oidc_provider *p,
                              struct mx_str mark, int64_t good_until_s)
{
    struct mx_str text = mx_str_fmt(cx->arena, "%.*s\n%.*s", MX_FMT(p->issuer), MX_FMT(mark));
    struct q_id_token_use_in in = {mx_sha256(text),
                                   {(good_until_s + 2 * MX_TOKEN_LEEWAY_S) * 1000}};

    return q_id_token_use(cx->db, &in, NULL);
}

/* Once only: neither the token nor its nonce again, as long as it would be good. */
static enum mx_err spend(const struct proof *p)
{
    enum mx_err e = spend_mark(p->cx, p->provider, p->token.nonce, p->token.exp_s);

    return e == MX_E_DUPLICATE ? refused(p->provider, "used before") : e;
}

/* ---- identities ---- */

static enum mx_err audit(struct mx_ctx *cx, const char *action, struct mx_id account)
{
    const struct mx_audit row = {.action = action, .object_type = "account", .object = account};

    return mx_audit_write(cx, &row);
}

static enum mx_err tell(struct mx_ctx *cx, const char *mail, struct mx_id account,
                        struct mx_str provider)
{
    struct mx_profile owner;
    struct mx_pair var = {MX_S("provider"), provider};

    MX_TRY(mx_account_profile(cx, account, &owner));
    if (!owner.email.p)
        return MX_OK;
    return mx_mail_queue(cx, account, owner.email, mail, owner.locale, MX_LIST(&var, 1));
}

/* MX_E_RETRY: somebody was faster. */
static enum mx_err insert(const struct proof *p, struct mx_id account, struct mx_id *ret_id)
{
    struct mx_ctx *cx = p->cx;
    struct q_identity_insert_in in = {mx_id_new(),         account,          p->provider->name,
                                      p->provider->issuer, p->token.subject, {cx->now_ms}};
    enum mx_err e = q_identity_insert(cx->db, &in, NULL);

    if (e != MX_OK)
        return e == MX_E_DUPLICATE ? MX_E_RETRY : e;
    *ret_id = in.id;
    return audit(cx, "identity.add", account);
}

/* NULL in *ret_row: it is not known. */
static enum mx_err find_identity(struct mx_ctx *cx, const struct mx_oidc_provider *p,
                                 struct mx_str subject, const struct q_identity_find_row **ret_row)
{
    struct mx_list rows;

    MX_TRY(q_identity_find(cx->db, &(struct q_identity_find_in){p->issuer, subject}, &rows));
    *ret_row = rows.n > 0 ? MX_AT(rows, struct q_identity_find_row, 0) : NULL;
    return MX_OK;
}

/* The account of a known identity; none in *ret_account: it is not known. */
static enum mx_err find(const struct proof *p, struct mx_id *ret_account)
{
    const struct q_identity_find_row *r;
    struct q_identity_use_in in;

    *ret_account = (struct mx_id){{0}};
    MX_TRY(find_identity(p->cx, p->provider, p->token.subject, &r));
    if (r == NULL)
        return MX_OK;
    *ret_account = r->account;
    in = (struct q_identity_use_in){r->id, p->provider->name, {p->cx->now_ms}};
    return q_identity_use(p->cx->db, &in, NULL);
}

/* ---- somebody new ---- */

static enum mx_err drop_unproved(struct mx_ctx *cx, struct mx_id account)
{
    struct q_account_drop_unproved_in in = {account, {cx->now_ms}};

    MX_TRY(q_account_drop_unproved(cx->db, &in, NULL));
    MX_TRY(q_identity_delete_all(cx->db, &(struct q_identity_delete_all_in){account}, NULL));
    MX_TRY(mx_session_end_all(cx, account));
    return audit(cx, "account.drop_unproved", account);
}

/* The customer who has proved the address to us; none in *ret_account: nobody has. */
static enum mx_err find_by_email(const struct proof *p, struct mx_id *ret_account)
{
    struct mx_ctx *cx = p->cx;
    struct mx_list rows;
    const struct q_account_holder_row *r;

    *ret_account = (struct mx_id){{0}};
    if (!p->email_key.p)
        return MX_OK;
    MX_TRY(q_account_holder(cx->db, &(struct q_account_holder_in){p->email_key}, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, struct q_account_holder_row, 0);
    if (r->status != 0)
        return refused(p->provider, "the account is closed");
    if (r->kind == MX_ACCOUNT_STAFF)
        return refused(p->provider, "staff have to add the provider themselves");
    if (r->verified_at.ms == 0)
        return drop_unproved(cx, r->id);
    *ret_account = r->id;
    return tell(cx, "identity_added", r->id, p->provider->name);
}

static enum mx_err adopt(const struct proof *p, struct mx_id *ret_account)
{
    struct mx_id identity;

    MX_TRY(find_by_email(p, ret_account));
    if (mx_id_none(*ret_account)) {
        bool has_email = p->email_key.p != NULL;
        enum mx_err e = mx_signin_make_account(
            p->cx, has_email ? p->token.email : (struct mx_str){0}, p->email_key,
            p->token.name.p ? p->token.name : MX_S(""), ret_account);

        if (e != MX_OK)
            return e == MX_E_DUPLICATE ? MX_E_RETRY : e;
    }
    return insert(p, *ret_account, &identity);
}

static enum mx_err sign_in(void *arg)
{
    const struct proof *p = arg;
    struct mx_id account;
    enum mx_err e;

    mx_db_effect(p->cx->db);
    MX_TRY(spend(p));
    MX_TRY(find(p, &account));
    if (mx_id_none(account))
        MX_TRY(adopt(p, &account));
    e = mx_account_lock(p->cx, account);
    if (e != MX_OK)
        return e == MX_E_NOT_FOUND ? refused(p->provider, "the account is closed") : e;
    return mx_signin_finish(p->cx, account, MX_FIRST_PROVIDER, p->ret);
}

enum mx_err mx_oidc_signin(struct mx_ctx *cx, const struct mx_id_proof *in,
                           struct mx_signin *ret_signin)
{
    struct proof p;

    MX_TRY(prove(cx, in, &p));
    p.ret = ret_signin;
    return mx_db_tx(cx->db, sign_in, &p);
}

/* ---- the caller's own ---- */

enum mx_err mx_oidc_list(struct mx_ctx *cx, struct mx_list *ret_list)
{
    struct mx_list rows;
    struct q_identity_list_in in = {cx->actor.account, MX_IDENTITIES_MAX};
    struct mx_identity *at;

    MX_TRY(q_identity_list(cx->db, &in, &rows));
    at = MX_NEW_N(cx->arena, rows.n, struct mx_identity);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_identity_list_row *r = MX_AT(rows, struct q_identity_list_row, i);

        at[i] = (struct mx_identity){r->id,      r->provider,   r->issuer,
                                     r->subject, r->created_at, r->used_at};
    }
    *ret_list = MX_LIST(at, rows.n);
    return MX_OK;
}

static enum mx_err add(void *arg)
{
    const struct proof *p = arg;
    struct mx_ctx *cx = p->cx;
    struct mx_identity *ret_identity = p->ret;
    struct mx_list own;
    struct mx_id known;

    mx_db_effect(cx->db);
    MX_TRY(mx_account_lock(cx, cx->actor.account));
    MX_TRY(spend(p));
    MX_TRY(find(p, &known));
    if (!mx_id_none(known)) {
        mx_fault_at(cx->faults, MX_S("/id_token"), "taken",
                    "belongs to an identity that is linked already");
        return mx_fail(cx->faults, MX_E_CONFLICT, "This identity is linked to an account already.");
    }
    MX_TRY(mx_oidc_list(cx, &own));
    if (own.n >= MX_IDENTITIES_MAX)
        return mx_fail(cx->faults, MX_E_CONFLICT, "The account already has %d identities.",
                       MX_IDENTITIES_MAX);
    *ret_identity = (struct mx_identity){.provider = p->provider->name,
                                         .issuer = p->provider->issuer,
                                         .subject = p->token.subject,
                                         .created_at = {cx->now_ms},
                                         .last_used_at = {cx->now_ms}};
    MX_TRY(insert(p, cx->actor.account, &ret_identity->id));
    return tell(cx, "identity_added", cx->actor.account, p->provider->name);
}

enum mx_err mx_oidc_add(struct mx_ctx *cx, const struct mx_id_proof *in,
                        struct mx_identity *ret_identity)
{
    struct proof p;
    enum mx_err e;

    if (cx->actor.kind == MX_GUEST)
        return MX_E_FORBIDDEN;
    MX_TRY(prove(cx, in, &p));
    p.ret = ret_identity;
    e = mx_db_tx(cx->db, add, &p);
    return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
}

/* One of the caller's by its id. */
static enum mx_err find_own(struct mx_ctx *cx, struct mx_id id, struct mx_identity *ret_identity)
{
    struct mx_list own;

    MX_TRY(mx_oidc_list(cx, &own));
    for (size_t i = 0; i < own.n; i++) {
        *ret_identity = *MX_AT(own, struct mx_identity, i);
        if (mx_id_eq(ret_identity->id, id))
            return MX_OK;
    }
    return MX_E_NOT_FOUND;
}

enum mx_err mx_oidc_remove(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_id me = cx->actor.account;
    struct mx_identity identity;

    MX_TRY(mx_account_lock(cx, me));
    MX_TRY(find_own(cx, id, &identity));
    MX_TRY(mx_account_keeps_way_in(cx, me));
    MX_TRY(q_identity_delete(cx->db, &(struct q_identity_delete_in){id, me}, NULL));
    MX_TRY(audit(cx, "identity.remove", me));
    return tell(cx, "identity_removed", me, identity.provider);
}

/* ---- notices ---- */

struct notice {
    struct mx_ctx *cx;
    const struct mx_oidc_provider *provider;
    struct mx_oidc_notice said;
};

/* The subject will never be anybody again. */
static enum mx_err forget_identity(const struct notice *n, const struct q_identity_find_row *r)
{
    struct mx_ctx *cx = n->cx;
    struct q_identity_delete_in in = {r->id, r->account};

    MX_TRY(q_identity_delete(cx->db, &in, NULL));
    MX_TRY(audit(cx, "identity.account_deleted", r->account));
    return tell(cx, "identity_removed", r->account, n->provider->name);
}

static enum mx_err obey(void *arg)
{
    const struct notice *n = arg;
    struct mx_ctx *cx = n->cx;
    const struct q_identity_find_row *r;
    enum mx_err e;

    mx_db_effect(cx->db);
    MX_TRY(spend_mark(cx, n->provider, n->said.id, n->said.until_s));
    MX_TRY(find_identity(cx, n->provider, n->said.subject, &r));
    if (r == NULL || n->said.event == MX_OIDC_OTHER)
        return MX_OK;
    e = mx_account_lock(cx, r->account);
    if (e != MX_OK)
        return e == MX_E_NOT_FOUND ? MX_OK : e;
    MX_TRY(mx_session_end_all(cx, r->account));
    if (n->said.event == MX_OIDC_ACCOUNT_DELETED)
        return forget_identity(n, r);
    return audit(cx, "identity.consent_revoked", r->account);
}

enum mx_err mx_oidc_obey(struct mx_ctx *cx, struct mx_str provider, struct mx_str payload,
                         int *ret_event)
{
    struct notice n = {.cx = cx, .provider = mx_oidc_find(cx->proc->oidc, provider)};
    const char *why;
    enum mx_err e;

    if (n.provider == NULL)
        return MX_E_NOT_FOUND;
    why = mx_oidc_notice_read(cx->arena, n.provider, payload, cx->now_ms / 1000, &n.said);
    if (why)
        return refused(n.provider, why);
    MX_TRY(check(cx, n.provider, &n.said.jws, n.said.kid));
    *ret_event = (int)n.said.event;
    e = mx_db_tx(cx->db, obey, &n);
    /* The same notice again is no error: the provider may not have had the answer. */
    return e == MX_E_DUPLICATE ? MX_OK : e;
}

enum mx_err mx_identity_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_identity_delete_all(cx->db, &(struct q_identity_delete_all_in){h->account}, NULL);
}
