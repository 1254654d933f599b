#include "account/customer.h"

#include "account/session.h"
#include "codec/jsonw.h"
#include "io/db.h"
#include "q/customer.h"
#include "shop/audit.h"
#include "shop/email.h"
#include "shop/sealed.h"
#include "shop/version.h"

/* ---- read ---- */

static struct mx_customer customer_of(const struct q_customer_page_row *r)
{
    return (struct mx_customer){
        .id = r->id,
        .email = r->email,
        .email_verified = r->verified_at.ms != 0,
        .name = r->name,
        .locale = r->locale,
        .status = (int)r->status,
        .version = r->version,
        .created_at = r->created_at,
    };
}

/* Pattern of what begins with `s`. */
static struct mx_str beginning(struct mx_arena *a, struct mx_str s)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 2 * s.n + 2);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' || s.p[i] == '_' || s.p[i] == '|')
            mx_buf_byte(&out, '|');
        mx_buf_byte(&out, s.p[i]);
    }
    mx_buf_byte(&out, '%');
    return mx_buf_view(&out);
}

static struct mx_str lower(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);

    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] | 0x20);
    return (struct mx_str){p, s.n};
}

static enum mx_err page_beginning(struct mx_ctx *cx, const struct mx_customer_query *q,
                                  struct mx_list *ret_rows)
{
    struct q_customer_page_beginning_in in = {
        .email_like = beginning(cx->arena, lower(cx->arena, q->q)),
        .name_like = beginning(cx->arena, q->q),
        .has_status = q->has_status,
        .status = q->status,
        .after = q->after,
        .limit = q->limit,
    };

    return q_customer_page_beginning(cx->db, &in, ret_rows);
}

static enum mx_err page(struct mx_ctx *cx, const struct mx_customer_query *q,
                        struct mx_list *ret_rows)
{
    struct q_customer_page_in in = {
        .has_status = q->has_status,
        .status = q->status,
        .after = q->after,
        .limit = q->limit,
    };

    *ret_rows = (struct mx_list){0};
    if (q->email.p && !mx_email_key(cx->arena, q->email, &in.email_key))
        return MX_OK;
    return q_customer_page(cx->db, &in, ret_rows);
}

enum mx_err mx_customer_list(struct mx_ctx *cx, const struct mx_customer_query *q,
                             struct mx_list *ret_customers)
{
    struct mx_list rows, out;

    _Static_assert(sizeof(struct q_customer_page_row) ==
                       sizeof(struct q_customer_page_beginning_row),
                   "the same columns");
    MX_TRY(q->q.p ? page_beginning(cx, q, &rows) : page(cx, q, &rows));
    out.n = rows.n;
    out = MX_LIST(MX_NEW_N(cx->arena, out.n, struct mx_customer), out.n);
    for (size_t i = 0; i < out.n; i++)
        *MX_AT(out, struct mx_customer, i) =
            customer_of(MX_AT(rows, const struct q_customer_page_row, i));
    *ret_customers = out;
    return MX_OK;
}

enum mx_err mx_customer_get(struct mx_ctx *cx, struct mx_id id, struct mx_customer *ret_customer)
{
    struct q_customer_page_row head;
    struct mx_list rows;
    const struct q_customer_find_row *r;

    MX_TRY(q_customer_find(cx->db, &(struct q_customer_find_in){id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    r = MX_AT(rows, const struct q_customer_find_row, 0);
    memcpy(&head, r, sizeof(head));
    *ret_customer = customer_of(&head);
    ret_customer->orders_count = r->orders;
    ret_customer->metadata = r->metadata;
    ret_customer->public_metadata = r->public_metadata;
    return mx_sealed_open(cx, MX_SEALED_PHONE, r->id, r->phone, &ret_customer->phone);
}

/* ---- change ---- */

/* The names of the metadata that was written. Its content may be about the person, so that it has
 * no place in the audit log. */
static void changed_names(struct mx_jsonw *w, const struct mx_customer_patch *changed)
{
    if (!changed || (!changed->has_metadata && !changed->has_public_metadata))
        return;
    mx_jsonw_name(w, "changed");
    mx_jsonw_array(w);
    if (changed->has_metadata)
        mx_jsonw_c(w, "metadata");
    if (changed->has_public_metadata)
        mx_jsonw_c(w, "public_metadata");
    mx_jsonw_array_end(w);
}

/* `changed` may be NULL. */
static struct mx_str snapshot(struct mx_arena *a, const struct mx_customer *c,
                              const struct mx_customer_patch *changed)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 256);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "status");
    mx_jsonw_str(&w, mx_str_name(mx_account_status_names, c->status));
    mx_jsonw_name(&w, "version");
    mx_jsonw_int(&w, c->version);
    changed_names(&w, changed);
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

static enum mx_err lock(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_list rows;

    MX_TRY(q_customer_lock(cx->db, &(struct q_customer_lock_in){id}, &rows));
    return rows.n == 0 ? MX_E_NOT_FOUND : MX_OK;
}

/* Of what was sent, what changes something. */
static struct mx_customer_patch changes(const struct mx_customer_patch *in,
                                        const struct mx_customer *now)
{
    struct mx_customer_patch c = *in;

    c.has_status &= in->status != now->status;
    c.has_metadata &= !mx_str_eq(in->metadata, now->metadata);
    c.has_public_metadata &= !mx_str_eq(in->public_metadata, now->public_metadata);
    return c;
}

static enum mx_err apply(struct mx_ctx *cx, const struct mx_customer_patch *c)
{
    struct q_customer_change_in in = {
        .id = c->id,
        .has_status = c->has_status,
        .status = c->status,
        .set_metadata = c->has_metadata,
        .metadata = c->metadata,
        .set_public_metadata = c->has_public_metadata,
        .public_metadata = c->public_metadata,
        .now = {cx->now_ms},
    };

    MX_TRY(q_customer_change(cx->db, &in, NULL));
    return c->has_status && c->status == MX_ACCOUNT_DISABLED ? mx_session_end_all(cx, c->id)
                                                             : MX_OK;
}

enum mx_err mx_customer_update(struct mx_ctx *cx, const struct mx_customer_patch *in,
                               struct mx_customer *ret_customer)
{
    struct mx_audit row = {.action = "customer.update", .object_type = "account", .object = in->id};
    struct mx_customer before;
    struct mx_customer_patch c;

    MX_TRY(lock(cx, in->id));
    MX_TRY(mx_customer_get(cx, in->id, &before));
    MX_TRY(mx_version_check(cx, "The account", in->if_match, before.version));
    if (before.status == MX_ACCOUNT_CLOSED)
        return mx_fail(cx->faults, MX_E_INVALID_TRANSITION, "The account has been closed.");
    c = changes(in, &before);
    if (!c.has_status && !c.has_metadata && !c.has_public_metadata) {
        *ret_customer = before;
        return MX_OK;
    }
    MX_TRY(apply(cx, &c));
    MX_TRY(mx_customer_get(cx, in->id, ret_customer));
    row.before = snapshot(cx->arena, &before, NULL);
    row.after = snapshot(cx->arena, ret_customer, &c);
    return mx_audit_write(cx, &row);
}

enum mx_err mx_customer_end_sessions(struct mx_ctx *cx, struct mx_id id)
{
    MX_TRY(lock(cx, id));
    MX_TRY(mx_session_end_all(cx, id));
    return mx_audit_write(cx, &(struct mx_audit){.action = "account.end_sessions",
                                                 .object_type = "account",
                                                 .object = id});
}
