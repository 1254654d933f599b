/* /v1/countries: what an address form needs to know. */
#ifndef MX_API_ACCOUNT_COUNTRIES_H
#define MX_API_ACCOUNT_COUNTRIES_H

#include "http/route.h"

extern const struct mx_shape mx_shape_country, mx_shape_countries;

/* Its routes. */
extern const struct mx_route mx_routes_countries[];

#endif
