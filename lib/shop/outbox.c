#include "shop/outbox.h"

#include "io/db.h"
#include "q/audit.h"

typedef struct q_event_due_row event_t;

struct kind {
    const char *type;
    bool wanted;
};

#define EVENT_KIND(type, wanted) {type, wanted},
static const struct kind kinds[] = {MX_EVENTS(EVENT_KIND)};

static const struct kind *find(struct mx_str type)
{
    for (size_t i = 0; i < MX_LEN(kinds); i++)
        if (mx_str_eqc(type, kinds[i].type))
            return &kinds[i];
    return NULL;
}

bool mx_event_wanted(const char *type)
{
    const struct kind *k = find(mx_str_c(type));

    MX_ASSERT(k != NULL);
    return k->wanted;
}

enum mx_err mx_outbox_due(struct mx_ctx *cx, int64_t limit, struct mx_job_due *ret_due)
{
    struct mx_list found;
    struct mx_job_row *rows;

    MX_TRY(q_event_due(cx->db, &(struct q_event_due_in){{cx->now_ms}, limit}, &found));
    rows = MX_NEW_N(cx->arena, found.n, struct mx_job_row);
    for (size_t i = 0; i < found.n; i++) {
        const event_t *r = MX_AT(found, event_t, i);

        rows[i] = (struct mx_job_row){r->id, r, r->has_tries, r->tries};
    }
    *ret_due = (struct mx_job_due){MX_LIST(rows, found.n), found.n == (size_t)limit};
    return MX_OK;
}

static enum mx_err claim(struct mx_ctx *cx, const struct mx_job_row *rows, size_t n)
{
    int64_t claimed;
    struct q_event_delivered_in in = {mx_job_ids(cx->arena, rows, n)};

    MX_TRY(q_event_delivered(cx->db, &in, &claimed));
    return claimed == (int64_t)n ? MX_OK : MX_E_VERSION_CONFLICT;
}

enum mx_err mx_outbox_deliver(struct mx_ctx *cx, const struct mx_event_handler *handlers,
                              size_t n_handlers, const struct mx_job_row *rows, size_t n)
{
    struct mx_id subjects[MX_JOB_BATCH];

    MX_ASSERT(n <= MX_LEN(subjects));
    for (size_t i = 0; i < n; i++)
        if (find(((const event_t *)rows[i].of)->type) == NULL)
            return mx_fail(cx->faults, MX_E_INTERNAL, "unknown type of event");
    MX_TRY(claim(cx, rows, n));
    for (size_t h = 0; h < n_handlers; h++) {
        size_t wanted = 0;

        for (size_t i = 0; i < n; i++) {
            const event_t *r = rows[i].of;

            if (mx_str_eqc(r->type, handlers[h].type))
                subjects[wanted++] = r->subject;
        }
        if (wanted > 0)
            MX_TRY(handlers[h].deliver(cx, subjects, wanted));
    }
    return MX_OK;
}
