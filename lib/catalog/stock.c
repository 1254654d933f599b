#include "catalog/stock.h"

#include "codec/jsonw.h"
#include "codec/params.h"
#include "q/stock.h"
#include "shop/audit.h"
#include "shop/json_rows.h"
#include "shop/version.h"

#define LOW 5 /* available units from which on the public is told that there are few */

const char *const mx_stock_hint_names[] = {"in_stock", "low", "out_of_stock", NULL};

enum mx_stock_hint mx_stock_hint(int64_t available)
{
    if (available <= 0)
        return MX_STOCK_OUT;
    return available <= LOW ? MX_STOCK_LOW : MX_STOCK_IN;
}

enum mx_err mx_stock_list(struct mx_ctx *cx, const struct mx_stock_query *q,
                          struct mx_list *ret_stock)
{
    const struct q_stock_page_in in = {q->variant_id, q->sku, q->after, q->limit};
    struct mx_list rows, out;

    MX_TRY(q_stock_page(cx->db, &in, &rows));
    out.n = rows.n;
    out = MX_LIST(MX_NEW_N(cx->arena, out.n, struct mx_stock), out.n);
    for (size_t i = 0; i < out.n; i++) {
        const struct q_stock_page_row *r = MX_AT(rows, const struct q_stock_page_row, i);

        *MX_AT(out, struct mx_stock, i) = (struct mx_stock){
            r->variant_id, r->sku, r->on_hand, r->reserved, r->on_hand - r->reserved, r->version};
    }
    *ret_stock = out;
    return MX_OK;
}

enum mx_err mx_stock_open(struct mx_ctx *cx, const struct mx_list *changes)
{
    struct mx_json_rows json;
    struct mx_str text;

    if (changes->n == 0)
        return MX_OK;
    mx_json_rows_init(&json, cx->arena);
    for (size_t i = 0; i < changes->n; i++) {
        const struct mx_stock_change *c = MX_AT(*changes, const struct mx_stock_change, i);

        mx_jsonw_open(&json.w);
        mx_json_rows_id(&json, "id", c->variant_id);
        mx_json_rows_int(&json, "on_hand", c->value);
        mx_jsonw_close(&json.w);
    }
    text = mx_json_rows_text(&json);
    MX_TRY(q_stock_open(cx->db, &(struct q_stock_open_in){text, {cx->now_ms}}, NULL));
    return q_stock_open_moves(
        cx->db, &(struct q_stock_open_moves_in){text, cx->actor.account, {cx->now_ms}}, NULL);
}

/* Lock the counters in the order of the variants' ids. MX_E_NOT_FOUND when one is not there. */
static enum mx_err lock(struct mx_ctx *cx, const struct mx_list *changes, struct mx_list *ret_rows)
{
    struct mx_id *ids = MX_NEW_N(cx->arena, changes->n, struct mx_id);
    struct q_stock_lock_in in;

    for (size_t i = 0; i < changes->n; i++)
        ids[i] = MX_AT(*changes, const struct mx_stock_change, i)->variant_id;
    in.variants = mx_json_rows_ids(cx->arena, ids, changes->n, sizeof(*ids));
    MX_TRY(q_stock_lock(cx->db, &in, ret_rows));
    return ret_rows->n == changes->n ? MX_OK : MX_E_NOT_FOUND;
}

static enum mx_err too_low(struct mx_ctx *cx, const struct q_stock_lock_row *r, int64_t level)
{
    struct mx_params p;

    mx_params_init(&p, cx->arena);
    mx_params_str(&p, "sku", r->sku);
    mx_params_int(&p, "on_hand", r->on_hand);
    mx_params_int(&p, "reserved", r->reserved);
    cx->faults->params = mx_params_text(&p);
    return mx_fail(cx->faults, MX_E_CONFLICT,
                   "%.*s has %lld units on hand, of which %lld are reserved; the level cannot "
                   "become %lld.",
                   MX_FMT(r->sku), (long long)r->on_hand, (long long)r->reserved, (long long)level);
}

/* Units that `changes` adds to the locked row. */
static enum mx_err delta_of(struct mx_ctx *cx, const struct mx_list *changes,
                            const struct q_stock_lock_row *r, int64_t *ret_delta)
{
    int64_t level = r->on_hand;

    for (size_t i = 0; i < changes->n; i++) {
        const struct mx_stock_change *c = MX_AT(*changes, const struct mx_stock_change, i);

        if (!mx_id_eq(c->variant_id, r->variant_id))
            continue;
        MX_TRY(mx_version_check(cx, "The stock", c->if_match, r->version));
        level = c->set ? c->value : level + c->value;
    }
    if (level < r->reserved)
        return too_low(cx, r, level);
    if (level > MX_STOCK_MAX)
        return mx_fail(cx->faults, MX_E_VALIDATION_FAILED, "The stock of %.*s would be too large.",
                       MX_FMT(r->sku));
    *ret_delta = level - r->on_hand;
    return MX_OK;
}

enum mx_err mx_stock_change(struct mx_ctx *cx, const struct mx_list *changes, struct mx_str reason,
                            struct mx_list *ret_moved)
{
    struct mx_id cause = mx_id_new();
    struct mx_list rows, out;
    struct mx_json_rows json;
    struct mx_str moves;
    size_t n_moves = 0;

    MX_TRY(lock(cx, changes, &rows));
    out = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_stock_moved), rows.n);
    mx_json_rows_init(&json, cx->arena);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_stock_lock_row *r = MX_AT(rows, const struct q_stock_lock_row, i);
        int64_t delta = 0;

        MX_TRY(delta_of(cx, changes, r, &delta));
        *MX_AT(out, struct mx_stock_moved, i) =
            (struct mx_stock_moved){{r->variant_id, r->sku, r->on_hand + delta, r->reserved,
                                     r->on_hand + delta - r->reserved, r->version + (delta != 0)},
                                    r->on_hand};
        if (delta == 0)
            continue;
        n_moves++;
        mx_jsonw_open(&json.w);
        mx_json_rows_id(&json, "id", r->variant_id);
        mx_json_rows_int(&json, "delta", delta);
        mx_jsonw_close(&json.w);
    }
    *ret_moved = out;
    if (n_moves == 0)
        return MX_OK;
    moves = mx_json_rows_text(&json);
    MX_TRY(q_stock_adjust_moves(
        cx->db,
        &(struct q_stock_adjust_moves_in){moves, cause, reason, cx->actor.account, {cx->now_ms}},
        NULL));
    return q_stock_move(cx->db, &(struct q_stock_move_in){moves, {cx->now_ms}}, NULL);
}

static struct mx_str counters_json(struct mx_arena *a, int64_t on_hand, int64_t reserved,
                                   struct mx_str reason)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 4096);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "on_hand");
    mx_jsonw_int(&w, on_hand);
    mx_jsonw_name(&w, "reserved");
    mx_jsonw_int(&w, reserved);
    if (reason.p) {
        mx_jsonw_name(&w, "reason");
        mx_jsonw_str(&w, reason);
    }
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

enum mx_err mx_stock_adjust(struct mx_ctx *cx, const struct mx_stock_change *change,
                            struct mx_str reason, struct mx_stock *ret_stock)
{
    struct mx_stock_change copy = *change;
    const struct mx_list one = MX_LIST(&copy, 1);
    const struct mx_stock_moved *m;
    struct mx_audit row = {.action = "stock.adjust", .object_type = "variant"};
    struct mx_list moved;

    MX_TRY(mx_stock_change(cx, &one, reason, &moved));
    m = MX_AT(moved, const struct mx_stock_moved, 0);
    *ret_stock = m->now;
    if (m->now.on_hand == m->on_hand_before)
        return MX_OK;
    row.object = m->now.variant_id;
    row.before = counters_json(cx->arena, m->on_hand_before, m->now.reserved, (struct mx_str){0});
    row.after = counters_json(cx->arena, m->now.on_hand, m->now.reserved, reason);
    return mx_audit_write(cx, &row);
}
