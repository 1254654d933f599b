/* THE route table: the tables of all nouns, NULL at the end. */
#ifndef MX_API_ROUTES_H
#define MX_API_ROUTES_H

#include "base/settings.h"
#include "http/route.h"

extern const struct mx_route *const mx_routes[];

/* Write the OpenAPI document of the table, for a shop of these settings whose API is mounted at
 * `mount` ("/api"). */
void mx_api_openapi(struct mx_jsonw *w, const struct mx_settings *conf, struct mx_str mount);

#endif
