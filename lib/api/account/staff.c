/* /v1/admin/staff and /v1/auth/invitation */
#include "api/account/staff.h"

#include "account/password.h"
#include "account/staff.h"

static const struct mx_field staff_fields[] = {
    MX_O(struct mx_staff, id, "Id of the account."),
    MX_O_NULL(struct mx_staff, email, "E-mail address."),
    MX_O(struct mx_staff, name, "Name."),
    MX_F_KIND(struct mx_staff, roles, "roles", MX_K_STRS, MX_BODY, 0, 0, 0, MX_TEXT,
              "Names of the roles."),
    MX_F_KIND(struct mx_staff, permissions, "permissions", MX_K_STRS, MX_BODY, 0, 0, 0, MX_TEXT,
              "Permissions of all roles together."),
    MX_O_ENUM(struct mx_staff, status, mx_account_status_names, "Only active staff can sign in."),
    MX_O_NULL(struct mx_staff, invited_until, "Time at which the invitation expires."),
    MX_O(struct mx_staff, version,
         "Version of the resource; send it in `If-Match` to detect changes by "
         "others."),
    MX_O(struct mx_staff, created_at, "Time of the invitation."),
};
static MX_SHAPE(staff_shape, "Staff", struct mx_staff, staff_fields);

struct query {
    int status;
    bool has_status;
};
static const struct mx_field query_fields[] = {
    MX_F_ENUM_HAS(struct query, status, MX_QUERY, 0, mx_account_status_names,
                  "Only staff in this state."),
};
static MX_SHAPE(staff_query_shape, "StaffQuery", struct query, query_fields);

static const struct mx_field invite_fields[] = {
    MX_F(struct mx_staff_invite, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL,
         "E-mail address to invite."),
    MX_F(struct mx_staff_invite, name, MX_BODY, MX_F_REQUIRED, 1, 200, MX_LINE, "Name."),
    MX_F_KIND(struct mx_staff_invite, roles, "roles", MX_K_STRS, MX_BODY, MX_F_REQUIRED, 1,
              MX_STAFF_ROLES_MAX, MX_SLUG,
              "Names of the roles. They must not hold permissions that the caller lacks."),
};
static MX_SHAPE(staff_invite_shape, "StaffInvite", struct mx_staff_invite, invite_fields);

/* struct mx_staff_patch with the index of its status among those that can be chosen. */
struct patch {
    struct mx_staff_patch p;
    int status;
    bool has_status;
};
static const char *const staff_state_names[] = {"active", "disabled", NULL};
static const int chosen[] = {MX_ACCOUNT_ACTIVE, MX_ACCOUNT_DISABLED};

#define ID \
    MX_F_AS(struct patch, p.id, "id", MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the account.")
#define IF_MATCH MX_F_IF_MATCH(struct patch, p.if_match)
static const struct mx_field id_fields[] = {ID};
static MX_SHAPE(staff_id_shape, "StaffId", struct patch, id_fields);

static const struct mx_field version_fields[] = {ID, IF_MATCH};
static MX_SHAPE(staff_version_shape, "StaffVersion", struct patch, version_fields);

static const struct mx_field patch_fields[] = {
    ID,
    IF_MATCH,
    {"name", MX_K_STR, MX_BODY, 0, offsetof(struct patch, p.name),
     offsetof(struct patch, p.has_name), 1, 200, MX_LINE, NULL, NULL, "Name.", NULL},
    {"roles", MX_K_STRS, MX_BODY, 0, offsetof(struct patch, p.roles),
     offsetof(struct patch, p.has_roles), 1, MX_STAFF_ROLES_MAX, MX_SLUG, NULL, NULL,
     "Names of all roles. They must not hold permissions that the caller lacks.", NULL},
    MX_F_ENUM_HAS(struct patch, status, MX_BODY, 0, staff_state_names,
                  "disabled: signed out at once and unable to sign in."),
};
static MX_SHAPE(staff_patch_shape, "StaffPatch", struct patch, patch_fields);

static const struct mx_field accept_fields[] = {
    MX_F(struct mx_staff_accept, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL,
         "E-mail address that was invited."),
    MX_F(struct mx_staff_accept, code, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 22, 22, MX_TOKEN,
         "Code of the invitation; it works once, for 7 days."),
    MX_F(struct mx_staff_accept, password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET,
         MX_PASSWORD_MIN_STAFF, MX_PASSWORD_MAX, MX_PASSWORD,
         "Common passwords and ones derived from the address are refused."),
};
static MX_SHAPE(invitation_accept_shape, "InvitationAccept", struct mx_staff_accept, accept_fields);

/* ---- handlers ---- */

static enum mx_err api_auth_invitation(struct mx_ctx *cx, const void *in,
                                       MX_UNUSED struct mx_reply *reply)
{
    return mx_staff_accept(cx, in);
}

/* Answer with the version as entity tag. */
static enum mx_err answer(struct mx_ctx *cx, struct mx_reply *reply, enum mx_err e,
                          const struct mx_staff *s)
{
    if (e == MX_OK)
        reply->etag = mx_str_fmt(cx->arena, "%lld", (long long)s->version);
    reply->out = s;
    return e;
}

static enum mx_err api_admin_staff_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct query *i = in;
    struct mx_staff_query q = {.has_status = i->has_status,
                               .status = i->status,
                               .after = reply->page.at.id,
                               .limit = reply->page.limit};

    return mx_staff_list(cx, &q, &reply->page.rows);
}

static enum mx_err api_admin_staff_invite(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_staff *s = MX_NEW(cx->arena, struct mx_staff);
    struct mx_str code;

    MX_TRY(answer(cx, reply, mx_staff_invite(cx, in, s, &code), s));
    reply->location = mx_str_fmt(cx->arena, "/v1/admin/staff/%s", mx_id_str(cx->arena, s->id).p);
    return mx_staff_mail(cx, s, code);
}

static enum mx_err api_admin_staff_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_staff *s = MX_NEW(cx->arena, struct mx_staff);

    return answer(cx, reply, mx_staff_get(cx, ((const struct patch *)in)->p.id, s), s);
}

static enum mx_err api_admin_staff_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_staff *s = MX_NEW(cx->arena, struct mx_staff);
    const struct patch *i = in;
    struct mx_staff_patch p = i->p;

    p.has_status = i->has_status;
    p.status = chosen[i->status];
    return answer(cx, reply, mx_staff_update(cx, &p, s), s);
}

static enum mx_err api_admin_staff_close(struct mx_ctx *cx, const void *in,
                                         MX_UNUSED struct mx_reply *reply)
{
    return mx_staff_close(cx, &((const struct patch *)in)->p);
}

static enum mx_err api_admin_staff_end_sessions(struct mx_ctx *cx, const void *in,
                                                MX_UNUSED struct mx_reply *reply)
{
    return mx_staff_end_sessions(cx, ((const struct patch *)in)->p.id);
}

const struct mx_route mx_routes_staff[] = {
    {.id = "auth.invitation",
     .method = MX_POST,
     .path = "/v1/auth/invitation",
     .who = MX_WHO_ANYONE,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &invitation_accept_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_CODE_INVALID),
     .fn = api_auth_invitation,
     .doc = "Accept a staff invitation",
     .more = "Sets the password of a new member of staff with the code of the invitation, "
             "which works once and for 7 days. Sign in next with POST /v1/auth/login."},
    {.id = "admin.staff.list",
     .method = MX_GET,
     .path = "/v1/admin/staff",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_LIST,
     .in = &staff_query_shape,
     .answers = {{200, &staff_shape}},
     .fn = api_admin_staff_list,
     .doc = "List staff",
     .more = "Staff in any state, newest first."},
    {.id = "admin.staff.invite",
     .method = MX_POST,
     .path = "/v1/admin/staff",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &staff_invite_shape,
     .answers = {{201, &staff_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_EMAIL_TAKEN),
     .fn = api_admin_staff_invite,
     .doc = "Invite a member of staff",
     .more = "Mails an invitation, which is accepted with POST /v1/auth/invitation. "
             "Inviting the address again mails a new code; the earlier one stops working. "
             "Roles must not hold permissions that the caller lacks. 409 `email_taken`: the "
             "address has an account."},
    {.id = "admin.staff.get",
     .method = MX_GET,
     .path = "/v1/admin/staff/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .in = &staff_id_shape,
     .answers = {{200, &staff_shape}},
     .fn = api_admin_staff_get,
     .doc = "Get a member of staff",
     .more = "Returns roles, permissions and status."},
    {.id = "admin.staff.update",
     .method = MX_PATCH,
     .path = "/v1/admin/staff/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &staff_patch_shape,
     .answers = {{200, &staff_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_LAST_OWNER, MX_E_INVALID_TRANSITION),
     .fn = api_admin_staff_update,
     .doc = "Update a member of staff",
     .more = "Changes name, roles or status of another member of staff. Members that are "
             "not sent are unchanged. Permissions that the caller does not hold cannot be "
             "granted; nobody changes their own roles or status. 409 `last_owner`: the shop "
             "must keep an owner."},
    {.id = "admin.staff.close",
     .method = MX_DELETE,
     .path = "/v1/admin/staff/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &staff_version_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_LAST_OWNER),
     .fn = api_admin_staff_close,
     .doc = "Remove a member of staff",
     .more = "Closes the account for good, or withdraws an invitation. 409 `last_owner`: "
             "the shop must keep an owner."},
    {.id = "admin.staff.end_sessions",
     .method = MX_DELETE,
     .path = "/v1/admin/staff/{id}/sessions",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STAFF_MANAGE),
     .flags = MX_R_TX,
     .in = &staff_id_shape,
     .answers = {{204}},
     .fn = api_admin_staff_end_sessions,
     .doc = "End all sessions of a member of staff",
     .more = "Signs them out on every device at once. They can sign in again."},
    {0}};
