/* OpenAPI 3.1 of the route table. */
#ifndef MX_HTTP_OPENAPI_H
#define MX_HTTP_OPENAPI_H

#include "http/route.h"

/* Write the document; `server` is the mount ("/api"). Deterministic byte for byte. */
void mx_openapi_write(struct mx_jsonw *w, mx_routes_ptr tables, const char *title,
                      struct mx_str server);

#endif
