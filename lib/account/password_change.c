#include "account/password_change.h"

#include "account/mfa.h"
#include "account/oidc.h"
#include "account/passkey.h"
#include "account/password.h"
#include "account/signin.h"
#include "io/db.h"
#include "q/password_change.h"
#include "shop/audit.h"
#include "shop/email.h"
#include "shop/limit.h"
#include "shop/mail.h"

static struct mx_password_owner owner_of(const struct mx_profile *p)
{
    return (struct mx_password_owner){p->email, p->name, p->kind == MX_ACCOUNT_STAFF};
}

/* A password that is to be the account's from now on. */
struct change {
    struct mx_ctx *cx;
    struct mx_str password, phc;
    struct mx_profile user;
    const char *action; /* of the audit log */
};

static enum mx_err make(void *arg)
{
    struct change *c = arg;

    return mx_password_make(c->cx, c->password, &c->phc);
}

/* Store it, and end all that rested on the old one, but session `keep`. The account is locked. */
static enum mx_err put(const struct change *c, struct mx_id keep)
{
    struct mx_ctx *cx = c->cx;
    struct mx_str key;
    struct q_account_set_password_in in = {c->user.id, c->phc, {cx->now_ms}};

    MX_TRY(mx_email_key_of(cx, c->user.email, &key));
    MX_TRY(mx_mailed_code_drop(cx, mx_mailed_code_of_address(MX_MAILED_CODE_PASSWORD, key)));
    MX_TRY(mx_mailed_code_drop(cx, mx_mailed_code_of_account(&c->user.id)));
    MX_TRY(q_account_set_password(cx->db, &in, NULL));
    MX_TRY(mx_session_end_others(cx, c->user.id, keep));
    MX_TRY(mx_mail_queue(cx, c->user.id, c->user.email, "password_changed", c->user.locale,
                         (struct mx_list){0}));
    return mx_audit_write(cx, &(struct mx_audit){.action = c->action,
                                                 .object_type = "account",
                                                 .object = c->user.id,
                                                 .actor = c->user.id});
}

/* ---- by the present one ---- */

static enum mx_err put_changed(void *arg)
{
    const struct change *c = arg;

    return put(c, c->cx->actor.session);
}

enum mx_err mx_password_change_own(struct mx_ctx *cx, const struct mx_password_change *in)
{
    struct change c = {.cx = cx, .password = in->password, .action = "account.password_change"};
    struct mx_proved proved = {make, put_changed, &c};
    enum mx_err e = mx_account_profile(cx, cx->actor.account, &c.user);
    struct mx_password_owner owner;

    if (e != MX_OK)
        return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
    owner = owner_of(&c.user);
    MX_TRY(mx_password_accept(cx, in->password, &owner));
    return mx_signin_prove(cx, in->current_password, &proved);
}

/* ---- by a code ---- */

/* An address whose owner, if there is one, has forgotten the password. */
struct forgot {
    struct mx_ctx *cx;
    struct mx_str email, key;
    struct mx_mailed_code code;
};

static enum mx_err mail_code(void *arg)
{
    struct forgot *f = arg;
    struct mx_ctx *cx = f->cx;
    struct mx_mailed_code_for what = {.email = f->email, .email_key = f->key};
    struct mx_owner owner;
    struct mx_pair var;
    struct mx_list vars;
    bool mailed;

    MX_TRY(mx_account_owner(cx, f->key, &owner));
    mailed = mx_limits_take_mail(cx, f->key, owner.open);
    if (owner.open)
        what.account = owner.id;
    MX_TRY(mx_mailed_code_make(cx, mx_mailed_code_of_address(MX_MAILED_CODE_PASSWORD, f->key),
                               &what, mailed, &f->code));
    var = (struct mx_pair){MX_S("code"), f->code.code};
    vars = MX_LIST(&var, 1);
    if (!owner.open || !mailed)
        return mx_mail_queue_none(cx, f->email, "reset_code", vars);
    return mx_mail_queue(cx, owner.id, owner.email, "reset_code", owner.locale, vars);
}

enum mx_err mx_password_forgot(struct mx_ctx *cx, struct mx_str email, struct mx_str *ret_handle)
{
    struct forgot f = {.cx = cx, .email = email};

    MX_TRY(mx_email_key_of(cx, email, &f.key));
    MX_TRY(mx_db_tx(cx->db, mail_code, &f));
    *ret_handle = f.code.handle;
    return MX_OK;
}

/* A code and the password that it is to set. */
struct reset {
    struct change change;
    struct mx_mailed_code_holder codes;
    const struct mx_mailed_code *code;
    enum mx_err refused;
};

/* Nobody had proved the address: its claimant may have made further ways in, which are not
 * the owner's. */
static enum mx_err drop_claims(struct mx_ctx *cx, struct mx_id account)
{
    struct mx_holder claimant = {.account = account};

    MX_TRY(mx_passkey_erase(cx, &claimant));
    MX_TRY(mx_identity_erase(cx, &claimant));
    return mx_mfa_forget(cx, account);
}

/* The account that the code was mailed to the owner of, while it has the address still. */
static enum mx_err account_of(struct reset *r, struct mx_id account)
{
    struct mx_ctx *cx = r->change.cx;
    struct mx_str key;
    enum mx_err e = mx_account_profile(cx, account, &r->change.user);

    if (e == MX_E_NOT_FOUND)
        return MX_E_CODE_INVALID;
    MX_TRY(e);
    MX_TRY(mx_email_key_of(cx, r->change.user.email, &key));
    return mx_str_eq(key, r->codes.key) ? MX_OK : MX_E_CODE_INVALID;
}

static enum mx_err check_code(void *arg)
{
    struct reset *r = arg;
    struct mx_mailed_code_for what;

    MX_TRY(mx_mailed_code_check(r->change.cx, r->codes, r->code, &what, &r->refused));
    return r->refused == MX_OK ? account_of(r, what.account) : MX_OK;
}

static enum mx_err put_reset(void *arg)
{
    struct reset *r = arg;
    struct mx_ctx *cx = r->change.cx;
    struct mx_mailed_code_for what;
    enum mx_err e = mx_account_lock(cx, r->change.user.id);
    struct q_account_prove_in proved;

    if (e != MX_OK)
        return e == MX_E_NOT_FOUND ? MX_E_CODE_INVALID : e;
    MX_TRY(mx_mailed_code_use(cx, r->codes, r->code, &what, &r->refused));
    if (r->refused != MX_OK)
        return MX_OK;
    mx_db_effect(cx->db);
    MX_TRY(account_of(r, what.account));
    if (!r->change.user.email_verified)
        MX_TRY(drop_claims(cx, what.account));
    proved = (struct q_account_prove_in){what.account, {cx->now_ms}};
    MX_TRY(q_account_prove(cx->db, &proved, NULL));
    return put(&r->change, (struct mx_id){{0}});
}

enum mx_err mx_password_reset_by_code(struct mx_ctx *cx, const struct mx_password_reset *in)
{
    struct mx_str key;
    struct reset r;
    struct mx_password_owner owner;

    MX_TRY(mx_email_key_of(cx, in->email, &key));
    cx->named = key;
    r = (struct reset){
        .change = {.cx = cx, .password = in->password, .action = "account.password_reset"},
        .codes = mx_mailed_code_of_address(MX_MAILED_CODE_PASSWORD, key),
        .code = &in->code,
    };
    MX_TRY(mx_db_tx(cx->db, check_code, &r));
    if (r.refused != MX_OK)
        return r.refused;
    owner = owner_of(&r.change.user);
    MX_TRY(mx_password_accept(cx, in->password, &owner));
    MX_TRY(make(&r.change));
    MX_TRY(mx_db_tx(cx->db, put_reset, &r));
    return r.refused;
}
