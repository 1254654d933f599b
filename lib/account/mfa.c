#include "account/mfa.h"

#include "account/challenge.h"
#include "account/recovery_code.h"
#include "account/totp_setup.h"
#include "q/mfa.h"
#include "shop/audit.h"
#include "shop/mail.h"

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

    *ret_methods = MX_LIST(MX_NEW_N(cx->arena, 3, struct mx_str), 0);
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
    return mx_fail(cx->faults, MX_E_FORBIDDEN, "Sign in with the existing second factor first.");
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

/* ---- all of them ---- */

enum mx_err mx_mfa_use(struct mx_ctx *cx, struct mx_id account, enum mx_mfa_method method,
                       struct mx_str code, enum mx_mfa_verdict *ret_verdict)
{
    *ret_verdict = MX_MFA_WRONG;
    switch (method) {
    case MX_MFA_TOTP:
        return mx_totp_use(cx, account, code, ret_verdict);
    case MX_MFA_RECOVERY_CODE:
        return mx_recovery_code_use(cx, account, code, ret_verdict);
    }
    return MX_OK;
}

enum mx_err mx_mfa_forget(struct mx_ctx *cx, struct mx_id account)
{
    MX_TRY(mx_totp_erase(cx, &(struct mx_holder){.account = account}));
    MX_TRY(mx_recovery_codes_drop(cx, account));
    return mx_challenges_end(cx, account);
}
