#include "account/passkey.h"

#include "account/mfa.h"
#include "base/log.h"
#include "codec/token.h"
#include "q/passkey.h"
#include "shop/audit.h"
#include "shop/mail.h"

bool mx_passkey_offered(const struct mx_settings *conf)
{
    return conf->passkey_rp_id[0] != '\0';
}

static struct mx_passkey_asked asked(const struct mx_ctx *cx, enum mx_passkey_use use)
{
    bool registers = use == MX_PASSKEY_REGISTER;

    return (struct mx_passkey_asked){
        .rp_id = cx->proc->conf->passkey_rp_id,
        .origins = cx->proc->conf->passkey_origins,
        .secret = mx_keys_secret(cx->proc->keys),
        .secret_old = mx_keys_secret_old(cx->proc->keys),
        .use = use,
        .bound_to = registers ? cx->actor.session : (struct mx_id){{0}},
        .now_ms = cx->now_ms,
    };
}

static struct mx_str challenge(struct mx_ctx *cx, enum mx_passkey_use use)
{
    struct mx_passkey_asked q = asked(cx, use);

    return mx_passkey_challenge(cx->arena, q.secret, use, q.bound_to, cx->now_ms);
}

struct mx_str mx_passkey_sign_in_challenge(struct mx_ctx *cx)
{
    return challenge(cx, MX_PASSKEY_SIGN_IN);
}

struct mx_str mx_passkey_register_challenge(struct mx_ctx *cx)
{
    return challenge(cx, MX_PASSKEY_REGISTER);
}

/* MX_E_DUPLICATE when it was answered before. */
static enum mx_err answer_once(struct mx_ctx *cx, struct mx_hash hash)
{
    struct q_passkey_challenge_insert_in in = {hash, {cx->now_ms + MX_PASSKEY_CHALLENGE_LIFE_MS}};

    return q_passkey_challenge_insert(cx->db, &in, NULL);
}

/* ---- signing in ---- */

static enum mx_err refuse(const char *why)
{
    mx_log(MX_LOG_INFO, "passkey refused", MX_KC("why", why));
    return MX_E_INVALID_CREDENTIALS;
}

static enum mx_err find(struct mx_ctx *cx, const struct mx_passkey_assertion *in,
                        const struct q_passkey_credential_row **ret_row)
{
    struct mx_list rows;
    struct mx_str owner;

    MX_TRY(q_passkey_credential(cx->db, &(struct q_passkey_credential_in){in->credential}, &rows));
    if (rows.n == 0)
        return refuse("unknown credential");
    *ret_row = MX_AT(rows, struct q_passkey_credential_row, 0);
    owner = (struct mx_str){(const char *)(*ret_row)->account.b, sizeof(*ret_row)->account.b};
    return in->user.p == NULL || mx_str_eq(in->user, owner) ? MX_OK : refuse("another user");
}

/* A counter that did not rise: the key was copied. */
static enum mx_err tell_of_copy(struct mx_ctx *cx, const struct q_passkey_credential_row *row)
{
    mx_log(MX_LOG_WARN, "signature counter of a passkey did not increase",
           MX_KS("passkey", mx_id_str(cx->arena, row->id)));
    return mx_audit_write(cx, &(struct mx_audit){.action = "passkey.copied",
                                                 .object_type = "passkey",
                                                 .object = row->id,
                                                 .actor = row->account});
}

enum mx_err mx_passkey_sign_in(struct mx_ctx *cx, const struct mx_passkey_assertion *in,
                               struct mx_signin *ret_signin, enum mx_err *ret_refused)
{
    const struct q_passkey_credential_row *row;
    struct mx_passkey_checked used;
    int64_t rose;
    struct mx_passkey_asked q = asked(cx, MX_PASSKEY_SIGN_IN);
    struct mx_passkey_key known;
    enum mx_err e;
    struct q_passkey_used_in now;

    MX_TRY(find(cx, in, &row));
    cx->claimed = row->account;
    known = (struct mx_passkey_key){row->alg, row->public_key, row->sign_count, false};
    if (mx_passkey_asserted(cx->arena, &q, &known, &in->answer, &used) != MX_OK)
        return refuse(used.why);
    e = answer_once(cx, used.challenge);
    if (e != MX_OK)
        return e == MX_E_DUPLICATE ? refuse("a challenge answered before") : e;
    now = (struct q_passkey_used_in){row->id, used.key.count, used.key.backed_up, {cx->now_ms}};
    MX_TRY(q_passkey_used(cx->db, &now, &rose));
    *ret_refused = rose > 0 ? MX_OK : MX_E_INVALID_CREDENTIALS;
    if (rose == 0)
        return tell_of_copy(cx, row);
    if (in->mfa_token.p != NULL)
        return mx_signin_second_passkey(cx, in->mfa_token, row->account, &ret_signin->tokens,
                                        ret_refused);
    e = mx_signin_finish(cx, row->account, MX_FIRST_PASSKEY, ret_signin);
    return e == MX_E_NOT_FOUND ? MX_E_INVALID_CREDENTIALS : e;
}

/* ---- the caller's own ---- */

static enum mx_err tell_owner(struct mx_ctx *cx, const char *template, const char *action,
                              struct mx_id id, struct mx_str name)
{
    struct mx_profile me;
    struct mx_pair var = {MX_S("name"), name};
    struct mx_audit audit;

    MX_TRY(mx_account_profile(cx, cx->actor.account, &me));
    audit = (struct mx_audit){.action = action, .object_type = "passkey", .object = id};
    MX_TRY(mx_audit_write(cx, &audit));
    return mx_mail_queue(cx, me.id, me.email, template, me.locale, MX_LIST(&var, 1));
}

static enum mx_err invalid(struct mx_ctx *cx, const char *why)
{
    mx_fault_at(cx->faults, MX_S("/credential"), "bad_format", "The credential is not valid: %s.",
                why);
    return MX_E_VALIDATION_FAILED;
}

static enum mx_err insert(struct mx_ctx *cx, struct mx_id id, struct mx_str name,
                          const struct mx_passkey_checked *made)
{
    struct q_passkey_insert_in row = {
        .id = id,
        .account = cx->actor.account,
        .credential = made->id,
        .alg = made->key.alg,
        .public_key = made->key.key,
        .sign_count = made->key.count,
        .backed_up = made->key.backed_up,
        .name = name,
        .now = {cx->now_ms},
    };
    enum mx_err e = q_passkey_insert(cx->db, &row, NULL);

    if (e != MX_E_DUPLICATE)
        return e;
    mx_fault_at(cx->faults, MX_S("/credential"), "taken", "is already registered");
    return mx_fail(cx->faults, MX_E_CONFLICT, "The passkey is already registered.");
}

/* Under the account's lock, so that parallel ones do not pass the limit. */
static enum mx_err make_room(struct mx_ctx *cx)
{
    struct mx_list there;

    MX_TRY(mx_account_lock(cx, cx->actor.account));
    MX_TRY(mx_mfa_may_enrol(cx));
    MX_TRY(mx_passkey_list(cx, &there));
    return there.n < MX_PASSKEYS_MAX
               ? MX_OK
               : mx_fail(cx->faults, MX_E_CONFLICT, "The account already has %d passkeys.",
                         MX_PASSKEYS_MAX);
}

enum mx_err mx_passkey_register(struct mx_ctx *cx, const struct mx_passkey_new *in,
                                struct mx_passkey *ret_passkey)
{
    struct mx_passkey_asked q = asked(cx, MX_PASSKEY_REGISTER);
    struct mx_passkey_checked made;
    enum mx_err e;

    if (cx->actor.kind == MX_GUEST)
        return MX_E_FORBIDDEN;
    /* Before the account is locked: nobody waits while foreign bytes are parsed. */
    if (mx_passkey_registered(cx->arena, &q, in->client_data, in->attestation, &made) != MX_OK)
        return invalid(cx, made.why);
    MX_TRY(make_room(cx));
    e = answer_once(cx, made.challenge);
    if (e != MX_OK)
        return e == MX_E_DUPLICATE ? invalid(cx, "the challenge was answered before") : e;
    *ret_passkey = (struct mx_passkey){.id = mx_id_new(),
                                       .name = in->name,
                                       .backed_up = made.key.backed_up,
                                       .created_at = {cx->now_ms}};
    MX_TRY(insert(cx, ret_passkey->id, in->name, &made));
    MX_TRY(mx_session_proved(cx, MX_SECOND_PASSKEY));
    return tell_owner(cx, "passkey_added", "passkey.add", ret_passkey->id, in->name);
}

enum mx_err mx_passkey_list(struct mx_ctx *cx, struct mx_list *ret_passkeys)
{
    struct mx_list rows;
    struct q_passkey_list_in in = {cx->actor.account, MX_PASSKEYS_MAX};
    struct mx_passkey *all;

    MX_TRY(q_passkey_list(cx->db, &in, &rows));
    all = mx_arena_zalloc(cx->arena, rows.n, sizeof *all);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_passkey_list_row *r = MX_AT(rows, struct q_passkey_list_row, i);

        all[i] = (struct mx_passkey){r->id,         r->credential,  r->name, r->backed_up != 0,
                                     r->created_at, r->last_used_at};
    }
    *ret_passkeys = MX_LIST(all, rows.n);
    return MX_OK;
}

static enum mx_err get(struct mx_ctx *cx, struct mx_id id, struct mx_passkey *ret_passkey)
{
    struct mx_list rows;
    const struct q_passkey_get_row *r;

    MX_TRY(q_passkey_get(cx->db, &(struct q_passkey_get_in){cx->actor.account, id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    r = MX_AT(rows, struct q_passkey_get_row, 0);
    *ret_passkey =
        (struct mx_passkey){r->id, {0}, r->name, r->backed_up != 0, r->created_at, r->last_used_at};
    return MX_OK;
}

enum mx_err mx_passkey_rename(struct mx_ctx *cx, struct mx_id id, struct mx_str name,
                              struct mx_passkey *ret_passkey)
{
    struct q_passkey_rename_in in = {cx->actor.account, id, name};

    if (name.p != NULL)
        MX_TRY(q_passkey_rename(cx->db, &in, NULL));
    return get(cx, id, ret_passkey);
}

enum mx_err mx_passkey_remove(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_passkey gone;
    struct q_passkey_delete_in in;
    int64_t n;

    MX_TRY(mx_account_lock(cx, cx->actor.account));
    MX_TRY(get(cx, id, &gone));
    MX_TRY(mx_account_keeps_way_in(cx, cx->actor.account));
    in = (struct q_passkey_delete_in){cx->actor.account, id};
    MX_TRY(q_passkey_delete(cx->db, &in, &n));
    if (n == 0)
        return MX_E_NOT_FOUND;
    MX_TRY(mx_session_unproved(cx, cx->actor.account));
    return tell_owner(cx, "passkey_removed", "passkey.remove", id, gone.name);
}

enum mx_err mx_passkey_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_passkey_delete_all(cx->db, &(struct q_passkey_delete_all_in){h->account}, NULL);
}
