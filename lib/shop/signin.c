#include "shop/signin.h"

#include "io/db.h"
#include "io/shm.h"
#include "shop/cart.h"
#include "shop/email.h"
#include "shop/event.h"
#include "shop/mail.h"
#include "shop/password.h"
#include "statements.h"

enum mx_err mx_signin_guest(struct mx_ctx *cx, const struct mx_keys *keys, struct mx_str locale,
                            struct mx_tokens *ret_tokens)
{
    struct q_account_insert_guest_in in = {
        mx_id_new(), locale.p != NULL ? locale : MX_S("en"), {cx->now_ms}};
    MX_TRY(q_account_insert_guest(cx->db, &in, NULL));
    ret_tokens->user = (struct mx_profile){
        .id = in.id,
        .name = MX_S(""),
        .locale = in.locale,
        .created_at = in.now,
        .kind = MX_ACCOUNT_GUEST,
    };
    return mx_session_start(cx, keys, ret_tokens);
}

/* The caller's account while it is a guest's. */
static struct mx_id guest_of(const struct mx_ctx *cx)
{
    return cx->actor.kind == MX_GUEST ? cx->actor.account : (struct mx_id){{0}};
}

static enum mx_err email_key(struct mx_ctx *cx, struct mx_str email, struct mx_str *ret_key)
{
    if (mx_email_key(cx->arena, email, ret_key))
        return MX_OK;
    mx_fault_at(cx->faults, MX_S("/email"), "bad_format", "This is no e-mail address.");
    return MX_E_VALIDATION_FAILED;
}

/* ---- registering ---- */

/* A person to make an account of. */
struct person {
    struct mx_str email, key, name, phc;
    struct mx_id guest; /* none: not a guest before */
    struct mx_time verified_at;
};

/* Make the guest's account the person's. Who held the guest's tokens may not be the person, so they
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
        struct q_account_insert_customer_in in = {
            mx_id_new(), p->email, p->key, p->verified_at, p->name, p->phc, {cx->now_ms}};
        MX_TRY(q_account_insert_customer(cx->db, &in, NULL));
        *ret_id = in.id;
    }
    return mx_event_add(cx, "customer.registered", *ret_id);
}

static enum mx_err make_and_sign_in(struct mx_ctx *cx, const struct mx_keys *keys,
                                    const struct person *p, struct mx_tokens *ret_tokens)
{
    struct mx_id id;
    MX_TRY(make_account(cx, p, &id));
    MX_TRY(mx_account_profile(cx, id, &ret_tokens->user));
    return mx_session_start(cx, keys, ret_tokens);
}

/* A sign-up between its hash and its transaction. */
struct signup {
    struct mx_ctx *cx;
    const struct mx_keys *keys;
    struct person person;
    bool may_mail;
    struct mx_tokens *tokens;
};

static enum mx_err sign_up(void *arg)
{
    const struct signup *s = arg;
    enum mx_err e = make_and_sign_in(s->cx, s->keys, &s->person, s->tokens);
    return e == MX_E_DUPLICATE ? MX_E_EMAIL_TAKEN : e;
}

/* A code is worth something only with the address it was mailed to. */
static struct mx_hash code_hash(struct mx_arena *a, const struct mx_keys *keys, struct mx_str key,
                                struct mx_str code)
{
    struct mx_str text = mx_str_fmt(a, "verify %.*s %.*s", MX_FMT(key), MX_FMT(code));
    return mx_hmac(mx_keys_secret(keys), text);
}

static enum mx_err put_registration(const struct signup *s, struct mx_str code)
{
    struct mx_ctx *cx = s->cx;
    struct q_registration_replace_in in = {
        .email_key = s->person.key,
        .email = s->person.email,
        .name = s->person.name,
        .password_hash = s->person.phc,
        .guest = s->person.guest,
        .code_hash = code_hash(cx->arena, s->keys, s->person.key, code),
        .expires_at = {cx->now_ms + MX_CODE_TTL_MS},
        .now = {cx->now_ms},
    };
    return q_registration_replace(cx->db, &in, NULL);
}

static enum mx_err guest_locale(const struct signup *s, struct mx_str *ret_locale)
{
    struct mx_profile guest;
    *ret_locale = (struct mx_str){0};
    if (mx_id_none(s->person.guest))
        return MX_OK;
    enum mx_err e = mx_account_profile(s->cx, s->person.guest, &guest);
    if (e == MX_OK)
        *ret_locale = guest.locale;
    return e == MX_E_NOT_FOUND ? MX_OK : e;
}

/* Mail a code, or tell the owner: the same number of statements either way. When the address has
 * had its share of mail, what it was sent before is void: a code can be guessed at no faster than
 * mail goes out. */
static enum mx_err ask_for_proof(void *arg)
{
    const struct signup *s = arg;
    struct mx_ctx *cx = s->cx;
    struct mx_list owners;
    struct mx_str locale;
    MX_TRY(guest_locale(s, &locale));
    MX_TRY(q_account_owner(cx->db, &(struct q_account_owner_in){s->person.key}, &owners));
    if (owners.n > 0 || !s->may_mail) {
        struct q_registration_delete_in in = {s->person.key};
        MX_TRY(q_registration_delete(cx->db, &in, NULL));
    }
    if (!s->may_mail)
        return MX_OK;
    if (owners.n > 0) {
        const struct q_account_owner_row *o = MX_AT(owners, struct q_account_owner_row, 0);
        return mx_mail_queue(cx, o->email, "address_taken", o->locale, (struct mx_list){0});
    }
    char code[7];
    mx_code6(code);
    MX_TRY(put_registration(s, mx_str_c(code)));
    struct mx_pair var = {MX_S("code"), mx_str_c(code)};
    return mx_mail_queue(cx, s->person.email, "verify_code", locale, (struct mx_list){&var, 1});
}

static bool take(struct mx_ctx *cx, struct mx_str bucket, int64_t *ret_reset_s)
{
    int64_t left;
    return mx_shared_take(cx->shared, bucket, cx->conf->rate_login_burst,
                          cx->conf->rate_login_per_min, &left, ret_reset_s);
}

enum mx_err mx_signin_register(struct mx_ctx *cx, const struct mx_keys *keys,
                               const struct mx_register *in, struct mx_tokens *ret_tokens,
                               bool *ret_signed_in)
{
    int64_t reset_s;
    struct signup s = {.cx = cx, .keys = keys, .tokens = ret_tokens};
    s.person = (struct person){.email = in->email, .name = in->name, .guest = guest_of(cx)};
    MX_TRY(email_key(cx, in->email, &s.person.key));
    MX_TRY(mx_password_accept(cx, in->password, in->email));
    MX_TRY(mx_password_make(cx, in->password, &s.person.phc));
    *ret_signed_in = !cx->conf->verify_email;
    if (*ret_signed_in)
        return mx_db_tx(cx->db, sign_up, &s);
    s.may_mail = take(cx, mx_str_fmt(cx->arena, "signup:%.*s", MX_FMT(s.person.key)), &reset_s);
    return mx_db_tx(cx->db, ask_for_proof, &s);
}

/* ---- proving the address ---- */

enum mx_err mx_signin_verify(struct mx_ctx *cx, const struct mx_keys *keys,
                             const struct mx_verify *in, struct mx_tokens *ret_tokens,
                             enum mx_err *ret_refused)
{
    int64_t counted;
    struct mx_list rows;
    struct mx_str key;
    MX_TRY(email_key(cx, in->email, &key));
    struct q_registration_try_in try = {key, MX_CODE_ATTEMPTS, {cx->now_ms}};
    MX_TRY(q_registration_try(cx->db, &try, &counted));
    if (counted == 0)
        return MX_E_CODE_INVALID;
    MX_TRY(q_registration_load(cx->db, &(struct q_registration_load_in){key}, &rows));
    if (rows.n == 0)
        return MX_E_CODE_INVALID;
    const struct q_registration_load_row *r = MX_AT(rows, struct q_registration_load_row, 0);
    struct mx_hash hash = code_hash(cx->arena, keys, key, in->code);
    if (!mx_secret_eq(hash.b, r->code_hash.b, sizeof hash.b)) {
        *ret_refused = MX_E_CODE_INVALID;
        return MX_OK;
    }
    struct person p = {r->email, key, r->name, r->password_hash, r->guest, {cx->now_ms}};
    enum mx_err e = make_and_sign_in(cx, keys, &p, ret_tokens);
    if (e != MX_OK)
        return e == MX_E_DUPLICATE ? MX_E_CODE_INVALID : e;
    return q_registration_delete(cx->db, &(struct q_registration_delete_in){key}, NULL);
}

/* ---- signing in by password ---- */

struct login {
    struct mx_ctx *cx;
    const struct mx_keys *keys;
    struct mx_id account;
    struct mx_str seen, next; /* the hash that was compared, and the one to store */
    struct mx_tokens *tokens;
};

static enum mx_err finish_login(void *arg)
{
    const struct login *l = arg;
    struct mx_ctx *cx = l->cx;
    int64_t confirmed;
    struct q_account_confirm_password_in in = {l->account, l->seen, l->next};
    MX_TRY(q_account_confirm_password(cx->db, &in, &confirmed));
    if (confirmed == 0)
        return MX_E_INVALID_CREDENTIALS;
    struct mx_id guest = guest_of(cx);
    if (!mx_id_none(guest))
        MX_TRY(mx_cart_merge(cx, guest, l->account));
    MX_TRY(mx_account_profile(cx, l->account, &l->tokens->user));
    return mx_session_start(cx, l->keys, l->tokens);
}

static enum mx_err try_login(struct login *l, struct mx_str key, struct mx_str password)
{
    struct mx_ctx *cx = l->cx;
    struct mx_list rows;
    MX_TRY(q_account_credentials(cx->db, &(struct q_account_credentials_in){key}, &rows));
    if (rows.n > 0) {
        const struct q_account_credentials_row *r =
            MX_AT(rows, struct q_account_credentials_row, 0);
        l->account = r->id;
        l->seen = r->password_hash;
    }
    MX_TRY(mx_password_check(cx, l->seen, password, &l->next));
    return mx_db_tx(cx->db, finish_login, l);
}

enum mx_err mx_signin_login(struct mx_ctx *cx, const struct mx_keys *keys,
                            const struct mx_login *in, struct mx_tokens *ret_tokens)
{
    struct mx_str key;
    int64_t reset_s;
    MX_TRY(email_key(cx, in->email, &key));
    struct mx_str bucket = mx_str_fmt(cx->arena, "login:%.*s", MX_FMT(key));
    if (!take(cx, bucket, &reset_s)) {
        cx->faults->retry_after_s = (int)reset_s;
        return MX_E_RATE_LIMITED;
    }
    struct login l = {.cx = cx, .keys = keys, .tokens = ret_tokens};
    enum mx_err e = try_login(&l, key, in->password);
    if (e != MX_E_INVALID_CREDENTIALS)
        mx_shared_give(cx->shared, bucket, cx->conf->rate_login_burst,
                       cx->conf->rate_login_per_min);
    return e;
}
