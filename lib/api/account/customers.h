/* Customers, for staff. */
#ifndef MX_API_ACCOUNT_CUSTOMERS_H
#define MX_API_ACCOUNT_CUSTOMERS_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_customers[];

#endif
