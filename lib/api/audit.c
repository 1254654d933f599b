/* /v1/admin/audit-log */
#include "api/audit.h"

#include "shop/audit.h"

static const struct mx_field row_fields[] = {
    MX_O(struct mx_audit_row, id, "Entry."),
    MX_O_NULL(struct mx_audit_row, actor_id,
              "The actor; null for a command on the host or a stranger."),
    MX_O_NULL(struct mx_audit_row, actor_email, "Present address of the actor; null once erased."),
    MX_O(struct mx_audit_row, action, "Action: product.update."),
    MX_O(struct mx_audit_row, object_type, "Type of the object: product."),
    MX_O_NULL(struct mx_audit_row, object_id, "Id of the object; null where it has none."),
    MX_O_RAW(struct mx_audit_row, before, "The object before; null: there was none."),
    MX_O_RAW(struct mx_audit_row, after, "The object after; null: there is none."),
    MX_O_NULL(struct mx_audit_row, address, "Address of the client; null once erased."),
    MX_O(struct mx_audit_row, request_id,
         "X-Request-Id of the request, which its client may choose."),
    MX_O_NULL(struct mx_audit_row, server_request_id,
              "The same request as the server names it, in the log too; no two share one."),
    MX_O(struct mx_audit_row, created_at, "Time of the entry."),
};
static MX_SHAPE(row, "AuditEntry", struct mx_audit_row, row_fields);

static const struct mx_field query_fields[] = {
    MX_F(struct mx_audit_query, actor, MX_QUERY, 0, 0, 0, MX_LINE, "Only entries of this actor."),
    MX_F(struct mx_audit_query, action, MX_QUERY, 0, 1, 64, MX_TOKEN, "Only this: staff.update."),
    MX_F(struct mx_audit_query, object, MX_QUERY, 0, 0, 0, MX_LINE, "Only entries on this object."),
    MX_F(struct mx_audit_query, from, MX_QUERY, 0, 0, 0, MX_LINE,
         "Only entries from this time on."),
    MX_F(struct mx_audit_query, to, MX_QUERY, 0, 0, 0, MX_LINE, "Only entries before this time."),
};
static MX_SHAPE(audit_query_shape, "AuditQuery", struct mx_audit_query, query_fields);

static enum mx_err api_admin_audit_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_audit_query q = *(const struct mx_audit_query *)in;

    q.before = reply->page.at.id;
    q.limit = reply->page.limit;
    return mx_audit_list(cx, &q, &reply->page.rows);
}

const struct mx_route mx_routes_audit[] = {
    {.id = "admin.audit.list",
     .method = MX_GET,
     .path = "/v1/admin/audit-log",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(AUDIT_READ),
     .flags = MX_R_LIST,
     .in = &audit_query_shape,
     .answers = {{200, &row}},
     .fn = api_admin_audit_list,
     .doc = "Audit log: actor, action and object, with before and after."},
    {0}};
