/* OpenAPI 3.1 of the route table. */
#ifndef MX_HTTP_OPENAPI_H
#define MX_HTTP_OPENAPI_H

#include "http/route.h"

/* Subject of the operations of one tag, which is the part of their ids before the first dot. */
struct mx_openapi_tag {
    const char *name, *doc;
};

/* Parts of the document that do not come from the route table. */
struct mx_openapi_about {
    const char *title, *url; /* of the shop */
    struct mx_str server;    /* the mount, "/api" */
    /* JSON text of an example of an operation: kind "request" or a status such as "200"; NULL:
     * there is none. May itself be NULL. */
    const char *(*example)(const char *operation, const char *kind);
    const struct mx_openapi_tag *tags; /* end with a row without a name; NULL: none is described */
};

/* Write the document. Deterministic byte for byte. */
void mx_openapi_write(struct mx_jsonw *w, mx_routes_ptr tables,
                      const struct mx_openapi_about *about);

#endif
