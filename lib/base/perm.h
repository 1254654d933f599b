/* THE permissions table. A row is a bit of a role's set and its name on the wire:
 * X(NAME, bit, "wire name"). Bits are stored: a row never changes its own. */
#ifndef MX_BASE_PERM_H
#define MX_BASE_PERM_H

#include "base/list.h"
#include "base/str.h"

#define MX_PERMISSIONS(X)                      \
    X(CATALOG_READ, 0, "catalog.read")         \
    X(CATALOG_WRITE, 1, "catalog.write")       \
    X(STOCK_WRITE, 2, "stock.write")           \
    X(ORDERS_READ, 3, "orders.read")           \
    X(ORDERS_WRITE, 4, "orders.write")         \
    X(REFUNDS_WRITE, 5, "refunds.write")       \
    X(CUSTOMERS_READ, 6, "customers.read")     \
    X(CUSTOMERS_WRITE, 7, "customers.write")   \
    X(PROMOTIONS_WRITE, 8, "promotions.write") \
    X(SETTINGS_WRITE, 9, "settings.write")     \
    X(STAFF_MANAGE, 10, "staff.manage")        \
    X(WEBHOOKS_MANAGE, 11, "webhooks.manage")  \
    X(REPORTS_READ, 12, "reports.read")        \
    X(AUDIT_READ, 13, "audit.read")

enum mx_permission_bit {
#define MX_PERM_ENUM(name, bit, wire) MX_PERM_BIT_##name = (bit),
    MX_PERMISSIONS(MX_PERM_ENUM)
#undef MX_PERM_ENUM
};

/* The set, 64 bits wide, of one permission: MX_PERM(CATALOG_READ); and of all that there are. */
#define MX_PERM(name) (UINT64_C(1) << MX_PERM_BIT_##name)
#define MX_PERM_OR(name, bit, wire) | UINT64_C(1) << (bit)
#define MX_PERMISSIONS_ALL (UINT64_C(0) MX_PERMISSIONS(MX_PERM_OR))

/* Wire name of the permission bit number `bit`, or NULL. */
const char *mx_permission_name(int bit);
/* The bit of a wire name; false when there is none of that name. */
bool mx_permission_parse(struct mx_str s, uint64_t *ret_bit);
/* Wire names (struct mx_str) of the bits of a set, in the order of the table. */
struct mx_list mx_permission_names(struct mx_arena *a, uint64_t set);

#endif
