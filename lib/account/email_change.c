#include "account/email_change.h"

#include "account/mailed_code.h"
#include "account/signin.h"
#include "io/db.h"
#include "q/account.h"
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
    bool mailed; /* the new address has not had its share of mail */
};

static enum mx_err take_share(void *arg)
{
    struct asked *a = arg;

    a->mailed = mx_limits_allow_mail(a->cx, "email", a->key);
    return MX_OK;
}

/* The same statements whether or not the address is another's. A code that nobody was sent changes
 * nothing. */
static enum mx_err mail_code(const struct asked *a, struct mx_str locale)
{
    struct mx_ctx *cx = a->cx;
    struct mx_list rows;
    struct mx_mailed_code_for what = {
        .email = a->email, .email_key = a->key, .account = cx->actor.account};
    char code[7];
    const struct q_account_owner_row *o;
    struct mx_pair var;

    MX_TRY(q_account_owner(cx->db, &(struct q_account_owner_in){a->key}, &rows));
    MX_TRY(mx_mailed_code_make(cx, mx_mailed_code_of_account(&cx->actor.account), &what, code));
    o = MX_AT(rows, struct q_account_owner_row, 0);
    if (rows.n > 0 && !mx_id_eq(o->id, cx->actor.account))
        return mx_mail_queue(cx, o->id, o->email, "email_wanted", o->locale, (struct mx_list){0});
    var = (struct mx_pair){MX_S("code"), mx_str_c(code)};
    return mx_mail_queue(cx, cx->actor.account, a->email, "email_code", locale,
                         (struct mx_list){&var, 1});
}

static enum mx_err ask(void *arg)
{
    const struct asked *a = arg;
    struct mx_ctx *cx = a->cx;
    struct mx_profile user;

    if (!a->mailed)
        return MX_OK;
    MX_TRY(mx_account_profile(cx, cx->actor.account, &user));
    MX_TRY(mail_code(a, user.locale));
    MX_TRY(mx_mail_queue(cx, user.id, user.email, "email_asked", user.locale, (struct mx_list){0}));
    return audit(cx, "account.email_ask");
}

enum mx_err mx_email_change_ask(struct mx_ctx *cx, const struct mx_email_change *in)
{
    struct asked a = {.cx = cx, .email = in->email};
    struct mx_proved proved = {take_share, ask, &a};

    MX_TRY(mx_email_key_of(cx, in->email, &a.key));
    return mx_signin_prove(cx, in->password, &proved);
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

enum mx_err mx_email_change_confirm(struct mx_ctx *cx, struct mx_str code,
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
