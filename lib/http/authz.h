/* Permission names and the set that a caller needs. Rows: X(NAME, bit, "wire name"). */
#ifndef MX_HTTP_AUTHZ_H
#define MX_HTTP_AUTHZ_H

#include "base/ctx.h"

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

enum mx_permission {
#define MX_PERM_ENUM(name, bit, wire) MX_PERM_##name = 1 << (bit),
    MX_PERMISSIONS(MX_PERM_ENUM)
#undef MX_PERM_ENUM
};

/* Who may call a route. */
enum mx_who {
    MX_WHO_UNSET = 0, /* start-up refuses the table */
    MX_WHO_PUBLIC,    /* the answer does not depend on the caller: a token is not looked at */
    MX_WHO_ANYONE,    /* no token needed; a valid one is read, a bad one is refused */
    MX_WHO_TOKEN,     /* guest or customer or staff */
    MX_WHO_STAFF      /* staff who hold the route's permission, read from the database */
};

/* Wire name of the permission bit number `bit`, or NULL. */
const char *mx_permission_name(int bit);
bool mx_permission_parse(struct mx_str s, uint64_t *ret_bit);

#endif
