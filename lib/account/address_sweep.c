#include "account/address.h"
#include "io/db.h"
#include "q/address.h"
#include "shop/json_rows.h"

/* Longer than any transaction: request_timeout_ms is ten minutes at most. */
#define UNUSED_MS (INT64_C(3600) * 1000)

typedef struct q_address_walk_row row_t;

/* Where the walk through all rows has come to. */
static struct mx_id walked;

static bool to_mark(const row_t *r)
{
    return !r->used && !r->marked;
}

static bool to_unmark(const row_t *r)
{
    return r->used && r->marked;
}

static bool to_delete(const row_t *r)
{
    return !r->used && r->old;
}

/* In *ret_ids (struct mx_id) those of the rows that `which` holds of. */
static void choose(struct mx_ctx *cx, struct mx_list rows, bool (*which)(const row_t *r),
                   struct mx_list *ret_ids)
{
    *ret_ids = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_id), 0);
    for (size_t i = 0; i < rows.n; i++) {
        const row_t *r = MX_AT(rows, row_t, i);

        if (which(r))
            *MX_AT(*ret_ids, struct mx_id, ret_ids->n++) = r->id;
    }
}

static enum mx_err mark(struct mx_ctx *cx, struct mx_list ids, struct mx_time unused_at)
{
    struct q_address_mark_in in = {.unused_at = unused_at};

    if (ids.n == 0)
        return MX_OK;
    in.ids = mx_json_rows_ids(cx->arena, ids.at, ids.n, sizeof(struct mx_id));
    return q_address_mark(cx->db, &in, NULL);
}

static enum mx_err delete_unused(struct mx_ctx *cx, struct mx_list ids, struct mx_time before)
{
    for (size_t at = 0; at < ids.n;) {
        struct q_address_delete_unused_in in = {.before = before};

        while (in.n_each < MX_LEN(in.each) && at < ids.n)
            in.each[in.n_each++].id = *MX_AT(ids, struct mx_id, at++);
        MX_TRY(q_address_delete_unused(cx->db, &in, NULL));
    }
    return MX_OK;
}

enum mx_err mx_address_sweep(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    const struct mx_time now = {cx->now_ms}, before = {cx->now_ms - UNUSED_MS};
    struct mx_list rows, ids;

    MX_TRY(q_address_walk(cx->db, &(struct q_address_walk_in){walked, before, limit}, &rows));
    choose(cx, rows, to_mark, &ids);
    MX_TRY(mark(cx, ids, now));
    choose(cx, rows, to_unmark, &ids);
    MX_TRY(mark(cx, ids, (struct mx_time){0}));
    choose(cx, rows, to_delete, &ids);
    MX_TRY(delete_unused(cx, ids, before));
    walked = rows.n == (size_t)limit ? MX_AT(rows, row_t, rows.n - 1)->id : (struct mx_id){{0}};
    *ret_n = (int64_t)rows.n;
    return MX_OK;
}
