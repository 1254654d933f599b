/* /v1/admin/roles */
#include "api/account/roles.h"

#include "account/role.h"

static const struct mx_field role_fields[] = {
    MX_O(struct mx_role, name, "Name, which identifies the role."),
    MX_F_KIND(struct mx_role, permissions, "permissions", MX_K_STRS, MX_BODY, 0, 0, 0, MX_TEXT,
              "Permissions of the role."),
    MX_O(struct mx_role, built_in, "True: a built-in role, which cannot be changed."),
    MX_O(struct mx_role, holders, "Number of staff who hold the role."),
    MX_O(struct mx_role, version,
         "Version of the resource; send it in `If-Match` to detect changes by "
         "others."),
};
static MX_SHAPE(role_shape, "Role", struct mx_role, role_fields);

#define W struct mx_role_write
#define NAME \
    MX_F(W, name, MX_PATH, MX_F_REQUIRED, 1, MX_ROLE_NAME_MAX, MX_SLUG, "Name of the role.")
#define IF_MATCH MX_F_IF_MATCH(W, if_match)
#define PERMISSIONS(needed)                                                                   \
    MX_F_KIND_HAS(W, permissions, "permissions", MX_K_STRS, MX_BODY, needed, 0, 64, MX_TOKEN, \
                  "All permissions of the role; the caller must hold each of them.")

static const struct mx_field name_fields[] = {NAME};
static MX_SHAPE(role_name_shape, "RoleName", W, name_fields);

static const struct mx_field version_fields[] = {NAME, IF_MATCH};
static MX_SHAPE(role_version_shape, "RoleVersion", W, version_fields);

static const struct mx_field new_fields[] = {
    MX_F(W, name, MX_BODY, MX_F_REQUIRED, 1, MX_ROLE_NAME_MAX, MX_SLUG,
         "Name, which cannot be changed later."),
    PERMISSIONS(MX_F_REQUIRED),
};
static MX_SHAPE(role_new_shape, "RoleNew", W, new_fields);

static const struct mx_field patch_fields[] = {NAME, IF_MATCH, PERMISSIONS(0)};
static MX_SHAPE(role_patch_shape, "RolePatch", W, patch_fields);

/* ---- handlers ---- */

/* Answer with the version as entity tag. */
static enum mx_err answer(struct mx_ctx *cx, struct mx_reply *reply, enum mx_err e,
                          const struct mx_role *r)
{
    if (e == MX_OK)
        reply->etag = mx_str_fmt(cx->arena, "%lld", (long long)r->version);
    reply->out = r;
    return e;
}

static enum mx_err api_admin_roles_list(struct mx_ctx *cx, MX_UNUSED const void *in,
                                        struct mx_reply *reply)
{
    return mx_role_list(cx, reply->page.at.text, reply->page.limit, &reply->page.rows);
}

static enum mx_err api_admin_role_create(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_role *r = MX_NEW(cx->arena, struct mx_role);

    MX_TRY(answer(cx, reply, mx_role_create(cx, in, r), r));
    reply->location = mx_str_fmt(cx->arena, "/v1/admin/roles/%.*s", MX_FMT(r->name));
    return MX_OK;
}

static enum mx_err api_admin_role_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_role *r = MX_NEW(cx->arena, struct mx_role);

    return answer(cx, reply, mx_role_get(cx, ((const W *)in)->name, r), r);
}

static enum mx_err api_admin_role_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_role *r = MX_NEW(cx->arena, struct mx_role);

    return answer(cx, reply, mx_role_update(cx, in, r), r);
}

static enum mx_err api_admin_role_delete(struct mx_ctx *cx, const void *in,
                                         MX_UNUSED struct mx_reply *reply)
{
    return mx_role_delete(cx, in);
}

const struct mx_route mx_routes_roles[] = {
    {.id = "admin.roles.list",
     .method = MX_GET,
     .path = "/v1/admin/roles",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_LIST,
     .answers = {{200, &role_shape}},
     .fn = api_admin_roles_list,
     .doc = "List roles",
     .more = "Built-in and custom roles with their permissions and the number of staff who "
             "hold them."},
    {.id = "admin.roles.create",
     .method = MX_POST,
     .path = "/v1/admin/roles",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &role_new_shape,
     .answers = {{201, &role_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_admin_role_create,
     .doc = "Create a role",
     .more = "Creates a named set of permissions. The caller must hold each of them. 409: "
             "the name is in use."},
    {.id = "admin.roles.get",
     .method = MX_GET,
     .path = "/v1/admin/roles/{name}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .in = &role_name_shape,
     .answers = {{200, &role_shape}},
     .fn = api_admin_role_get,
     .doc = "Get a role",
     .more = "Returns the role's permissions and the number of staff who hold it."},
    {.id = "admin.roles.update",
     .method = MX_PATCH,
     .path = "/v1/admin/roles/{name}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &role_patch_shape,
     .answers = {{200, &role_shape}},
     .fn = api_admin_role_update,
     .doc = "Update a role",
     .more = "Replaces the permissions of a custom role, for all staff who hold it at once. "
             "The caller must hold each of them. Built-in roles, and roles that the caller "
             "holds, cannot be changed (403)."},
    {.id = "admin.roles.delete",
     .method = MX_DELETE,
     .path = "/v1/admin/roles/{name}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &role_version_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_admin_role_delete,
     .doc = "Delete a role",
     .more = "Deletes a custom role. 409: staff still hold it."},
    {0}};
