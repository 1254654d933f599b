#include "account/email_change.h"

#include "account/signin.h"
#include "io/db.h"
#include "q/email_change.h"
#include "shop/audit.h"
#include "shop/email.h"
#include "shop/limit.h"
#include "shop/mail.h"

static enum mx_err audit(struct mx_ctx *cx, const char *action)
{
    return mx_audit_write(cx, &(struct mx_audit){.action = action,
                                                 .object_type = "account",
                                                 .object = cx->actor.account});
}

/* ---- asking ---- */

struct asked {
    struct mx_ctx *cx;
    struct mx_str email, key;
    bool mailed; /* neither the new address nor the caller has had their share of mail */
    struct mx_mailed_code code;
    struct mx_str *handle; /* to set */
};

static enum mx_err mail_new_address(const struct asked *a, const struct mx_profile *user,
                                    const struct mx_owner *owner)
{
    struct mx_ctx *cx = a->cx;
    struct mx_pair var = {MX_S("code"), a->code.code};
    struct mx_list vars = MX_LIST(&var, 1);

    if (!a->mailed)
        return mx_mail_queue_none(cx, a->email, "email_code", vars);
    if (!mx_id_none(owner->id) && !mx_id_eq(owner->id, user->id))
        return mx_mail_queue(cx, owner->id, owner->email, "email_wanted", owner->locale,
                             (struct mx_list){0});
    return mx_mail_queue(cx, user->id, a->email, "email_code", user->locale, vars);
}

static enum mx_err mail_old_address(const struct asked *a, const struct mx_profile *user)
{
    struct mx_list none = {0};

    if (!a->mailed)
        return mx_mail_queue_none(a->cx, user->email, "email_asked", none);
    return mx_mail_queue(a->cx, user->id, user->email, "email_asked", user->locale, none);
}

/* The same statements whether or not the address is another's, and whether or not it has had its
 * share of mail. A code that nobody was sent changes nothing. */
static enum mx_err ask(void *arg)
{
    struct asked *a = arg;
    struct mx_ctx *cx = a->cx;
    struct mx_mailed_code_for what = {
        .email = a->email, .email_key = a->key, .account = cx->actor.account};
    struct mx_profile user;
    struct mx_owner owner;

    a->mailed = mx_limits_take_mail(cx, a->key, true);
    MX_TRY(mx_account_profile(cx, cx->actor.account, &user));
    MX_TRY(mx_account_owner(cx, a->key, &owner));
    MX_TRY(mx_mailed_code_make(cx, mx_mailed_code_of_account(&cx->actor.account), &what, a->mailed,
                               &a->code));
    *a->handle = a->code.handle;
    MX_TRY(mail_new_address(a, &user, &owner));
    MX_TRY(mail_old_address(a, &user));
    return audit(cx, "account.email_ask");
}

enum mx_err mx_email_change_ask(struct mx_ctx *cx, const struct mx_email_change *in,
                                struct mx_str *ret_handle)
{
    struct asked a = {.cx = cx, .email = in->email, .handle = ret_handle};

    MX_TRY(mx_email_key_of(cx, in->email, &a.key));
    return mx_signin_with_password(cx, in->password, ask, &a);
}

/* ---- confirming ---- */

/* Codes that were mailed to an address end with what it stood for. */
static enum mx_err drop_codes(struct mx_ctx *cx, struct mx_str email)
{
    struct mx_str key;

    MX_TRY(mx_email_key_of(cx, email, &key));
    MX_TRY(mx_mailed_code_drop(cx, mx_mailed_code_of_address(MX_MAILED_CODE_SIGNUP, key)));
    return mx_mailed_code_drop(cx, mx_mailed_code_of_address(MX_MAILED_CODE_PASSWORD, key));
}

static enum mx_err put(struct mx_ctx *cx, const struct mx_profile *user,
                       const struct mx_mailed_code_for *what)
{
    struct q_account_set_email_in in = {user->id, what->email, what->email_key, {cx->now_ms}};
    enum mx_err e;

    MX_TRY(drop_codes(cx, user->email));
    MX_TRY(drop_codes(cx, what->email));
    e = q_account_set_email(cx->db, &in, NULL);
    if (e != MX_OK)
        return e == MX_E_DUPLICATE ? MX_E_EMAIL_TAKEN : e;
    MX_TRY(mx_session_end_others(cx, user->id, cx->actor.session));
    MX_TRY(mx_mail_queue(cx, user->id, user->email, "email_changed", user->locale,
                         (struct mx_list){0}));
    return audit(cx, "account.email_change");
}

enum mx_err mx_email_change_confirm(struct mx_ctx *cx, const struct mx_mailed_code *code,
                                    struct mx_profile *ret_profile, enum mx_err *ret_refused)
{
    struct mx_mailed_code_for what;

    MX_TRY(mx_account_lock(cx, cx->actor.account));
    MX_TRY(mx_mailed_code_use(cx, mx_mailed_code_of_account(&cx->actor.account), code, &what,
                              ret_refused));
    if (*ret_refused != MX_OK)
        return MX_OK;
    MX_TRY(mx_account_profile(cx, cx->actor.account, ret_profile));
    MX_TRY(put(cx, ret_profile, &what));
    return mx_account_profile(cx, cx->actor.account, ret_profile);
}
