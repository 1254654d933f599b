/* THE route table: the tables of all nouns, NULL at the end. */
#ifndef MX_API_ROUTES_H
#define MX_API_ROUTES_H

#include "http/route.h"

extern const struct mx_route *const mx_routes[];

#endif
