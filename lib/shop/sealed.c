#include "shop/sealed.h"

#include "base/log.h"
#include "io/db.h"
#include "shop/holding.h"

enum mx_err mx_sealed_open(const struct mx_ctx *cx, const char *column, struct mx_id row,
                           struct mx_str sealed, struct mx_str *ret_plain)
{
    if (mx_pii_open(cx->arena, cx->proc->keys, column, row, sealed, ret_plain))
        return MX_OK;
    mx_log(MX_LOG_ERROR, "cannot decrypt personal data", MX_KC("column", column),
           MX_KS("row", mx_id_str(cx->arena, row)));
    return MX_E_UNAVAILABLE;
}

/* ---- another key ---- */

#define BATCH 200

/* A value that is to be sealed with the active key: what a column's `put` takes. */
struct change {
    struct mx_id row;
    struct mx_str seen, next;
};

/* Parameters and rows of its statements. */
struct page_in {
    struct mx_id after;
    int64_t limit;
};
struct page_row {
    struct mx_id id;
    struct mx_str value;
};

/* Number `n` of the columns that the table of holdings has; NULL behind the last one. */
static const struct mx_sealed_column *column_at(int n)
{
    for (const struct mx_holding *x = mx_holdings; x->table; x++)
        if (x->reseal && n-- == 0)
            return x->reseal;
    return NULL;
}

static bool sealed_now(const struct mx_ctx *cx, struct mx_str value)
{
    struct mx_pii_id by, active = mx_pii_active(cx->proc->keys);

    return mx_pii_key_of(value, &by) && memcmp(by.b, active.b, sizeof(active.b)) == 0;
}

/* A batch of one column. */
struct batch {
    struct mx_ctx *cx;
    const struct mx_sealed_column *column;
    struct change changes[BATCH];
    int n;
    int64_t resealed, damaged;
};

static void look_at(struct batch *b, const struct page_row *r)
{
    struct mx_ctx *cx = b->cx;
    const char *column = b->column->name;
    struct mx_str plain;

    if (r->value.p == NULL || sealed_now(cx, r->value))
        return;
    if (mx_sealed_open(cx, column, r->id, r->value, &plain) != MX_OK) {
        b->damaged++;
        return;
    }
    b->changes[b->n++] = (struct change){
        r->id, r->value, mx_pii_seal(cx->arena, cx->proc->keys, column, r->id, plain)};
}

static enum mx_err put_all(void *arg)
{
    struct batch *b = arg;

    b->resealed = 0;
    for (int i = 0; i < b->n; i++) {
        int64_t changed;

        MX_TRY(mx_db_exec(b->cx->db, *b->column->put, &b->changes[i], &changed));
        b->resealed += changed;
    }
    return MX_OK;
}

enum mx_err mx_sealed_reseal(struct mx_ctx *cx, struct mx_reseal *pass, bool *ret_more)
{
    struct mx_list rows;
    struct page_in in = {pass->after, BATCH};
    struct batch *b = MX_NEW(cx->arena, struct batch);

    b->cx = cx;
    b->column = column_at(pass->column);
    MX_ASSERT((*b->column->page)->row_size == sizeof(struct page_row));
    MX_TRY(mx_db_query(cx->db, *b->column->page, &in, &rows));
    for (size_t i = 0; i < rows.n; i++)
        look_at(b, MX_AT(rows, struct page_row, i));
    if (b->n > 0)
        MX_TRY(mx_db_tx(cx->db, put_all, b));
    pass->resealed += b->resealed;
    pass->damaged += b->damaged;
    if (rows.n == BATCH)
        pass->after = MX_AT(rows, struct page_row, BATCH - 1)->id;
    else
        *pass = (struct mx_reseal){pass->column + 1, {{0}}, pass->resealed, pass->damaged};
    *ret_more = column_at(pass->column) != NULL;
    return MX_OK;
}

/* ---- a look ---- */

#define PROBED 20

enum mx_err mx_sealed_probe(const struct mx_ctx *cx, const char **ret_column)
{
    const struct page_in in = {.limit = PROBED};
    const struct mx_sealed_column *column;
    struct mx_list rows;
    struct mx_str plain;

    *ret_column = NULL;
    for (int n = 0; (column = column_at(n)); n++) {
        MX_TRY(mx_db_query(cx->db, *column->page, &in, &rows));
        for (size_t i = 0; i < rows.n; i++) {
            const struct page_row *r = MX_AT(rows, struct page_row, i);

            if (!mx_pii_open(cx->arena, cx->proc->keys, column->name, r->id, r->value, &plain))
                *ret_column = column->name;
        }
    }
    return MX_OK;
}
