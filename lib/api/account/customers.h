/* Customers, for staff. */
#ifndef MX_API_ACCOUNT_CUSTOMERS_H
#define MX_API_ACCOUNT_CUSTOMERS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_customer, mx_shape_customer_query, mx_shape_customer_id,
    mx_shape_customer_patch;

/* Its routes. */
extern const struct mx_route mx_routes_customers[];

#endif
