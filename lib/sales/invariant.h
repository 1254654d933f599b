/* Invariants of money and stock, checked all the time on a few rows: round after round through the
 * tables. */
#ifndef MX_SALES_INVARIANT_H
#define MX_SALES_INVARIANT_H

#include "base/ctx.h"

/* Check the next rows, at most `limit`, and tell metrics and log of those that break an invariant.
 * Nothing is mended. *ret_n: how many were looked at. */
enum mx_err mx_invariants_check(struct mx_ctx *cx, int64_t limit, int64_t *ret_n) MX_MUST_CHECK;

#endif
