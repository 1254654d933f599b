/* /v1/admin/audit-log */
#include "api/audit.h"

#include "http/page.h"
#include "shop/audit.h"

#define CURSOR_AUDIT 33
#define LIMIT_DEFAULT 20

static const struct mx_field row_rows[] = {
    MX_O(struct mx_audit_row, id, "Entry."),
    MX_O_NULL(struct mx_audit_row, actor_id, "Who; null for a command on the host or a stranger."),
    MX_O_NULL(struct mx_audit_row, actor_email, "Their address now; null once erased."),
    MX_O(struct mx_audit_row, action, "What: product.update."),
    MX_O(struct mx_audit_row, object_type, "On what: product."),
    MX_O_NULL(struct mx_audit_row, object_id, "Which; null for what has no id."),
    MX_O_RAW(struct mx_audit_row, before, "The object before; null: there was none."),
    MX_O_RAW(struct mx_audit_row, after, "The object after; null: there is none."),
    MX_O_NULL(struct mx_audit_row, address, "Address of the client; null once erased."),
    MX_O(struct mx_audit_row, request_id, "Request, as in the log."),
    MX_O(struct mx_audit_row, created_at, "When."),
};
static MX_SHAPE(row, "AuditEntry", struct mx_audit_row, row_rows);

struct page {
    struct mx_list data;
    struct mx_str next_cursor;
};
static const struct mx_field page_rows[] = {
    MX_O_LIST(struct page, data, &row, "Newest first."),
    MX_O_NULL(struct page, next_cursor, "For the next page."),
};
MX_SHAPE(mx_shape_audit_page, "AuditPage", struct page, page_rows);

struct query {
    struct mx_id actor, object;
    struct mx_str action, cursor;
    struct mx_time from, to;
    int64_t limit;
};
static const struct mx_field query_rows[] = {
    MX_F(struct query, actor, MX_QUERY, 0, 0, 0, MX_LINE, "Only what this account did."),
    MX_F(struct query, action, MX_QUERY, 0, 1, 64, MX_TOKEN, "Only this: staff.update."),
    MX_F(struct query, object, MX_QUERY, 0, 0, 0, MX_LINE, "Only what was done to this id."),
    MX_F(struct query, from, MX_QUERY, 0, 0, 0, MX_LINE, "From then on."),
    MX_F(struct query, to, MX_QUERY, 0, 0, 0, MX_LINE, "Before then."),
    MX_F(struct query, limit, MX_QUERY, 0, 1, 100, MX_LINE, "A page, 20 unless given."),
    MX_F(struct query, cursor, MX_QUERY, 0, 1, MX_CURSOR_MAX, MX_TOKEN,
         "next_cursor of the page before."),
};
MX_SHAPE(mx_shape_audit_query, "AuditQuery", struct query, query_rows);

static enum mx_err api_admin_audit_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct query *i = in;
    struct page *out = MX_NEW(cx->arena, struct page);
    struct mx_audit_query q = {.actor = i->actor,
                               .object = i->object,
                               .action = i->action,
                               .from = i->from,
                               .to = i->to,
                               .limit = i->limit ? i->limit : LIMIT_DEFAULT};
    struct mx_cursor at;
    bool more;

    MX_TRY(mx_cursor_decode(cx->arena, CURSOR_AUDIT, i->cursor, cx->faults, &at));
    q.before = at.id;
    MX_TRY(mx_audit_list(cx, &q, &out->data, &more));
    if (more) {
        struct mx_cursor next = {.set = true};

        next.id = MX_AT(out->data, struct mx_audit_row, out->data.n - 1)->id;
        out->next_cursor = mx_cursor_encode(cx->arena, CURSOR_AUDIT, &next);
    }
    reply->out = out;
    return MX_OK;
}

const struct mx_route mx_routes_audit[] = {{.id = "admin.audit.list",
                                            .method = MX_GET,
                                            .path = "/v1/admin/audit-log",
                                            .who = MX_WHO_STAFF,
                                            .permission = MX_PERM_AUDIT_READ,
                                            .in = &mx_shape_audit_query,
                                            .answers = {{200, &mx_shape_audit_page}},
                                            .fn = api_admin_audit_list,
                                            .doc = "Who did what to what, with before and after."},
                                           {0}};
