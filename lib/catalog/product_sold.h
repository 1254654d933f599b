/* How often products were sold: what the catalog's best_selling sorts by. */
#ifndef MX_CATALOG_PRODUCT_SOLD_H
#define MX_CATALOG_PRODUCT_SOLD_H

#include "base/ctx.h"
#include "base/list.h"

struct mx_product_sold {
    struct mx_id product;
    int64_t units; /* negative: they are not sold after all */
};

/* Count what was sold (struct mx_product_sold, by the ids of the products), in the present
 * transaction. */
enum mx_err mx_product_count_sold(struct mx_ctx *cx, struct mx_list sold) MX_MUST_CHECK;

#endif
