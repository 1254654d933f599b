/* /v1/admin/audit-log */
#include "api/audit.h"

#include "shop/audit.h"

static const struct mx_field row_fields[] = {
    MX_O(struct mx_audit_row, id, "Id of the entry."),
    MX_O_NULL(struct mx_audit_row, actor_id,
              "Account that acted; null for a command on the host or a request without a "
              "token."),
    MX_O_NULL(struct mx_audit_row, actor_email,
              "Current e-mail address of the actor; null after it was erased."),
    MX_O(struct mx_audit_row, action, "Action, like product.update."),
    MX_O(struct mx_audit_row, object_type, "Type of the object, like product."),
    MX_O_NULL(struct mx_audit_row, object_id, "Id of the object; null if it has none."),
    MX_O_RAW(struct mx_audit_row, before, "The object before the change; null if it is new."),
    MX_O_RAW(struct mx_audit_row, after, "The object after the change; null if it was deleted."),
    MX_O_NULL(struct mx_audit_row, address, "IP address of the client; null after it was erased."),
    MX_O(struct mx_audit_row, request_id,
         "X-Request-Id of the request, which the client may choose."),
    MX_O_NULL(struct mx_audit_row, server_request_id,
              "Unique id of the request, as in the server's log."),
    MX_O(struct mx_audit_row, created_at, "Time of the entry."),
};
static MX_SHAPE(row, "AuditEntry", struct mx_audit_row, row_fields);

static const struct mx_field query_fields[] = {
    MX_F(struct mx_audit_query, actor, MX_QUERY, 0, 0, 0, MX_LINE, "Only entries of this account."),
    MX_F(struct mx_audit_query, action, MX_QUERY, 0, 1, 64, MX_TOKEN,
         "Only this action, like staff.update."),
    MX_F(struct mx_audit_query, object, MX_QUERY, 0, 0, 0, MX_LINE,
         "Only entries about the object with this id."),
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
     .doc = "List the audit log",
     .more = "Changes by staff and security events, newest first: actor, action and object, "
             "with its state before and after. Filters can be combined; entries cannot be "
             "changed."},
    {0}};
