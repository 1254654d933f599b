/* One cart's lines and words into another: at sign-in, and when an unpaid order is given up. */
#include "io/db.h"
#include "q/cart.h"
#include "sales/cart.h"
#include "sales/cart_notice.h"
#include "shop/json_rows.h"

typedef struct q_cart_to_take_row line_t;

/* Lines that come along, and warnings for those that do not. */
struct taking {
    struct mx_arena *arena;
    struct mx_json_rows lines;
    size_t n;
    struct mx_list lost; /* struct mx_cart_warning */
};

static void lose(struct taking *t, const line_t *l, int64_t quantity, enum mx_cart_reason reason)
{
    *MX_AT(t->lost, struct mx_cart_warning, t->lost.n++) = (struct mx_cart_warning){
        .code = MX_CART_NOT_KEPT,
        .variant_id = l->variant_id,
        .title = mx_cart_title(t->arena, l->title, l->variant_title),
        .sku = l->sku,
        .quantity = quantity,
        .has_quantity = true,
        .reason = (int)reason,
    };
}

static void keep(struct taking *t, const line_t *l, int64_t quantity)
{
    t->n++;
    mx_jsonw_open(&t->lines.w);
    mx_json_rows_id(&t->lines, "id", l->id);
    mx_json_rows_id(&t->lines, "new_id", mx_id_new());
    mx_json_rows_int(&t->lines, "quantity", quantity);
    mx_jsonw_close(&t->lines.w);
}

/* `*lines`: that the other cart has by now. */
static void decide(struct taking *t, const line_t *l, int64_t *lines)
{
    int64_t room = MX_CART_QUANTITY_MAX - l->there;
    int64_t taken = l->quantity < room ? l->quantity : room;

    if (l->same_currency == 0) {
        lose(t, l, l->quantity, MX_CART_CURRENCY);
        return;
    }
    if (l->there == 0 && *lines == MX_CART_LINES_MAX) {
        lose(t, l, l->quantity, MX_CART_LINE_LIMIT);
        return;
    }
    *lines += l->there == 0;
    if (taken > 0)
        keep(t, l, taken);
    if (taken < l->quantity)
        lose(t, l, l->quantity - taken, MX_CART_QUANTITY_LIMIT);
}

/* Behind the notices that the account's cart has. */
static enum mx_err tell(struct mx_ctx *cx, struct mx_id account, struct mx_list lost)
{
    struct mx_list rows, all = {0};
    struct q_cart_notices_in in = {account};
    struct q_cart_notice_in out = {.account = account};
    struct mx_cart_warning *at;

    if (lost.n == 0)
        return MX_OK;
    MX_TRY(q_cart_notices(cx->db, &in, &rows));
    if (rows.n > 0 && MX_AT(rows, struct q_cart_notices_row, 0)->notices.p != NULL)
        mx_cart_notices_read(cx->arena, MX_AT(rows, struct q_cart_notices_row, 0)->notices, &all);
    at = MX_NEW_N(cx->arena, all.n + lost.n, struct mx_cart_warning);
    if (all.n > 0)
        memcpy(at, all.at, all.n * sizeof(*at));
    memcpy(at + all.n, lost.at, lost.n * sizeof(*at));
    out.notices = mx_cart_notices_text(cx->arena, MX_LIST(at, all.n + lost.n));
    return q_cart_notice(cx->db, &out, NULL);
}

static enum mx_err take_lines(struct mx_ctx *cx, struct mx_id source, struct mx_id account)
{
    struct taking t = {.arena = cx->arena};
    struct q_cart_take_items_in in = {.source = source, .account = account, .now = {cx->now_ms}};
    struct mx_list rows;
    int64_t lines;

    MX_TRY(q_cart_to_take(cx->db, &(struct q_cart_to_take_in){source, account}, &rows));
    if (rows.n == 0)
        return MX_OK;
    lines = MX_AT(rows, line_t, 0)->lines;
    mx_json_rows_init(&t.lines, cx->arena);
    t.lost = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_cart_warning), t.lost.n);
    for (size_t i = 0; i < rows.n; i++)
        decide(&t, MX_AT(rows, line_t, i), &lines);
    in.lines = mx_json_rows_text(&t.lines);
    if (t.n > 0)
        MX_TRY(q_cart_take_items(cx->db, &in, NULL));
    return tell(cx, account, t.lost);
}

enum mx_err mx_cart_take(struct mx_ctx *cx, struct mx_id cart, struct mx_id account)
{
    MX_TRY(mx_cart_touch(cx, account));
    MX_TRY(q_cart_take_words(cx->db, &(struct q_cart_take_words_in){cart, account}, NULL));
    return take_lines(cx, cart, account);
}

enum mx_err mx_cart_merge(struct mx_ctx *cx, struct mx_id guest, struct mx_id to)
{
    struct mx_list held;

    MX_TRY(q_cart_hold(cx->db, &(struct q_cart_hold_in){guest}, &held));
    if (held.n > 0) {
        MX_TRY(mx_cart_take(cx, MX_AT(held, struct q_cart_hold_row, 0)->id, to));
        MX_TRY(q_cart_close(cx->db, &(struct q_cart_close_in){guest, {cx->now_ms}}, NULL));
    }
    return q_cart_move(cx->db, &(struct q_cart_move_in){guest, to}, NULL);
}
