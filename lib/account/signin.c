#include "account/signin.h"

#include "account/challenge.h"
#include "account/mfa.h"
#include "account/password.h"
#include "io/db.h"
#include "q/signin.h"
#include "shop/audit.h"
#include "shop/email.h"
#include "shop/holding.h"
#include "shop/limit.h"
#include "shop/mail.h"

/* A hash changes so often at most while one password is compared. */
#define PROOF_TRIES 3

enum mx_err mx_signin_guest(struct mx_ctx *cx, struct mx_str locale, struct mx_tokens *ret_tokens)
{
    struct q_account_insert_guest_in in = {mx_id_new(),
                                           locale.p != NULL ? locale
                                                            : mx_mail_language(cx->accept_language),
                                           {cx->now_ms}};

    MX_TRY(q_account_insert_guest(cx->db, &in, NULL));
    ret_tokens->user = (struct mx_profile){
        .id = in.id,
        .name = MX_S(""),
        .locale = in.locale,
        .created_at = in.now,
        .kind = MX_ACCOUNT_GUEST,
    };
    return mx_session_start(cx, MX_SECOND_NONE, ret_tokens);
}

/* The caller's account while it is a guest's. A session that has ended gives nothing away: it is
 * one that has signed in before, and repeats that. */
static struct mx_id guest_of(const struct mx_ctx *cx)
{
    return cx->actor.kind == MX_GUEST && !cx->actor.ended ? cx->actor.account : (struct mx_id){{0}};
}

/* ---- registering ---- */

/* A person to make an account of. */
struct person {
    struct mx_str email, key, name, phc;
    struct mx_id guest; /* none: not a guest before */
    struct mx_time verified_at;
};

/* Make the guest's account the person's. The holder of the guest's tokens may be another, so they
 * end; false in *ret_done when it is a guest's no longer. */
static enum mx_err upgrade(struct mx_ctx *cx, const struct person *p, bool *ret_done)
{
    int64_t changed;
    struct q_account_upgrade_guest_in in = {p->guest, p->email, p->key,      p->verified_at,
                                            p->name,  p->phc,   {cx->now_ms}};

    MX_TRY(q_account_upgrade_guest(cx->db, &in, &changed));
    *ret_done = changed > 0;
    return *ret_done ? mx_session_end_all(cx, p->guest) : MX_OK;
}

/* MX_E_DUPLICATE when the address is taken. */
static enum mx_err make_account(struct mx_ctx *cx, const struct person *p, struct mx_id *ret_id)
{
    bool done = false;

    *ret_id = p->guest;
    if (!mx_id_none(p->guest))
        MX_TRY(upgrade(cx, p, &done));
    if (!done) {
        struct q_account_insert_customer_in in = {mx_id_new(),
                                                  p->email,
                                                  p->key,
                                                  p->verified_at,
                                                  p->name,
                                                  p->phc,
                                                  mx_mail_language(cx->accept_language),
                                                  {cx->now_ms}};

        MX_TRY(q_account_insert_customer(cx->db, &in, NULL));
        *ret_id = in.id;
    }
    return mx_audit_write(cx, &(struct mx_audit){.action = "customer.registered",
                                                 .object_type = "account",
                                                 .object = *ret_id,
                                                 .after = mx_audit_route(cx),
                                                 .event = true});
}

enum mx_err mx_signin_make_account(struct mx_ctx *cx, struct mx_str email, struct mx_str key,
                                   struct mx_str name, struct mx_id *ret_id)
{
    struct person p = {.email = email, .key = key, .name = name, .guest = guest_of(cx)};

    if (email.p != NULL)
        p.verified_at.ms = cx->now_ms;
    return make_account(cx, &p, ret_id);
}

static enum mx_err make_and_sign_in(struct mx_ctx *cx, const struct person *p,
                                    struct mx_tokens *ret_tokens)
{
    struct mx_id id;

    MX_TRY(make_account(cx, p, &id));
    MX_TRY(mx_account_profile(cx, id, &ret_tokens->user));
    return mx_session_start(cx, MX_SECOND_NONE, ret_tokens);
}

/* A sign-up between its hash and its transaction. */
struct signup {
    struct mx_ctx *cx;
    struct person person;
    struct mx_registered *registered;
};

static enum mx_err sign_up(void *arg)
{
    const struct signup *s = arg;
    enum mx_err e = make_and_sign_in(s->cx, &s->person, &s->registered->tokens);

    mx_db_effect(s->cx->db);
    return e == MX_E_DUPLICATE ? MX_E_EMAIL_TAKEN : e;
}

static struct mx_mailed_code_holder codes_of(struct mx_str key)
{
    return mx_mailed_code_of_address(MX_MAILED_CODE_SIGNUP, key);
}

static enum mx_err guest_locale(const struct signup *s, struct mx_str *ret_locale)
{
    struct mx_profile guest;
    enum mx_err e;

    *ret_locale = (struct mx_str){0};
    if (mx_id_none(s->person.guest))
        return MX_OK;
    e = mx_account_profile(s->cx, s->person.guest, &guest);
    if (e == MX_OK)
        *ret_locale = guest.locale;
    return e == MX_E_NOT_FOUND ? MX_OK : e;
}

/* Mail a code, or tell the owner, or neither: the same statements each time, so that neither this
 * answer nor that to a wrong code tells which it was. A code that nobody was sent makes no second
 * account. */
static enum mx_err ask_for_proof(void *arg)
{
    const struct signup *s = arg;
    struct mx_ctx *cx = s->cx;
    const struct person *p = &s->person;
    struct mx_mailed_code_for what = {p->email, p->key, p->guest, p->name, p->phc};
    struct mx_mailed_code made;
    struct mx_owner owner;
    struct mx_str locale;
    struct mx_pair var;
    bool mailed = mx_limits_take_mail(cx, p->key, true);

    mx_db_effect(cx->db);
    MX_TRY(guest_locale(s, &locale));
    MX_TRY(mx_account_owner(cx, p->key, &owner));
    MX_TRY(mx_mailed_code_make(cx, codes_of(p->key), &what, mailed, &made));
    s->registered->handle = made.handle;
    var = (struct mx_pair){MX_S("code"), made.code};
    if (!mailed)
        return mx_mail_queue_none(cx, p->email, "verify_code", MX_LIST(&var, 1));
    if (!mx_id_none(owner.id))
        return mx_mail_queue(cx, owner.id, owner.email, "address_taken", owner.locale,
                             (struct mx_list){0});
    return mx_mail_queue(cx, p->guest, p->email, "verify_code", locale, MX_LIST(&var, 1));
}

enum mx_err mx_signin_register(struct mx_ctx *cx, const struct mx_register *in,
                               struct mx_registered *ret_registered)
{
    struct signup s = {.cx = cx, .registered = ret_registered};
    struct mx_password_owner owner = {in->email, in->name, false};

    s.person = (struct person){.email = in->email, .name = in->name, .guest = guest_of(cx)};
    MX_TRY(mx_email_key_of(cx, in->email, &s.person.key));
    MX_TRY(mx_password_room(cx));
    MX_TRY(mx_password_accept(cx, in->password, &owner));
    MX_TRY(mx_password_make(cx, in->password, &s.person.phc));
    ret_registered->signed_in = !cx->proc->conf->verify_email;
    if (ret_registered->signed_in)
        return mx_db_tx(cx->db, sign_up, &s);
    return mx_db_tx(cx->db, ask_for_proof, &s);
}

/* ---- proving the address ---- */

enum mx_err mx_signin_verify(struct mx_ctx *cx, const struct mx_verify *in,
                             struct mx_tokens *ret_tokens, enum mx_err *ret_refused)
{
    struct mx_mailed_code_for what;
    struct mx_str key;
    struct person p;
    enum mx_err e;

    MX_TRY(mx_email_key_of(cx, in->email, &key));
    cx->named = key;
    MX_TRY(mx_mailed_code_use(cx, codes_of(key), &in->code, &what, ret_refused));
    if (*ret_refused != MX_OK)
        return MX_OK;
    p = (struct person){what.email, key, what.name, what.phc, what.account, {cx->now_ms}};
    e = make_and_sign_in(cx, &p, ret_tokens);
    return e == MX_E_DUPLICATE ? MX_E_CODE_INVALID : e;
}

/* ---- signing in ---- */

/* Bring the guest's rows along, unless the guest has become somebody meanwhile. The guest's account
 * is held first: what is ordered comes before or after all this. Its sessions end, for what they
 * put into a cart then nobody would see again. */
static enum mx_err bring_guest(struct mx_ctx *cx, struct mx_id guest, struct mx_id account)
{
    int64_t is_guest;

    if (mx_id_none(guest))
        return MX_OK;
    MX_TRY(q_account_merge(cx->db, &(struct q_account_merge_in){guest, account}, &is_guest));
    if (is_guest == 0)
        return MX_OK;
    MX_TRY(mx_session_end_all(cx, guest));
    for (const struct mx_holding *x = mx_holdings; x->table != NULL; x++)
        if (x->merge != NULL)
            MX_TRY(x->merge(cx, guest, account));
    return MX_OK;
}

/* All that was asked for is proved. */
static enum mx_err enter(struct mx_ctx *cx, struct mx_id account, struct mx_id guest,
                         enum mx_second_factor second, struct mx_tokens *ret_tokens)
{
    MX_TRY(bring_guest(cx, guest, account));
    MX_TRY(mx_account_profile(cx, account, &ret_tokens->user));
    return mx_session_start(cx, second, ret_tokens);
}

enum mx_err mx_signin_finish(struct mx_ctx *cx, struct mx_id account, enum mx_first_factor first,
                             struct mx_signin *ret_signin)
{
    struct mx_id guest = guest_of(cx);

    *ret_signin = (struct mx_signin){0};
    /* A factor is enrolled before this or after: then the session that starts here ends. */
    MX_TRY(mx_account_lock(cx, account));
    if (first == MX_FIRST_PASSKEY)
        return enter(cx, account, guest, MX_SECOND_PASSKEY, &ret_signin->tokens);
    MX_TRY(mx_mfa_methods(cx, account, &ret_signin->methods));
    if (ret_signin->methods.n > 0)
        return mx_challenge_make(cx, account, guest, &ret_signin->mfa_token);
    return enter(cx, account, guest, MX_SECOND_NONE, &ret_signin->tokens);
}

/* ---- by a second factor ---- */

/* Look at the code under the limits of the account; only wrong ones count. */
static enum mx_err judge(struct mx_ctx *cx, struct mx_id account, const struct mx_second *in,
                         enum mx_mfa_verdict *ret_verdict)
{
    struct mx_rate rate;
    struct mx_limit limits[MX_LIMITS_MAX];
    enum mx_mfa_method method = (enum mx_mfa_method)in->method;
    struct mx_str id = mx_id_str(cx->arena, account);
    struct mx_str key = mx_str_fmt(cx->arena, "%s %.*s", mx_mfa_method_names[method], MX_FMT(id));
    size_t n = mx_limits_of_second_factors(cx, key, limits);
    enum mx_err e;

    if (!mx_limits_take(cx, limits, n, &rate))
        return mx_limit_exceeded(cx, rate);
    e = mx_mfa_use(cx, account, method, in->code, ret_verdict);
    if (e != MX_OK || *ret_verdict != MX_MFA_WRONG)
        mx_limits_give(cx, limits, n);
    return e;
}

enum mx_err mx_signin_second(struct mx_ctx *cx, const struct mx_second *in,
                             struct mx_tokens *ret_tokens, enum mx_err *ret_refused)
{
    struct mx_challenge c;
    enum mx_mfa_verdict verdict = MX_MFA_WRONG;

    MX_TRY(mx_challenge_try(cx, in->mfa_token, &c));
    cx->claimed = c.account;
    MX_TRY(judge(cx, c.account, in, &verdict));
    *ret_refused = verdict == MX_MFA_RIGHT ? MX_OK : MX_E_INVALID_MFA_CODE;
    if (verdict != MX_MFA_RIGHT)
        return mx_challenge_failed(cx, &c);
    MX_TRY(mx_challenge_end(cx, &c));
    return enter(cx, c.account, c.guest, mx_mfa_second((enum mx_mfa_method)in->method), ret_tokens);
}

enum mx_err mx_signin_second_passkey(struct mx_ctx *cx, struct mx_str mfa_token,
                                     struct mx_id account, struct mx_tokens *ret_tokens,
                                     enum mx_err *ret_refused)
{
    struct mx_challenge c;

    MX_TRY(mx_challenge_try(cx, mfa_token, &c));
    *ret_refused = mx_id_eq(c.account, account) ? MX_OK : MX_E_INVALID_CREDENTIALS;
    if (*ret_refused != MX_OK)
        return mx_challenge_failed(cx, &c);
    MX_TRY(mx_challenge_end(cx, &c));
    return enter(cx, account, c.guest, MX_SECOND_PASSKEY, ret_tokens);
}

/* ---- by password ---- */

/* A password between its hash and the transaction that it is for. */
struct proof {
    struct mx_ctx *cx;
    struct mx_str key;        /* the address that was named, in its canonical form */
    struct mx_id account;     /* none: not looked up, or nobody's address */
    struct mx_str seen, next; /* the hash that was compared, and the one to store */
    bool overtaken;           /* the hash is another by now */
    struct mx_proved then;
};

/* The password is what it was when it was compared. */
static enum mx_err confirm(void *arg)
{
    struct proof *p = arg;
    int64_t confirmed;
    struct q_account_confirm_password_in in = {p->account, p->seen, p->next};

    MX_TRY(q_account_confirm_password(p->cx->db, &in, &confirmed));
    p->overtaken = confirmed == 0;
    if (p->overtaken)
        return MX_E_INVALID_CREDENTIALS;
    mx_db_effect(p->cx->db);
    return p->then.commit != NULL ? p->then.commit(p->then.arg) : MX_OK;
}

static enum mx_err compare(struct proof *p, struct mx_str password)
{
    p->overtaken = false;
    MX_TRY(mx_password_check(p->cx, p->seen, password, &p->next));
    if (p->then.prepare != NULL)
        MX_TRY(p->then.prepare(p->then.arg));
    return mx_db_tx(p->cx->db, confirm, p);
}

/* Find the account whose password it should be; an unknown address gives an account of none. */
static enum mx_err find_account(struct proof *p)
{
    struct mx_list rows;
    struct q_account_credentials_in in = {p->key};
    const struct q_account_credentials_row *r;

    MX_TRY(q_account_credentials(p->cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, struct q_account_credentials_row, 0);
    p->account = p->cx->claimed = r->id;
    p->seen = r->password_hash;
    return MX_OK;
}

static enum mx_err load_password(struct proof *p)
{
    struct mx_list rows;
    struct q_account_own_password_in in = {p->account};

    if (mx_id_none(p->account))
        return find_account(p);
    MX_TRY(q_account_own_password(p->cx->db, &in, &rows));
    p->seen = (struct mx_str){0};
    if (rows.n > 0)
        p->seen = MX_AT(rows, struct q_account_own_password_row, 0)->password_hash;
    return MX_OK;
}

/* A hash that changed meanwhile may be a better one of the same password. */
static enum mx_err compare_anew(struct proof *p, struct mx_str password)
{
    enum mx_err e;
    int tries = 0;

    do {
        MX_TRY(load_password(p));
        e = compare(p, password);
    } while (p->overtaken && ++tries < PROOF_TRIES);
    return e;
}

/* Compare under the limits and go on; only wrong passwords count. */
static enum mx_err prove(struct proof *p, struct mx_str password, const struct mx_limit *limits,
                         size_t n)
{
    struct mx_ctx *cx = p->cx;
    struct mx_rate rate;
    enum mx_err e;

    if (!mx_limits_take(cx, limits, n, &rate))
        return mx_limit_exceeded(cx, rate);
    e = compare_anew(p, password);
    if (e != MX_E_INVALID_CREDENTIALS)
        mx_limits_give(cx, limits, n);
    return e;
}

/* The limits of who has a token of a session of the account: strangers do not use them up, nor does
 * another session alone; many sign-ins before a change of the password give no more guesses after
 * it. */
static size_t own_limits(struct mx_ctx *cx, struct mx_id session, struct mx_id account,
                         struct mx_limit limits[MX_LIMITS_MAX])
{
    struct mx_str id = mx_id_str(cx->arena, session), all = mx_id_str(cx->arena, account);

    limits[0] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "own login:%.*s", MX_FMT(id)),
        .burst = cx->proc->conf->rate_login_per_account_ip_burst,
        .per_min = cx->proc->conf->rate_login_per_account_ip_per_min,
    };
    limits[1] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "own logins:%.*s", MX_FMT(all)),
        .burst = cx->proc->conf->rate_login_per_account_burst,
        .per_min = cx->proc->conf->rate_login_per_account_per_min,
    };
    return 2;
}

/* The session of the account that the caller shows to have or to have had; none: a stranger. */
static enum mx_err known_session(struct mx_ctx *cx, struct mx_str refresh_token,
                                 struct mx_id account, struct mx_id *ret_session)
{
    struct mx_id session, owner;

    *ret_session = (struct mx_id){{0}};
    if (!mx_id_none(cx->actor.account) && mx_id_eq(cx->actor.account, account))
        *ret_session = cx->actor.session;
    if (refresh_token.p == NULL || !mx_session_of_token(cx, refresh_token, &session))
        return MX_OK;
    MX_TRY(mx_session_account(cx, session, &owner));
    if (!mx_id_none(owner) && mx_id_eq(owner, account))
        *ret_session = session;
    return MX_OK;
}

/* A stranger's before the account is looked up: a flood costs no query. */
static enum mx_err login_limits(struct proof *p, const struct mx_login *in,
                                struct mx_limit limits[MX_LIMITS_MAX], size_t *ret_n)
{
    struct mx_ctx *cx = p->cx;
    struct mx_id session = {{0}};

    if (in->refresh_token.p != NULL || !mx_id_none(cx->actor.account)) {
        MX_TRY(find_account(p));
        MX_TRY(known_session(cx, in->refresh_token, p->account, &session));
    }
    *ret_n = mx_id_none(session) ? mx_limits_of_passwords(cx, p->key, limits)
                                 : own_limits(cx, session, p->account, limits);
    return MX_OK;
}

struct login {
    struct proof proof;
    struct mx_signin *signin;
};

static enum mx_err finish_login(void *arg)
{
    const struct login *l = arg;

    return mx_signin_finish(l->proof.cx, l->proof.account, MX_FIRST_PASSWORD, l->signin);
}

enum mx_err mx_signin_login(struct mx_ctx *cx, const struct mx_login *in,
                            struct mx_signin *ret_signin)
{
    struct mx_limit limits[MX_LIMITS_MAX];
    struct login l = {.proof = {.cx = cx, .then = {NULL, finish_login, &l}}, .signin = ret_signin};
    size_t n;

    MX_TRY(mx_password_room(cx));
    MX_TRY(mx_email_key_of(cx, in->email, &l.proof.key));
    cx->named = l.proof.key;
    MX_TRY(login_limits(&l.proof, in, limits, &n));
    return prove(&l.proof, in->password, limits, n);
}

/* ---- proving it again ---- */

enum mx_err mx_signin_prove(struct mx_ctx *cx, struct mx_str password, const struct mx_proved *then)
{
    struct proof p = {.cx = cx, .account = cx->actor.account, .then = *then};
    struct mx_limit limits[MX_LIMITS_MAX];
    size_t n = own_limits(cx, cx->actor.session, p.account, limits);

    MX_TRY(mx_password_room(cx));
    return prove(&p, password, limits, n);
}

enum mx_err mx_signin_with_password(struct mx_ctx *cx, struct mx_str password,
                                    enum mx_err (*then)(void *arg), void *arg)
{
    return mx_signin_prove(cx, password, &(struct mx_proved){NULL, then, arg});
}

static enum mx_err refresh_session(void *arg)
{
    struct mx_ctx *cx = arg;
    int64_t live;
    struct q_session_reauthenticate_in in = {cx->actor.session, {cx->now_ms}};

    MX_TRY(q_session_reauthenticate(cx->db, &in, &live));
    return live == 0 ? MX_E_UNAUTHORIZED : MX_OK;
}

enum mx_err mx_signin_again(struct mx_ctx *cx, struct mx_str password)
{
    return mx_signin_with_password(cx, password, refresh_session, cx);
}
