/* Place of a request in a trace that goes through several services (W3C Trace Context, level 1):
 * the id that they share, and the span that is this request. */
#ifndef MX_BASE_TRACE_H
#define MX_BASE_TRACE_H

#include "base/str.h"

/* `traceparent` and its parts: version-trace-span-flags, all of lower-case hex digits. */
#define MX_TRACE_ID 32
#define MX_SPAN_ID 16

struct mx_trace {
    struct mx_str id;     /* MX_TRACE_ID digits */
    struct mx_str parent; /* the caller's span, MX_SPAN_ID digits; absent: the trace begins here */
    struct mx_str span;   /* ours */
    bool sampled;         /* the caller may have recorded its part */
};

/* Go on with the trace that the header `traceparent` names, which is borrowed, or begin one when it
 * is absent. One that is malformed in any part counts as absent (3.2.2.3): digits that are no
 * lower-case hex, ids of zeros, version ff, anything behind the flags of version 00. Later
 * versions may have more behind them. */
void mx_trace_begin(struct mx_arena *a, struct mx_str traceparent, struct mx_trace *ret_trace);

/* The header `traceparent` for whoever is told of our span, in `a`. */
struct mx_str mx_trace_parent(struct mx_arena *a, const struct mx_trace *t);

#endif
