#include "account/staff.h"

#include "account/erase.h"
#include "account/password.h"
#include "account/role.h"
#include "account/session.h"
#include "base/perm.h"
#include "base/rnd.h"
#include "codec/jsonw.h"
#include "codec/secret.h"
#include "codec/uri.h"
#include "io/db.h"
#include "q/staff.h"
#include "shop/audit.h"
#include "shop/email.h"
#include "shop/json_rows.h"
#include "shop/mail.h"
#include "shop/version.h"

#define CODE_BYTES 16

/* ---- read ---- */

static struct mx_list words(struct mx_arena *a, struct mx_str text)
{
    struct mx_list out = MX_LIST(MX_NEW_N(a, text.n / 2 + 1, struct mx_str), 0);
    struct mx_str word;

    while (mx_str_split(&text, ' ', &word))
        if (word.n > 0)
            *MX_AT(out, struct mx_str, out.n++) = word;
    return out;
}

static struct mx_staff staff_of(struct mx_arena *a, const struct q_staff_row *r)
{
    return (struct mx_staff){
        .id = r->id,
        .email = r->email,
        .name = r->name,
        .roles = words(a, r->roles),
        .permissions = mx_permission_names(a, (uint64_t)r->permissions),
        .status = r->status,
        .version = r->version,
        .created_at = r->created_at,
        .invited_until = r->invited_until,
        .set = (uint64_t)r->permissions,
    };
}

enum mx_err mx_staff_list(struct mx_ctx *cx, const struct mx_staff_query *q,
                          struct mx_list *ret_staff)
{
    struct q_staff_page_in in = {
        .has_status = q->has_status, .status = q->status, .after = q->after, .limit = q->limit};
    struct mx_list rows, out;

    MX_TRY(q_staff_page(cx->db, &in, &rows));
    out.n = rows.n;
    out = MX_LIST(MX_NEW_N(cx->arena, out.n, struct mx_staff), out.n);
    for (size_t i = 0; i < out.n; i++)
        *MX_AT(out, struct mx_staff, i) =
            staff_of(cx->arena, MX_AT(rows, const struct q_staff_row, i));
    *ret_staff = out;
    return MX_OK;
}

enum mx_err mx_staff_get(struct mx_ctx *cx, struct mx_id id, struct mx_staff *ret_staff)
{
    struct mx_list rows;

    MX_TRY(q_staff_find(cx->db, &(struct q_staff_find_in){id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    *ret_staff = staff_of(cx->arena, MX_AT(rows, struct q_staff_row, 0));
    return MX_OK;
}

/* ---- audit ---- */

static struct mx_str snapshot(struct mx_arena *a, const struct mx_staff *s)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 4096);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "roles");
    mx_jsonw_array(&w);
    for (size_t i = 0; i < s->roles.n; i++)
        mx_jsonw_str(&w, *MX_AT(s->roles, struct mx_str, i));
    mx_jsonw_array_end(&w);
    mx_jsonw_name(&w, "status");
    mx_jsonw_str(&w, mx_str_name(mx_account_status_names, s->status));
    mx_jsonw_name(&w, "version");
    mx_jsonw_int(&w, s->version);
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

/* One row of the audit log; `before` may be NULL. */
static enum mx_err audit(struct mx_ctx *cx, const char *action, const struct mx_staff *before,
                         const struct mx_staff *after)
{
    struct mx_audit row = {.action = action,
                           .object_type = "account",
                           .object = after->id,
                           .after = snapshot(cx->arena, after)};

    if (before)
        row.before = snapshot(cx->arena, before);
    return mx_audit_write(cx, &row);
}

/* ---- invite ---- */

static struct mx_hash code_hash(struct mx_arena *a, struct mx_id account, struct mx_str code)
{
    return mx_sha256(mx_str_fmt(a, "invitation %s %.*s", mx_id_str(a, account).p, MX_FMT(code)));
}

static enum mx_err put_invitation(struct mx_ctx *cx, struct mx_id account, struct mx_str *ret_code)
{
    unsigned char bytes[CODE_BYTES];
    struct q_invitation_put_in in;

    mx_rnd(bytes, sizeof(bytes));
    *ret_code = mx_b64url(cx->arena, bytes, sizeof(bytes));
    in = (struct q_invitation_put_in){
        account, code_hash(cx->arena, account, *ret_code), {cx->now_ms + MX_INVITATION_TTL_MS}};
    return q_invitation_put(cx->db, &in, NULL);
}

static enum mx_err set_roles(struct mx_ctx *cx, struct mx_id id, struct mx_list roles)
{
    struct q_staff_give_roles_in in = {id, mx_json_rows_names(cx->arena, roles)};

    MX_TRY(q_staff_take_roles(cx->db, &(struct q_staff_take_roles_in){id}, NULL));
    return q_staff_give_roles(cx->db, &in, NULL);
}

/* The holder of the address: none, or somebody who has not accepted yet and whom the caller may
 * manage.
 */
static enum mx_err find_invited(struct mx_ctx *cx, struct mx_str key, uint64_t mine,
                                struct mx_staff *ret_staff)
{
    struct mx_list rows;
    const struct q_staff_by_email_row *r;

    *ret_staff = (struct mx_staff){0};
    MX_TRY(q_staff_by_email(cx->db, &(struct q_staff_by_email_in){key}, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, const struct q_staff_by_email_row, 0);
    if (r->kind != MX_ACCOUNT_STAFF || r->status != MX_ACCOUNT_INVITED)
        return MX_E_EMAIL_TAKEN;
    MX_TRY(mx_staff_get(cx, r->id, ret_staff));
    return mx_role_within(cx, mine, ret_staff->set);
}

static enum mx_err insert(struct mx_ctx *cx, const struct mx_staff_invite *in, struct mx_str key,
                          struct mx_id id)
{
    struct q_staff_insert_in row = {id, in->email, key, in->name, {cx->now_ms}};
    enum mx_err e = q_staff_insert(cx->db, &row, NULL);

    return e == MX_E_DUPLICATE ? MX_E_EMAIL_TAKEN : e;
}

enum mx_err mx_staff_invite(struct mx_ctx *cx, const struct mx_staff_invite *in,
                            struct mx_staff *ret_staff, struct mx_str *ret_code)
{
    struct mx_staff before;
    struct mx_str key;
    uint64_t mine, set;
    bool again;
    struct mx_id id;
    struct q_staff_change_in change;

    if (!mx_email_key(cx->arena, in->email, &key)) {
        mx_fault_at(cx->faults, MX_S("/email"), "bad_format", "must be an e-mail address");
        return MX_E_VALIDATION_FAILED;
    }
    MX_TRY(mx_role_begin(cx, &mine));
    MX_TRY(mx_role_sum(cx, in->roles, &set));
    MX_TRY(mx_role_within(cx, mine, set));
    MX_TRY(find_invited(cx, key, mine, &before));
    again = !mx_id_none(before.id);
    id = again ? before.id : mx_id_new();
    change = (struct q_staff_change_in){.id = id, .name = in->name, .now = {cx->now_ms}};
    MX_TRY(again ? q_staff_change(cx->db, &change, NULL) : insert(cx, in, key, id));
    MX_TRY(set_roles(cx, id, in->roles));
    MX_TRY(put_invitation(cx, id, ret_code));
    MX_TRY(mx_staff_get(cx, id, ret_staff));
    return audit(cx, "staff.invite", again ? &before : NULL, ret_staff);
}

enum mx_err mx_staff_mail(struct mx_ctx *cx, const struct mx_staff *staff, struct mx_str code)
{
    struct mx_pair var = {MX_S("code"), code};

    return mx_mail_queue(cx, staff->id, staff->email, "staff_invitation", (struct mx_str){0},
                         MX_LIST(&var, 1));
}

/* ---- change ---- */

static enum mx_err keep_owner(struct mx_ctx *cx, struct mx_id leaving)
{
    struct mx_list rows;

    MX_TRY(q_staff_other_owners(cx->db, &(struct q_staff_other_owners_in){leaving}, &rows));
    return MX_AT(rows, const struct q_staff_other_owners_row, 0)->n > 0 ? MX_OK : MX_E_LAST_OWNER;
}

enum mx_err mx_staff_may_leave(struct mx_ctx *cx, struct mx_id account)
{
    struct mx_list rows;

    MX_TRY(mx_role_hold(cx));
    MX_TRY(q_staff_is_owner(cx->db, &(struct q_staff_is_owner_in){account}, &rows));
    return rows.n > 0 ? keep_owner(cx, account) : MX_OK;
}

enum mx_err mx_staff_roles_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_staff_take_roles(cx->db, &(struct q_staff_take_roles_in){h->account}, NULL);
}

enum mx_err mx_invitation_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_invitation_drop(cx->db, &(struct q_invitation_drop_in){h->account}, NULL);
}

static bool has_role(struct mx_list roles, struct mx_str role)
{
    for (size_t i = 0; i < roles.n; i++)
        if (mx_str_eq(*MX_AT(roles, struct mx_str, i), role))
            return true;
    return false;
}

static bool has_owner(struct mx_list roles)
{
    return has_role(roles, MX_S("owner"));
}

/* Whom the caller wants to change, if they may. */
static enum mx_err begin_change(struct mx_ctx *cx, struct mx_id id, struct mx_str if_match,
                                uint64_t *ret_mine, struct mx_staff *ret_staff)
{
    MX_TRY(mx_role_begin(cx, ret_mine));
    MX_TRY(mx_staff_get(cx, id, ret_staff));
    if (mx_id_eq(id, cx->actor.account))
        return mx_fail(cx->faults, MX_E_FORBIDDEN, "You cannot change your own roles or status.");
    MX_TRY(mx_role_within(cx, *ret_mine, ret_staff->set));
    return mx_version_check(cx, "The account", if_match, ret_staff->version);
}

static enum mx_err check_status(struct mx_ctx *cx, const struct mx_staff_patch *in,
                                const struct mx_staff *now)
{
    if (now->status == MX_ACCOUNT_CLOSED)
        return mx_fail(cx->faults, MX_E_INVALID_TRANSITION, "The account has been closed.");
    if (!in->has_status || now->status != MX_ACCOUNT_INVITED)
        return MX_OK;
    mx_fault_at(cx->faults, MX_S("/status"), "invalid_transition",
                "cannot be changed before the invitation is accepted");
    return mx_fail(cx->faults, MX_E_INVALID_TRANSITION,
                   "The invitation has not been accepted yet.");
}

static bool leaves_owners(const struct mx_staff_patch *in, const struct mx_staff *now)
{
    bool was = now->status == MX_ACCOUNT_ACTIVE && has_owner(now->roles);
    bool off = in->has_status && in->status != MX_ACCOUNT_ACTIVE;

    return was && (off || (in->has_roles && !has_owner(in->roles)));
}

static bool all_in(struct mx_list roles, struct mx_list others)
{
    size_t i = 0;

    while (i < roles.n && has_role(others, *MX_AT(roles, struct mx_str, i)))
        i++;
    return i == roles.n;
}

static bool changes_nothing(const struct mx_staff_patch *in, const struct mx_staff *now)
{
    return (!in->name.p || mx_str_eq(in->name, now->name)) &&
           (!in->has_status || in->status == now->status) &&
           (!in->has_roles || (all_in(in->roles, now->roles) && all_in(now->roles, in->roles)));
}

static enum mx_err apply(struct mx_ctx *cx, const struct mx_staff_patch *in)
{
    struct q_staff_change_in change = {.id = in->id,
                                       .name = in->name,
                                       .has_status = in->has_status,
                                       .status = in->status,
                                       .now = {cx->now_ms}};

    MX_TRY(q_staff_change(cx->db, &change, NULL));
    if (in->has_roles)
        MX_TRY(set_roles(cx, in->id, in->roles));
    if (in->has_status && in->status == MX_ACCOUNT_DISABLED)
        MX_TRY(mx_session_end_all(cx, in->id));
    return MX_OK;
}

enum mx_err mx_staff_update(struct mx_ctx *cx, const struct mx_staff_patch *in,
                            struct mx_staff *ret_staff)
{
    struct mx_staff before;
    uint64_t mine, set = 0;

    MX_TRY(begin_change(cx, in->id, in->if_match, &mine, &before));
    MX_TRY(check_status(cx, in, &before));
    if (in->has_roles)
        MX_TRY(mx_role_sum(cx, in->roles, &set));
    MX_TRY(mx_role_within(cx, mine, set));
    if (changes_nothing(in, &before)) {
        *ret_staff = before;
        return MX_OK;
    }
    if (leaves_owners(in, &before))
        MX_TRY(keep_owner(cx, in->id));
    MX_TRY(apply(cx, in));
    MX_TRY(mx_staff_get(cx, in->id, ret_staff));
    return audit(cx, "staff.update", &before, ret_staff);
}

enum mx_err mx_staff_close(struct mx_ctx *cx, const struct mx_staff_patch *in)
{
    struct q_staff_close_in row = {in->id, {cx->now_ms}};
    struct mx_staff before, after;
    uint64_t mine;

    MX_TRY(begin_change(cx, in->id, in->if_match, &mine, &before));
    if (before.status == MX_ACCOUNT_CLOSED)
        return MX_OK;
    if (before.status == MX_ACCOUNT_ACTIVE && has_owner(before.roles))
        MX_TRY(keep_owner(cx, in->id));
    MX_TRY(q_staff_close(cx->db, &row, NULL));
    MX_TRY(mx_erase_credentials(cx, &(struct mx_holder){.account = in->id}));
    MX_TRY(mx_session_end_all(cx, in->id));
    MX_TRY(mx_staff_get(cx, in->id, &after));
    return audit(cx, "staff.close", &before, &after);
}

enum mx_err mx_staff_end_sessions(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_staff staff;
    uint64_t mine;

    MX_TRY(mx_role_begin(cx, &mine));
    MX_TRY(mx_staff_get(cx, id, &staff));
    MX_TRY(mx_role_within(cx, mine, staff.set));
    MX_TRY(mx_session_end_all(cx, id));
    return mx_audit_write(cx, &(struct mx_audit){.action = "account.end_sessions",
                                                 .object_type = "account",
                                                 .object = id});
}

/* ---- accept ---- */

struct accept {
    struct mx_ctx *cx;
    struct q_invitation_take_in take;
    struct mx_str phc;
};

static enum mx_err finish_accept(void *arg)
{
    const struct accept *x = arg;
    struct mx_ctx *cx = x->cx;
    struct q_invitation_accept_in in = {x->take.account, x->phc, {cx->now_ms}};
    struct mx_staff after;
    int64_t taken, changed;

    mx_db_effect(cx->db);
    MX_TRY(q_invitation_take(cx->db, &x->take, &taken));
    if (taken == 0)
        return MX_E_CODE_INVALID;
    MX_TRY(q_invitation_accept(cx->db, &in, &changed));
    if (changed == 0)
        return MX_E_CODE_INVALID;
    MX_TRY(mx_staff_get(cx, in.account, &after));
    return mx_audit_write(cx, &(struct mx_audit){.action = "staff.accept",
                                                 .object_type = "account",
                                                 .object = in.account,
                                                 .after = snapshot(cx->arena, &after),
                                                 .actor = in.account});
}

/* The invitation that the code belongs to; the code is too long to be guessed. */
static enum mx_err find_invitation(struct mx_ctx *cx, const struct mx_staff_accept *in,
                                   struct q_invitation_take_in *ret_take,
                                   struct mx_password_owner *ret_owner)
{
    struct q_invitation_find_in find = {.now = {cx->now_ms}};
    struct mx_list rows;
    const struct q_invitation_find_row *r;
    struct mx_hash given;

    if (!mx_email_key(cx->arena, in->email, &find.email_key))
        return MX_E_CODE_INVALID;
    cx->named = find.email_key;
    MX_TRY(q_invitation_find(cx->db, &find, &rows));
    if (rows.n == 0)
        return MX_E_CODE_INVALID;
    r = MX_AT(rows, const struct q_invitation_find_row, 0);
    given = code_hash(cx->arena, r->account, in->code);
    if (!mx_secret_eq(&given, &r->code_hash, sizeof(given)))
        return MX_E_CODE_INVALID;
    *ret_take = (struct q_invitation_take_in){r->account, r->code_hash, {cx->now_ms}};
    *ret_owner = (struct mx_password_owner){r->email, r->name, true};
    return MX_OK;
}

enum mx_err mx_staff_accept(struct mx_ctx *cx, const struct mx_staff_accept *in)
{
    struct accept x = {.cx = cx};
    struct mx_password_owner owner;

    MX_TRY(find_invitation(cx, in, &x.take, &owner));
    MX_TRY(mx_password_accept(cx, in->password, &owner));
    MX_TRY(mx_password_make(cx, in->password, &x.phc));
    return mx_db_tx(cx->db, finish_accept, &x);
}
