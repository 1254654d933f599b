#include "sales/order_sold.h"

#include "catalog/product_sold.h"
#include "io/db.h"
#include "q/order.h"
#include "shop/json_rows.h"

typedef struct q_order_sold_row row_t;

/* Count what is in the orders `times` times. */
static enum mx_err count(struct mx_ctx *cx, const struct mx_id *orders, size_t n, int64_t times)
{
    struct q_order_sold_in in = {mx_json_rows_ids(cx->arena, orders, n, sizeof(*orders))};
    struct mx_product_sold *sold;
    struct mx_list rows;

    MX_TRY(q_order_sold(cx->db, &in, &rows));
    sold = MX_NEW_N(cx->arena, rows.n, struct mx_product_sold);
    for (size_t i = 0; i < rows.n; i++) {
        const row_t *r = MX_AT(rows, row_t, i);

        sold[i] = (struct mx_product_sold){r->product_id, times * r->units};
    }
    return rows.n == 0 ? MX_OK : mx_product_count_sold(cx, MX_LIST(sold, rows.n));
}

enum mx_err mx_order_sold(struct mx_ctx *cx, const struct mx_id *orders, size_t n)
{
    return count(cx, orders, n, 1);
}

enum mx_err mx_order_unsold(struct mx_ctx *cx, const struct mx_id *orders, size_t n)
{
    return count(cx, orders, n, -1);
}
