/* THE route table. */
#ifndef MX_API_ROUTES_H
#define MX_API_ROUTES_H

#include "http/route.h"

extern const struct mx_route_table mx_routes;

#endif
