#include "account/guest.h"

#include "io/db.h"
#include "q/guest.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

typedef struct q_guest_idle_row row_t;

/* Where the walk through all guests has come to: each run looks at some more of them. */
static struct mx_id walked;

static enum mx_err due(struct mx_ctx *cx, int64_t limit, struct mx_job_due *ret_due)
{
    struct q_guest_idle_in in = {
        walked, {cx->now_ms - cx->proc->conf->guest_keep_d * DAY_MS}, {cx->now_ms}, limit};
    struct mx_list found;
    struct mx_job_row *rows;
    size_t n = 0;
    bool more;

    MX_TRY(q_guest_idle(cx->db, &in, &found));
    rows = MX_NEW_N(cx->arena, found.n, struct mx_job_row);
    for (size_t i = 0; i < found.n; i++) {
        const row_t *r = MX_AT(found, row_t, i);

        if (r->idle)
            rows[n++] = (struct mx_job_row){r->id, NULL, r->has_tries, r->tries};
    }
    more = found.n == (size_t)limit;
    walked = more ? MX_AT(found, row_t, found.n - 1)->id : (struct mx_id){{0}};
    *ret_due = (struct mx_job_due){MX_LIST(rows, n), more};
    return MX_OK;
}

enum mx_err mx_guest_delete(struct mx_ctx *cx, const struct mx_guests *g)
{
    for (size_t at = 0; at < g->n;) {
        struct q_guest_delete_in in = {.n_each = 0};
        int64_t deleted;

        while (in.n_each < MX_LEN(in.each) && at < g->n)
            in.each[in.n_each++].id = g->at[at++];
        MX_TRY(q_guest_delete(cx->db, &in, &deleted));
        if (deleted != (int64_t)in.n_each)
            return MX_E_VERSION_CONFLICT;
    }
    return MX_OK;
}

static enum mx_err purge(struct mx_ctx *cx, const struct mx_job_row *rows, size_t n)
{
    struct mx_id *ids = MX_NEW_N(cx->arena, n, struct mx_id);
    const struct mx_guests guests = {ids, n, mx_job_ids(cx->arena, rows, n)};

    for (size_t i = 0; i < n; i++)
        ids[i] = rows[i].id;
    for (const struct mx_holding *h = mx_holdings; h->table != NULL; h++)
        if (h->purge != NULL)
            MX_TRY(h->purge(cx, &guests));
    return MX_OK;
}

const struct mx_job mx_guest_purge = {MX_JOB_GUESTS, due, purge};
