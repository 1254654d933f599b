#include "account/role.h"

#include "account/session.h"
#include "base/perm.h"
#include "codec/jsonw.h"
#include "codec/params.h"
#include "io/db.h"
#include "q/role.h"
#include "shop/audit.h"
#include "shop/json_rows.h"
#include "shop/version.h"

/* ---- read ---- */

static struct mx_role role_of(struct mx_arena *a, const struct q_role_row *r)
{
    return (struct mx_role){
        .name = r->name,
        .permissions = mx_permission_names(a, (uint64_t)r->permissions),
        .built_in = r->built_in,
        .holders = r->holders,
        .version = r->version,
        .set = (uint64_t)r->permissions,
    };
}

enum mx_err mx_role_list(struct mx_ctx *cx, struct mx_str after, int64_t limit,
                         struct mx_list *ret_roles)
{
    struct q_role_page_in in = {after, limit};
    struct mx_list rows, out;

    MX_TRY(q_role_page(cx->db, &in, &rows));
    out.n = rows.n;
    out = MX_LIST(MX_NEW_N(cx->arena, out.n, struct mx_role), out.n);
    for (size_t i = 0; i < out.n; i++)
        *MX_AT(out, struct mx_role, i) =
            role_of(cx->arena, MX_AT(rows, const struct q_role_row, i));
    *ret_roles = out;
    return MX_OK;
}

enum mx_err mx_role_get(struct mx_ctx *cx, struct mx_str name, struct mx_role *ret_role)
{
    struct mx_list rows;

    MX_TRY(q_role_find(cx->db, &(struct q_role_find_in){name}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    *ret_role = role_of(cx->arena, MX_AT(rows, struct q_role_row, 0));
    return MX_OK;
}

/* ---- who may ---- */

enum mx_err mx_role_hold(struct mx_ctx *cx)
{
    struct mx_list rows;

    return q_role_hold(cx->db, &rows);
}

enum mx_err mx_role_begin(struct mx_ctx *cx, uint64_t *ret_mine)
{
    struct mx_session_rights mine;

    MX_TRY(mx_role_hold(cx));
    *ret_mine = MX_PERMISSIONS_ALL;
    if (cx->actor.kind == MX_OPERATOR)
        return MX_OK;
    MX_TRY(mx_session_rights(cx, &mine));
    *ret_mine = mine.permissions;
    return mx_role_within(cx, *ret_mine, MX_PERM(STAFF_MANAGE));
}

enum mx_err mx_role_within(struct mx_ctx *cx, uint64_t mine, uint64_t set)
{
    const char *missing;
    struct mx_params p;

    if ((set & ~mine) == 0)
        return MX_OK;
    missing = mx_permission_name(__builtin_ctzll(set & ~mine));
    mx_params_init(&p, cx->arena);
    mx_params_str(&p, "permission", mx_str_c(missing));
    cx->faults->params = mx_params_text(&p);
    return mx_fail(cx->faults, MX_E_FORBIDDEN, "You do not have the permission %s.", missing);
}

static bool find_named(struct mx_list rows, struct mx_str name, uint64_t *ret_set)
{
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_role_named_row *r = MX_AT(rows, const struct q_role_named_row, i);

        if (mx_str_eq(r->name, name)) {
            *ret_set = (uint64_t)r->permissions;
            return true;
        }
    }
    return false;
}

static bool seen_before(struct mx_list names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mx_str_eq(*MX_AT(names, struct mx_str, i), *MX_AT(names, struct mx_str, n)))
            return true;
    return false;
}

enum mx_err mx_role_sum(struct mx_ctx *cx, struct mx_list names, uint64_t *ret_set)
{
    struct mx_list rows;
    uint64_t set;

    *ret_set = 0;
    MX_TRY(q_role_named(cx->db, &(struct q_role_named_in){mx_json_rows_names(cx->arena, names)},
                        &rows));
    for (size_t i = 0; i < names.n; i++) {
        struct mx_str at = mx_str_fmt(cx->arena, "/roles/%zu", i);

        if (seen_before(names, i))
            mx_fault_at(cx->faults, at, "repeated", "is listed twice");
        else if (find_named(rows, *MX_AT(names, struct mx_str, i), &set))
            *ret_set |= set;
        else
            mx_fault_at(cx->faults, at, "unknown_value", "is not a role");
    }
    return cx->faults->n > 0 ? MX_E_VALIDATION_FAILED : MX_OK;
}

/* ---- write ---- */

static enum mx_err parse(struct mx_ctx *cx, struct mx_list names, uint64_t *ret_set)
{
#define WIRE(name, bit, wire) wire,
    static const char *const known[] = {MX_PERMISSIONS(WIRE) NULL};
#undef WIRE
    uint64_t bit;

    *ret_set = 0;
    for (size_t i = 0; i < names.n; i++) {
        if (mx_permission_parse(*MX_AT(names, struct mx_str, i), &bit)) {
            *ret_set |= bit;
            continue;
        }
        mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/permissions/%zu", i), "unknown_value",
                    "is not a permission");
        mx_fault_params(cx->faults, mx_params_allowed(cx->arena, known));
    }
    return cx->faults->n > 0 ? MX_E_VALIDATION_FAILED : MX_OK;
}

static struct mx_str snapshot(struct mx_arena *a, const struct mx_role *r)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 4096);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "name");
    mx_jsonw_str(&w, r->name);
    mx_jsonw_name(&w, "permissions");
    mx_jsonw_array(&w);
    for (size_t i = 0; i < r->permissions.n; i++)
        mx_jsonw_str(&w, *MX_AT(r->permissions, struct mx_str, i));
    mx_jsonw_array_end(&w);
    mx_jsonw_name(&w, "version");
    mx_jsonw_int(&w, r->version);
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

/* A role has a name and no id: the row says it in before and after, either of which may be NULL. */
static enum mx_err audit(struct mx_ctx *cx, const char *action, const struct mx_role *before,
                         const struct mx_role *after)
{
    struct mx_audit row = {.action = action, .object_type = "role"};

    if (before)
        row.before = snapshot(cx->arena, before);
    if (after)
        row.after = snapshot(cx->arena, after);
    return mx_audit_write(cx, &row);
}

static enum mx_err taken(struct mx_ctx *cx)
{
    const char *detail = "A role of this name exists already.";

    mx_fault_at(cx->faults, MX_S("/name"), "taken", "%s", detail);
    return mx_fail(cx->faults, MX_E_CONFLICT, "%s", detail);
}

enum mx_err mx_role_create(struct mx_ctx *cx, const struct mx_role_write *in,
                           struct mx_role *ret_role)
{
    uint64_t mine, set;
    enum mx_err e;

    MX_TRY(parse(cx, in->permissions, &set));
    MX_TRY(mx_role_begin(cx, &mine));
    MX_TRY(mx_role_within(cx, mine, set));
    e = q_role_insert(cx->db, &(struct q_role_insert_in){in->name, (int64_t)set}, NULL);
    if (e == MX_E_DUPLICATE)
        return taken(cx);
    MX_TRY(e);
    MX_TRY(mx_role_get(cx, in->name, ret_role));
    return audit(cx, "role.create", NULL, ret_role);
}

/* The role that is to change, if the caller may. */
static enum mx_err begin_change(struct mx_ctx *cx, const struct mx_role_write *in,
                                uint64_t *ret_mine, struct mx_role *ret_role)
{
    struct q_role_held_in held = {cx->actor.account, in->name};
    struct mx_list rows;

    MX_TRY(mx_role_begin(cx, ret_mine));
    MX_TRY(mx_role_get(cx, in->name, ret_role));
    if (ret_role->built_in)
        return mx_fail(cx->faults, MX_E_FORBIDDEN, "Built-in roles cannot be changed.");
    MX_TRY(q_role_held(cx->db, &held, &rows));
    if (rows.n > 0)
        return mx_fail(cx->faults, MX_E_FORBIDDEN, "You cannot change a role that you hold.");
    MX_TRY(mx_role_within(cx, *ret_mine, ret_role->set));
    return mx_version_check(cx, "The role", in->if_match, ret_role->version);
}

enum mx_err mx_role_update(struct mx_ctx *cx, const struct mx_role_write *in,
                           struct mx_role *ret_role)
{
    struct mx_role before;
    uint64_t mine, set;

    MX_TRY(parse(cx, in->permissions, &set));
    MX_TRY(begin_change(cx, in, &mine, &before));
    if (!in->has_permissions)
        set = before.set;
    MX_TRY(mx_role_within(cx, mine, set));
    if (set == before.set) {
        *ret_role = before;
        return MX_OK;
    }
    MX_TRY(q_role_update(cx->db, &(struct q_role_update_in){in->name, (int64_t)set}, NULL));
    MX_TRY(mx_role_get(cx, in->name, ret_role));
    return audit(cx, "role.update", &before, ret_role);
}

enum mx_err mx_role_delete(struct mx_ctx *cx, const struct mx_role_write *in)
{
    struct mx_role before;
    uint64_t mine;

    MX_TRY(begin_change(cx, in, &mine, &before));
    if (before.holders > 0)
        return mx_fail(cx->faults, MX_E_CONFLICT,
                       "The role is still assigned to staff (%lld); unassign it first.",
                       (long long)before.holders);
    MX_TRY(q_role_delete(cx->db, &(struct q_role_delete_in){in->name}, NULL));
    return audit(cx, "role.delete", &before, NULL);
}
