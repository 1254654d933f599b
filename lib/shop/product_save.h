/* Reads and writes the stored form of a product, inside of the product module: shared by
 * product_save.c and product_write.c only. All run in the caller's transaction. */
#ifndef MX_SHOP_PRODUCT_SAVE_H
#define MX_SHOP_PRODUCT_SAVE_H

#include "shop/product_model.h"

/* The stored product as a model; the row is locked already. MX_E_NOT_FOUND. */
enum mx_err mx_product_model(struct mx_ctx *cx, struct mx_id id,
                             struct mx_model *ret_model) MX_MUST_CHECK;

/* Write all rows of a checked model; `is_new` when there are none yet. `parts` tells what was sent:
 * rows of other parts stay untouched. */
enum mx_err mx_product_save(struct mx_ctx *cx, const struct mx_model *m,
                            const struct mx_product_write *parts, bool is_new) MX_MUST_CHECK;

#endif
