/* The parameter `fields` of every GET that answers with a shape: only the members it names are
 * kept. The answer is made whole and cut afterwards, so that no handler and no writer knows of it,
 * and a request without it pays nothing. */
#ifndef MX_HTTP_PICK_H
#define MX_HTTP_PICK_H

#include "http/route.h"

#define MX_PICK_MAX 1000 /* bytes of the parameter */
#define MX_PICK_DEPTH 8  /* names of one path, "a.b" has two */

/* The part of a value that is kept: of an object the members named here, of a list the same of each
 * entry, of anything else all of it. */
struct mx_pick {
    struct mx_str name; /* the member that this is */
    bool whole;         /* all of it is kept, whatever stands below */
    bool rest;          /* members that nobody names are kept, too */
    struct mx_pick *below, *next;
};

/* The parameter. */
extern const struct mx_shape mx_shape_pick_query;

/* True when the route takes it. */
bool mx_route_picks(const struct mx_route *r);

/* Read `fields` and take it out of the query. Its names are those of the answer's shape; where that
 * is a page, those of an entry of `data`, and what stands beside `data` stays. Members with names
 * of the caller's own (metadata, maps) can be gone into by any name. *ret_pick is NULL when
 * everything is kept. MX_E_VALIDATION_FAILED, with a fault of parameter "fields". */
enum mx_err mx_pick_read(struct mx_arena *a, const struct mx_route *r, struct mx_sources *src,
                         struct mx_faults *faults, const struct mx_pick **ret_pick) MX_MUST_CHECK;

/* Cut the JSON text in `out`, which is well-formed, down to what is kept. */
void mx_pick_apply(const struct mx_pick *pick, struct mx_buf *out);

#endif
