#include "shop/audit.h"

#include "base/log.h"
#include "codec/inet.h"
#include "q/audit.h"
#include "shop/limit.h"
#include "shop/outbox.h"

#define ADDRESS_MAX 45
#define REQUEST_ID_MAX 64
enum { TO_DELIVER, DELIVERED }; /* audit_log.state */

/* The person whose address the caller's may be: the actor, or the account that a stranger asks for.
 */
static struct mx_id person_of(const struct mx_audit *row, struct mx_id actor)
{
    bool account = mx_id_none(actor) && strcmp(row->object_type, "account") == 0;

    return account ? row->object : actor;
}

/* The key of a person's addresses, as the present transaction read it last. */
struct person_key {
    struct mx_id person; /* none: nothing was read yet */
    struct mx_id key;    /* 16 random bytes; none: erased */
};

static struct person_key *last_key(struct mx_ctx *cx)
{
    static const char owner;

    return mx_db_memo(cx->db, &owner, sizeof(struct person_key));
}

void mx_audit_have_key(struct mx_ctx *cx, struct mx_id person, struct mx_id key)
{
    *last_key(cx) = (struct person_key){person, key};
}

static bool have_key(struct mx_ctx *cx, struct mx_id person, struct mx_id *ret_key)
{
    const struct person_key *last = mx_db_in_tx(cx->db) ? last_key(cx) : NULL;
    bool callers = cx->actor.has_audit_key && mx_id_eq(person, cx->actor.account);

    if (callers)
        *ret_key = cx->actor.audit_key;
    else if (last && mx_id_eq(person, last->person))
        *ret_key = last->key;
    else
        return false;
    return true;
}

/* Read the person's key unless that was done. Nobody's is asked for like anybody's: how long a
 * refusal takes must not tell whom it is about. Where nobody's address is known, as in a job, there
 * is nothing to encrypt. */
static enum mx_err need_key(struct mx_ctx *cx, struct mx_id person, struct mx_id *ret_key)
{
    struct mx_list rows;

    *ret_key = (struct mx_id){{0}};
    if (mx_id_none(person) ? cx->address.n == 0 : have_key(cx, person, ret_key))
        return MX_OK;
    MX_TRY(q_audit_key(cx->db, &(struct q_audit_key_in){person}, &rows));
    if (rows.n > 0)
        *ret_key = MX_AT(rows, struct q_audit_key_row, 0)->key;
    if (mx_db_in_tx(cx->db))
        mx_audit_have_key(cx, person, *ret_key);
    return MX_OK;
}

static enum mx_err fill(struct mx_ctx *cx, const struct mx_audit *row,
                        struct q_audit_insert_each *ret)
{
    struct mx_id actor = mx_id_none(row->actor) ? cx->actor.account : row->actor;
    struct mx_id person = person_of(row, actor), key;

    MX_TRY(need_key(cx, person, &key));
    *ret = (struct q_audit_insert_each){
        .id = mx_id_new(),
        .actor = actor,
        .action = mx_str_c(row->action),
        .object_type = mx_str_c(row->object_type),
        .object = row->object,
        .before = row->before,
        .after = row->after,
        .person = person,
        .key = key,
        .has_state = row->event,
        .state = row->event && mx_event_wanted(row->action) ? TO_DELIVER : DELIVERED,
    };
    return MX_OK;
}

enum mx_err mx_audit_write_all(struct mx_ctx *cx, const struct mx_audit *rows, size_t n)
{
    struct q_audit_insert_in in = {
        .address = cx->address.p ? mx_str_sub(cx->address, 0, ADDRESS_MAX) : MX_S(""),
        .request = cx->request_id.p ? mx_str_sub(cx->request_id, 0, REQUEST_ID_MAX) : MX_S(""),
        .server_request = cx->exchange,
        .now = {cx->now_ms},
        .n_each = n,
    };

    _Static_assert(MX_LEN(in.each) == MX_AUDIT_ROWS_MAX, "rows of a statement");
    MX_ASSERT(n >= 1 && n <= MX_LEN(in.each));
    for (size_t i = 0; i < n; i++)
        MX_TRY(fill(cx, &rows[i], &in.each[i]));
    return q_audit_insert(cx->db, &in, NULL);
}

enum mx_err mx_audit_write(struct mx_ctx *cx, const struct mx_audit *row)
{
    return mx_audit_write_all(cx, row, 1);
}

/* ---- refusals ---- */

#define ONE_BURST 30
#define ONE_PER_MIN 20
#define ALL_BURST 2000
#define ALL_PER_MIN 600

struct mx_str mx_audit_route(const struct mx_ctx *cx)
{
    return mx_str_fmt(cx->arena, "{\"route\":\"%.*s\"}", MX_FMT(cx->route_id));
}

/* Take one of what `whose` may write, and one of what all may. */
static bool take_share(struct mx_ctx *cx, const char *kind, struct mx_str whose)
{
    const struct mx_limit limits[] = {
        {.bucket = mx_str_fmt(cx->arena, "refused %s:%.*s", kind, MX_FMT(whose)),
         .kind = MX_LIMIT_AUDIT,
         .burst = ONE_BURST,
         .per_min = ONE_PER_MIN},
        {.bucket = MX_S("refused"),
         .kind = MX_LIMIT_AUDIT,
         .burst = ALL_BURST,
         .per_min = ALL_PER_MIN},
    };
    struct mx_rate rate;

    return mx_limits_take(cx, limits, MX_LEN(limits), &rate);
}

static bool within_limits(struct mx_ctx *cx, struct mx_id object)
{
    struct mx_str who = mx_id_none(cx->actor.account) ? mx_address_class(cx->arena, cx->address)
                                                      : mx_id_str(cx->arena, cx->actor.account);

    if (take_share(cx, "to", who))
        return true;
    if (cx->named.p != NULL)
        return take_share(cx, "of", cx->named);
    return !mx_id_none(object) && take_share(cx, "of", mx_id_str(cx->arena, object));
}

void mx_audit_refused(struct mx_ctx *cx, const char *action, const char *object_type,
                      struct mx_id object)
{
    struct mx_audit row = {.action = action, .object_type = object_type, .object = object};

    if (!within_limits(cx, object))
        return;
    row.after = mx_audit_route(cx);
    if (mx_audit_write(cx, &row) != MX_OK)
        mx_log(MX_LOG_WARN, "cannot write a refusal to the audit log", MX_KC("action", action));
}

/* ---- read ---- */

/* Ids begin with the time they were made at, which is near the time of the row: bounds of ids give
 * the database a range to read. */
#define NEAR_MS (INT64_C(3600) * 1000)

static struct mx_id id_at(int64_t ms)
{
    struct mx_id id = {{0}};

    if (ms < 0)
        ms = 0;
    for (int i = 0; i < 6; i++)
        id.b[i] = (unsigned char)((uint64_t)ms >> (40 - 8 * i));
    return id;
}

/* The bounds of q, as ids. */
static void bound(const struct mx_audit_query *q, struct q_audit_page_in *in)
{
    in->newest = q->before;
    in->oldest = id_at(q->from.ms != 0 ? q->from.ms - NEAR_MS : 0);
    if (mx_id_none(in->newest))
        memset(in->newest.b, 0xff, sizeof(in->newest.b));
    if (q->to.ms != 0) {
        struct mx_id end = id_at(q->to.ms + NEAR_MS);

        if (memcmp(end.b, in->newest.b, sizeof(end.b)) < 0)
            in->newest = end;
    }
}

enum mx_err mx_audit_list(struct mx_ctx *cx, const struct mx_audit_query *q,
                          struct mx_list *ret_rows)
{
    struct q_audit_page_in in = {.actor = q->actor,
                                 .action = q->action,
                                 .object = q->object,
                                 .from = q->from,
                                 .to = q->to,
                                 .limit = q->limit};
    struct mx_list rows, out;

    bound(q, &in);
    MX_TRY(q_audit_page(cx->db, &in, &rows));
    out.n = rows.n;
    out = MX_LIST(MX_NEW_N(cx->arena, out.n, struct mx_audit_row), out.n);
    for (size_t i = 0; i < out.n; i++) {
        const struct q_audit_page_row *r = MX_AT(rows, const struct q_audit_page_row, i);

        *MX_AT(out, struct mx_audit_row, i) = (struct mx_audit_row){
            r->id,     r->actor, r->object,  r->actor_email, r->action,         r->object_type,
            r->before, r->after, r->address, r->request,     r->server_request, r->created_at};
    }
    *ret_rows = out;
    return MX_OK;
}
