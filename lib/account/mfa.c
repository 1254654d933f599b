#include "account/mfa.h"

#include "base/rnd.h"
#include "codec/totp.h"
#include "io/db.h"
#include "q/mfa.h"
#include "shop/audit.h"
#include "shop/mail.h"
#include "shop/sealed.h"

#define RECOVERY_BYTES 15 /* 24 characters of base32 */
#define RECOVERY_GROUP 4
#define TOKEN_BYTES 32

const char *const mx_mfa_method_names[] = {"totp", "recovery_code", NULL};

enum mx_second_factor mx_mfa_second(enum mx_mfa_method m)
{
    return m == MX_MFA_TOTP ? MX_SECOND_TOTP : MX_SECOND_RECOVERY_CODE;
}

static void add_method(struct mx_list *methods, bool has, const char *name)
{
    if (has)
        *MX_AT(*methods, struct mx_str, methods->n++) = mx_str_c(name);
}

enum mx_err mx_mfa_methods(struct mx_ctx *cx, struct mx_id account, struct mx_list *ret_methods)
{
    struct mx_list rows;
    const struct q_mfa_factors_row *has;
    bool app;
    bool needed;

    *ret_methods = (struct mx_list){MX_NEW_N(cx->arena, 3, struct mx_str), 0};
    MX_TRY(q_mfa_factors(cx->db, &(struct q_mfa_factors_in){account}, &rows));
    has = MX_AT(rows, struct q_mfa_factors_row, 0);
    app = has->totp > 0;
    needed = app || (has->passkeys > 0 && has->staff > 0 &&
                     strcmp(cx->proc->conf->staff_mfa, "required") == 0);
    add_method(ret_methods, app, mx_mfa_method_names[MX_MFA_TOTP]);
    add_method(ret_methods, needed && has->recovery_codes > 0,
               mx_mfa_method_names[MX_MFA_RECOVERY_CODE]);
    add_method(ret_methods, needed && has->passkeys > 0, "passkey");
    return MX_OK;
}

enum mx_err mx_mfa_may_enrol(struct mx_ctx *cx)
{
    struct mx_session_proof proof;
    struct mx_list methods;

    MX_TRY(mx_mfa_methods(cx, cx->actor.account, &methods));
    if (methods.n == 0)
        return MX_OK;
    MX_TRY(mx_session_live(cx, &proof));
    if (proof.second != MX_SECOND_NONE)
        return MX_OK;
    return mx_fail(cx->faults, MX_E_FORBIDDEN, "Sign in by the second factor that there is first.");
}

enum mx_err mx_mfa_tell(struct mx_ctx *cx, struct mx_id account, const char *what,
                        struct mx_list vars)
{
    struct mx_profile owner;

    MX_TRY(mx_account_profile(cx, account, &owner));
    MX_TRY(mx_audit_write(
        cx, &(struct mx_audit){.action = what, .object_type = "account", .object = account}));
    if (owner.email.p == NULL)
        return MX_OK;
    return mx_mail_queue(cx, account, owner.email, what, owner.locale, vars);
}

/* ---- authenticator app ---- */

static enum mx_err use_totp(struct mx_ctx *cx, struct mx_id account, struct mx_str code,
                            enum mx_mfa_verdict *ret_verdict)
{
    struct mx_list rows;
    struct mx_str secret;
    int64_t step, spent;
    const struct q_totp_load_row *r;

    MX_TRY(q_totp_load(cx->db, &(struct q_totp_load_in){account}, &rows));
    r = rows.n > 0 ? MX_AT(rows, struct q_totp_load_row, 0) : NULL;
    if (r == NULL || r->confirmed_at.ms == 0)
        return MX_OK;
    MX_TRY(mx_sealed_open(cx, MX_SEALED_TOTP, account, r->secret, &secret));
    if (!mx_totp_match(secret, code, cx->now_ms, &step))
        return MX_OK;
    MX_TRY(q_totp_spend(cx->db, &(struct q_totp_spend_in){account, step}, &spent));
    *ret_verdict = spent > 0 ? MX_MFA_RIGHT : MX_MFA_SPENT;
    return MX_OK;
}

/* ---- recovery codes ---- */

/* Of 120 random bits: no slow hash is needed, and no key whose rotation would end the codes. */
static struct mx_hash recovery_hash(struct mx_ctx *cx, struct mx_id account, struct mx_str code)
{
    struct mx_str id = mx_id_str(cx->arena, account);
    struct mx_str text = mx_str_fmt(cx->arena, "recovery %.*s %.*s", MX_FMT(id), MX_FMT(code));

    return mx_sha256(text);
}

/* As it was made: without the dashes, in capitals. */
static struct mx_str plain_code(struct mx_arena *a, struct mx_str given)
{
    char *p = mx_arena_alloc(a, given.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < given.n; i++) {
        char c = given.p[i];

        if (c != '-' && c != ' ')
            p[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return (struct mx_str){p, n};
}

static struct mx_str grouped(struct mx_arena *a, struct mx_str code)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 2 * code.n);
    for (size_t i = 0; i < code.n; i += RECOVERY_GROUP) {
        if (i > 0)
            mx_buf_byte(&out, '-');
        mx_buf_str(&out, mx_str_sub(code, i, RECOVERY_GROUP));
    }
    return mx_buf_view(&out);
}

static enum mx_err new_code(struct mx_ctx *cx, struct mx_id account, struct mx_str *ret_code)
{
    unsigned char random[RECOVERY_BYTES];
    struct mx_str code;
    struct q_recovery_code_insert_in in;

    mx_rnd(random, sizeof random);
    code = mx_base32(cx->arena, random, sizeof random);
    in =
        (struct q_recovery_code_insert_in){account, recovery_hash(cx, account, code), {cx->now_ms}};
    *ret_code = grouped(cx->arena, code);
    return q_recovery_code_insert(cx->db, &in, NULL);
}

enum mx_err mx_mfa_new_codes(struct mx_ctx *cx, struct mx_id account, struct mx_list *ret_codes)
{
    struct mx_str *codes = MX_NEW_N(cx->arena, MX_RECOVERY_CODES, struct mx_str);

    MX_TRY(q_recovery_code_drop(cx->db, &(struct q_recovery_code_drop_in){account}, NULL));
    for (size_t i = 0; i < MX_RECOVERY_CODES; i++)
        MX_TRY(new_code(cx, account, &codes[i]));
    *ret_codes = (struct mx_list){codes, MX_RECOVERY_CODES};
    return MX_OK;
}

static enum mx_err tell_of_use(struct mx_ctx *cx, struct mx_id account)
{
    struct mx_list rows;
    int64_t left;
    struct mx_pair var;

    MX_TRY(q_mfa_factors(cx->db, &(struct q_mfa_factors_in){account}, &rows));
    left = MX_AT(rows, struct q_mfa_factors_row, 0)->recovery_codes;
    var = (struct mx_pair){MX_S("left"), mx_str_fmt(cx->arena, "%lld", (long long)left)};
    return mx_mfa_tell(cx, account, "recovery_code_used", (struct mx_list){&var, 1});
}

static enum mx_err use_recovery(struct mx_ctx *cx, struct mx_id account, struct mx_str code,
                                enum mx_mfa_verdict *ret_verdict)
{
    struct mx_list rows;
    int64_t spent;
    struct mx_hash hash = recovery_hash(cx, account, plain_code(cx->arena, code));
    struct q_recovery_code_spend_in spend = {account, hash, {cx->now_ms}};
    struct q_recovery_code_known_in known;

    MX_TRY(q_recovery_code_spend(cx->db, &spend, &spent));
    if (spent > 0) {
        *ret_verdict = MX_MFA_RIGHT;
        return tell_of_use(cx, account);
    }
    known = (struct q_recovery_code_known_in){account, hash};
    MX_TRY(q_recovery_code_known(cx->db, &known, &rows));
    *ret_verdict = rows.n > 0 ? MX_MFA_SPENT : MX_MFA_WRONG;
    return MX_OK;
}

/* ---- all of them ---- */

enum mx_err mx_mfa_use(struct mx_ctx *cx, struct mx_id account, enum mx_mfa_method method,
                       struct mx_str code, enum mx_mfa_verdict *ret_verdict)
{
    *ret_verdict = MX_MFA_WRONG;
    switch (method) {
    case MX_MFA_TOTP:
        return use_totp(cx, account, code, ret_verdict);
    case MX_MFA_RECOVERY_CODE:
        return use_recovery(cx, account, code, ret_verdict);
    }
    return MX_OK;
}

enum mx_err mx_mfa_forget(struct mx_ctx *cx, struct mx_id account)
{
    struct q_totp_drop_unconfirmed_in pending = {account};

    MX_TRY(q_totp_drop_unconfirmed(cx->db, &pending, NULL));
    MX_TRY(q_totp_remove(cx->db, &(struct q_totp_remove_in){account}, NULL));
    MX_TRY(q_recovery_code_drop(cx->db, &(struct q_recovery_code_drop_in){account}, NULL));
    return q_challenge_end_all(cx->db, &(struct q_challenge_end_all_in){account}, NULL);
}

/* ---- challenges ---- */

static struct mx_hash token_hash(struct mx_ctx *cx, struct mx_str token)
{
    return mx_sha256(mx_str_fmt(cx->arena, "mfa %.*s", MX_FMT(token)));
}

enum mx_err mx_challenge_make(struct mx_ctx *cx, struct mx_id account, struct mx_id guest,
                              struct mx_str *ret_token)
{
    unsigned char random[TOKEN_BYTES];
    struct mx_str text;
    struct mx_str token;
    struct q_challenge_insert_in in;

    mx_rnd(random, sizeof random);
    text = mx_b64url(cx->arena, random, sizeof random);
    token = mx_str_fmt(cx->arena, "mm1_%.*s", MX_FMT(text));
    in = (struct q_challenge_insert_in){
        .token_hash = token_hash(cx, token),
        .account = account,
        .guest = guest,
        .expires_at = {cx->now_ms + MX_CHALLENGE_TTL_MS},
        .now = {cx->now_ms},
    };
    *ret_token = token;
    return q_challenge_insert(cx->db, &in, NULL);
}

enum mx_err mx_challenge_try(struct mx_ctx *cx, struct mx_str token,
                             struct mx_challenge *ret_challenge)
{
    struct mx_list rows;
    int64_t counted;
    struct mx_hash hash = token_hash(cx, token);
    struct q_challenge_try_in in = {hash, MX_CHALLENGE_ATTEMPTS, {cx->now_ms}};
    const struct q_challenge_load_row *r;

    MX_TRY(q_challenge_try(cx->db, &in, &counted));
    if (counted == 0)
        return MX_E_INVALID_MFA_TOKEN;
    MX_TRY(q_challenge_load(cx->db, &(struct q_challenge_load_in){hash}, &rows));
    MX_ASSERT(rows.n == 1);
    r = MX_AT(rows, struct q_challenge_load_row, 0);
    *ret_challenge = (struct mx_challenge){hash, r->account, r->guest, r->attempts};
    return MX_OK;
}

enum mx_err mx_challenge_end(struct mx_ctx *cx, const struct mx_challenge *c)
{
    return q_challenge_end(cx->db, &(struct q_challenge_end_in){c->token_hash}, NULL);
}

enum mx_err mx_challenge_failed(struct mx_ctx *cx, const struct mx_challenge *c)
{
    enum mx_err e;

    if (c->attempts < MX_CHALLENGE_ATTEMPTS)
        return MX_OK;
    e = mx_mfa_tell(cx, c->account, "mfa_failed", (struct mx_list){0});
    return e == MX_E_NOT_FOUND ? MX_OK : e;
}

enum mx_err mx_totp_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_totp_delete(cx->db, &(struct q_totp_delete_in){h->account}, NULL);
}

const struct mx_sealed_column mx_totp_sealed = {MX_SEALED_TOTP, &q_totp_sealed_sql,
                                                &q_totp_reseal_sql};

enum mx_err mx_recovery_codes_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_recovery_code_drop(cx->db, &(struct q_recovery_code_drop_in){h->account}, NULL);
}
