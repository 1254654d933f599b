/* The shapes that the routes of a table take and give: the named schemas of the OpenAPI document.
 */
#ifndef MX_HTTP_SHAPES_H
#define MX_HTTP_SHAPES_H

#include "http/route.h"

#define MX_SHAPES_MAX 4096
#define MX_SHAPE_DEPTH 12

/* Use of a shape: it is given; it is taken whole, by PATCH, or as changes by id. */
enum mx_way { MX_GIVEN, MX_TAKEN, MX_PATCHED, MX_CHANGED };

struct mx_shape_use {
    const struct mx_shape *shape;
    bool in, out; /* part of a request body; part of an answer */
    bool patched; /* what a PATCH takes: there is a component "<name>Patch", too */
    bool changed; /* changes by id: "<name>Change" */
    bool listed;  /* rows of a page: there is a component "<name>List", too */
};

struct mx_shapes {
    struct mx_shape_use at[MX_SHAPES_MAX];
    size_t n;
};

/* Collect every shape once, in order of first use. MX_BUG when two shapes share a name, one bears a
 * reserved name (Money, Problem), one holds itself, or there are too many. */
void mx_shapes_collect(mx_routes_ptr tables, struct mx_shapes *ret_shapes);

/* The entry of `shape`, or NULL. */
const struct mx_shape_use *mx_shapes_find(const struct mx_shapes *s, const struct mx_shape *shape);

#endif
