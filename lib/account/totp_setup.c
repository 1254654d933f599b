#include "account/totp_setup.h"

#include "account/recovery_code.h"
#include "account/signin.h"
#include "base/rnd.h"
#include "codec/totp.h"
#include "io/db.h"
#include "q/totp_setup.h"
#include "shop/sealed.h"

enum mx_err mx_totp_setup_begin(struct mx_ctx *cx, struct mx_totp_seed *ret_seed)
{
    unsigned char random[MX_TOTP_SECRET];
    struct mx_id me = cx->actor.account;
    struct mx_profile profile;
    struct mx_str secret;
    struct q_totp_drop_unconfirmed_in old;
    struct q_totp_insert_in in;
    enum mx_err e;

    if (cx->actor.kind == MX_GUEST)
        return MX_E_FORBIDDEN;
    MX_TRY(mx_account_lock_own(cx));
    MX_TRY(mx_mfa_may_enrol(cx));
    MX_TRY(mx_account_profile(cx, me, &profile));
    mx_rnd(random, sizeof random);
    secret = (struct mx_str){(const char *)random, sizeof random};
    ret_seed->secret = mx_base32(cx->arena, random, sizeof random);
    ret_seed->otpauth_uri =
        mx_totp_uri(cx->arena, mx_str_c(cx->proc->conf->shop_name),
                    profile.email.p != NULL ? profile.email : profile.name, ret_seed->secret);
    old = (struct q_totp_drop_unconfirmed_in){me};
    MX_TRY(q_totp_drop_unconfirmed(cx->db, &old, NULL));
    in = (struct q_totp_insert_in){
        me, mx_pii_seal(cx->arena, cx->proc->keys, MX_SEALED_TOTP, me, secret), {cx->now_ms}};
    mx_secret_wipe(random, sizeof random);
    e = q_totp_insert(cx->db, &in, NULL);
    if (e == MX_E_DUPLICATE)
        return mx_fail(cx->faults, MX_E_CONFLICT, "An authenticator app is already set up.");
    return e;
}

/* The step of a code of the seed that waits. */
static enum mx_err first_code(struct mx_ctx *cx, struct mx_str code, int64_t *ret_step)
{
    struct mx_list rows;
    struct mx_str secret;
    struct mx_id me = cx->actor.account;
    const struct q_totp_load_row *r;

    MX_TRY(q_totp_load(cx->db, &(struct q_totp_load_in){me}, &rows));
    r = rows.n > 0 ? MX_AT(rows, struct q_totp_load_row, 0) : NULL;
    if (r == NULL || r->confirmed_at.ms != 0)
        return mx_fail(cx->faults, MX_E_CONFLICT,
                       "No authenticator app is being set up; start with POST /v1/me/mfa/totp.");
    MX_TRY(mx_sealed_open(cx, MX_SEALED_TOTP, me, r->secret, &secret));
    return mx_totp_match(secret, code, cx->now_ms, ret_step) ? MX_OK : MX_E_CODE_INVALID;
}

enum mx_err mx_totp_setup_confirm(struct mx_ctx *cx, struct mx_str code, struct mx_list *ret_codes)
{
    struct mx_id me = cx->actor.account;
    int64_t step;
    struct q_totp_confirm_in in;

    MX_TRY(mx_account_lock_own(cx));
    MX_TRY(mx_mfa_may_enrol(cx));
    MX_TRY(first_code(cx, code, &step));
    in = (struct q_totp_confirm_in){me, step, {cx->now_ms}};
    MX_TRY(q_totp_confirm(cx->db, &in, NULL));
    MX_TRY(mx_recovery_codes_new(cx, me, ret_codes));
    MX_TRY(mx_session_proved(cx, MX_SECOND_TOTP));
    MX_TRY(mx_session_end_others(cx, me, cx->actor.session));
    return mx_mfa_tell(cx, me, "mfa_enrolled", (struct mx_list){0});
}

static enum mx_err remove_totp(void *arg)
{
    struct mx_ctx *cx = arg;
    struct mx_id me = cx->actor.account;
    int64_t removed;

    MX_TRY(q_totp_remove(cx->db, &(struct q_totp_remove_in){me}, &removed));
    if (removed == 0)
        return MX_E_NOT_FOUND;
    MX_TRY(mx_recovery_codes_drop(cx, me));
    MX_TRY(mx_session_unproved(cx, me));
    return mx_mfa_tell(cx, me, "mfa_removed", (struct mx_list){0});
}

enum mx_err mx_totp_setup_remove(struct mx_ctx *cx, struct mx_str password)
{
    return mx_signin_with_password(cx, password, remove_totp, cx);
}

enum mx_err mx_totp_setup_new_codes(struct mx_ctx *cx, struct mx_list *ret_codes)
{
    struct mx_id me = cx->actor.account;
    struct mx_list methods;

    MX_TRY(mx_account_lock_own(cx));
    MX_TRY(mx_mfa_methods(cx, me, &methods));
    if (methods.n == 0)
        return mx_fail(cx->faults, MX_E_CONFLICT, "The account has no second factor.");
    MX_TRY(mx_recovery_codes_new(cx, me, ret_codes));
    return mx_mfa_tell(cx, me, "recovery_codes_made", (struct mx_list){0});
}

/* ---- its codes ---- */

enum mx_err mx_totp_use(struct mx_ctx *cx, struct mx_id account, struct mx_str code,
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

enum mx_err mx_totp_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_totp_delete(cx->db, &(struct q_totp_delete_in){h->account}, NULL);
}

const struct mx_sealed_column mx_totp_sealed = {MX_SEALED_TOTP, &q_totp_sealed_sql,
                                                &q_totp_reseal_sql};
