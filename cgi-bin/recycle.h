/* When a worker has grown too large, and is to be replaced. */
#ifndef MX_CGI_RECYCLE_H
#define MX_CGI_RECYCLE_H

#include "base/prelude.h"

struct mx_recycle {
    int64_t max;     /* bytes; 0: it may grow */
    int64_t look_ms; /* monotonic; no look before */
};

/* For a worker that may own `max_mb`: it gets somewhat less, and looks at times of its own, so that
 * workers that grow alike do not go together. */
struct mx_recycle mx_recycle_new(int64_t max_mb);
/* Between requests, cheap: true once the memory that this process shares with none is too much;
 * *ret_own is then its size in bytes. */
bool mx_recycle_due(struct mx_recycle *r, int64_t *ret_own);

#endif
