#include "sales/invariant.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "io/db.h"
#include "q/invariant.h"

#define NS_PER_MS 1000000
/* Rows of each table in one go: every five seconds they are two million a day. */
#define ROWS 128
#define LOGGED 10 /* of a round */

/* A row as the statements tell of it. */
struct row {
    struct mx_id id;
    bool broken;
};

/* The rows of `limit` behind `after`. */
typedef enum mx_err (*next_rows)(struct mx_db *db, struct mx_id after, int64_t limit,
                                 struct mx_list *ret_rows);

#define NEXT(name, statement)                                                             \
    static enum mx_err name(struct mx_db *db, struct mx_id after, int64_t limit,          \
                            struct mx_list *ret_rows)                                     \
    {                                                                                     \
        _Static_assert(sizeof(struct statement##_row) == sizeof(struct row), #statement); \
        return statement(db, &(struct statement##_in){after, limit}, ret_rows);           \
    }
NEXT(stock, q_invariant_stock)
NEXT(orders, q_invariant_orders)
NEXT(payments, q_invariant_payments)

static const struct {
    const char *name;
    next_rows next;
} invariants[] = {
    [MX_INVARIANT_STOCK] = {"stock", stock},
    [MX_INVARIANT_ORDER] = {"order", orders},
    [MX_INVARIANT_PAYMENT] = {"payment", payments},
};

/* A round through a table. */
static struct round {
    struct mx_id at; /* the last row that was looked at; none: the round begins */
    int64_t broken;  /* rows found so far */
    int64_t before;  /* and in the round before */
} rounds[MX_LEN(invariants)];

static void tell(struct mx_ctx *cx, int i, struct mx_id id)
{
    struct round *r = &rounds[i];

    if (++r->broken <= LOGGED)
        mx_log(MX_LOG_ERROR, "a row breaks an invariant", MX_KC("invariant", invariants[i].name),
               MX_KS("row", mx_id_str(cx->arena, id)));
}

static void end_round(int i)
{
    struct round *r = &rounds[i];

    *r = (struct round){.before = r->broken};
    mx_metric_set(MX_M_INVARIANT_ROUND, i, 0, mx_wall_ms() * NS_PER_MS);
}

static enum mx_err check(struct mx_ctx *cx, int i, int64_t limit, int64_t *ret_n)
{
    struct round *r = &rounds[i];
    struct mx_list rows;

    MX_TRY(invariants[i].next(cx->db, r->at, limit, &rows));
    for (size_t k = 0; k < rows.n; k++) {
        const struct row *row = MX_AT(rows, struct row, k);

        if (row->broken)
            tell(cx, i, row->id);
        r->at = row->id;
    }
    if ((int64_t)rows.n < limit)
        end_round(i);
    mx_metric_add(MX_M_INVARIANT_ROWS, i, 0, rows.n);
    mx_metric_set(MX_M_INVARIANT_BROKEN, i, 0, r->broken > r->before ? r->broken : r->before);
    *ret_n += (int64_t)rows.n;
    return MX_OK;
}

enum mx_err mx_invariants_check(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    int64_t each = limit / (int64_t)MX_LEN(invariants);

    *ret_n = 0;
    for (int i = 0; i < (int)MX_LEN(invariants); i++)
        MX_TRY(check(cx, i, each < ROWS ? each : ROWS, ret_n));
    return MX_OK;
}
