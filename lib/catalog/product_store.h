/* Reads and writes the stored form of products, inside of the product module: shared by
 * product_*.c only. All run in the caller's transaction.
 */
#ifndef MX_CATALOG_PRODUCT_STORE_H
#define MX_CATALOG_PRODUCT_STORE_H

#include "catalog/product_draft.h"

/* The stored product as a model; the row is locked already. MX_E_NOT_FOUND. */
enum mx_err mx_product_draft_load(struct mx_ctx *cx, struct mx_id id,
                                  struct mx_product_draft *ret_draft) MX_MUST_CHECK;

/* Write new products (a list of checked struct mx_product_draft) with a fixed number of statements.
 * MX_E_DUPLICATE. *ret_rows counts the rows of all tables. */
enum mx_err mx_products_insert(struct mx_ctx *cx, const struct mx_list *models,
                               int64_t *ret_rows) MX_MUST_CHECK;

/* Write a checked model over the stored product. `sent` tells which parts changed; rows of others
 * stay untouched. MX_E_DUPLICATE. */
enum mx_err mx_product_replace(struct mx_ctx *cx, const struct mx_product_draft *m,
                               const struct mx_product_write *sent) MX_MUST_CHECK;

/* A row of the audit log about a product that is new (before is NULL) or changed. Of a change it
 * has the members, and of the variants those with the members, that are not the same before and
 * after; values for which there is no room are there as {bytes, sha256} of their JSON text. */
enum mx_err mx_product_audit(struct mx_ctx *cx, const char *action, const struct mx_product *before,
                             const struct mx_product *after) MX_MUST_CHECK;

#endif
