/* Stock: counters of what is on hand and what is promised to orders. Every change has its row in
 * the ledger (stock_move) in the same transaction; nothing goes below what is promised. Rows are
 * locked in the order of the variants' ids. */
#ifndef MX_CATALOG_STOCK_H
#define MX_CATALOG_STOCK_H

#include "base/ctx.h"
#include "base/list.h"

#define MX_STOCK_MAX INT64_C(1000000000) /* units of one variant */

/* Stock as the public sees it: enum of names in mx_stock_hint_names. */
enum mx_stock_hint { MX_STOCK_IN, MX_STOCK_LOW, MX_STOCK_OUT };
extern const char *const mx_stock_hint_names[];

/* None, few (at most five) or more units are available. */
enum mx_stock_hint mx_stock_hint(int64_t available);

struct mx_stock {
    struct mx_id variant_id;
    struct mx_str sku;
    int64_t on_hand, reserved, available;
    int64_t version;
};

struct mx_stock_query {
    struct mx_id variant_id; /* none: any */
    struct mx_str sku;       /* absent: any */
    struct mx_id after;      /* none: from the start */
    int64_t limit;
};

/* Counters by variant id. Reads only. */
enum mx_err mx_stock_list(struct mx_ctx *cx, const struct mx_stock_query *q,
                          struct mx_list *ret_stock) MX_MUST_CHECK;

/* The rest runs in the caller's transaction. */

/* One variant's new level. */
struct mx_stock_change {
    struct mx_id variant_id;
    bool set; /* value is the new level on hand; otherwise it is added */
    int64_t value;
    struct mx_str if_match; /* version of the counter that is changed; absent or "*": any */
};

/* First counters and ledger rows of new variants; changes with `set`. */
enum mx_err mx_stock_open(struct mx_ctx *cx, const struct mx_list *changes) MX_MUST_CHECK;

/* Stock of a variant after a change. */
struct mx_stock_moved {
    struct mx_stock now;
    int64_t on_hand_before;
};

/* Change counters, one ledger row each (struct mx_stock_change, no variant twice); a level that
 * stays the same is not written. MX_E_NOT_FOUND for an unknown variant, MX_E_VERSION_CONFLICT,
 * MX_E_CONFLICT below what is promised, MX_E_VALIDATION_FAILED beyond MX_STOCK_MAX. *ret_moved:
 * struct mx_stock_moved by variant id. */
enum mx_err mx_stock_change(struct mx_ctx *cx, const struct mx_list *changes, struct mx_str reason,
                            struct mx_list *ret_moved) MX_MUST_CHECK;

/* One change by staff, with its row in the audit log unless the level stays the same. */
enum mx_err mx_stock_adjust(struct mx_ctx *cx, const struct mx_stock_change *change,
                            struct mx_str reason, struct mx_stock *ret_stock) MX_MUST_CHECK;

#endif
