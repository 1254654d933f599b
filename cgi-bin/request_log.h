/* The lines of a request in the log. */
#ifndef MX_REQUEST_LOG_H
#define MX_REQUEST_LOG_H

#include "base/ctx.h"

/* A request that has been answered. */
struct mx_served {
    struct mx_str method;
    int status;
    enum mx_err result; /* that decided the status */
    bool delivered;     /* the peer took the whole answer */
    bool quiet;         /* only if it was slow */
    int64_t arrival_ms; /* nginx's clock when it had the request; 0 unknown */
    int64_t ns;         /* from the first byte that was read to the last that was written */
    int64_t bytes_in, bytes_out; /* of the bodies */
};

/* One line with what the request was and cost; never a value of it but its ids. One that took
 * longer than slow_request_ms gets a second line, a warning: how long it waited and for what, and
 * which statements it ran, the slowest first. */
void mx_request_log(const struct mx_ctx *cx, const struct mx_served *s);

#endif
