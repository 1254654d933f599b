#include "catalog/product_sold.h"

#include "io/db.h"
#include "q/product.h"
#include "shop/json_rows.h"

enum mx_err mx_product_count_sold(struct mx_ctx *cx, struct mx_list sold)
{
    struct q_product_count_sold_in in;
    struct mx_json_rows json;

    mx_json_rows_init(&json, cx->arena);
    for (size_t i = 0; i < sold.n; i++) {
        const struct mx_product_sold *p = MX_AT(sold, struct mx_product_sold, i);

        mx_jsonw_open(&json.w);
        mx_json_rows_id(&json, "id", p->product);
        mx_json_rows_int(&json, "units", p->units);
        mx_jsonw_close(&json.w);
    }
    in.products = mx_json_rows_text(&json);
    return q_product_count_sold(cx->db, &in, NULL);
}
