/* /v1/countries: what an address form needs to know. */
#ifndef MX_API_ACCOUNT_COUNTRIES_H
#define MX_API_ACCOUNT_COUNTRIES_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_countries[];

#endif
