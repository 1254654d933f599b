/* Which requests a worker answers unrun when more come than it can serve. In overload a queue only
 * makes all of them late: whoever has waited for longer than a request should is told at once to
 * come back, and the others are served in time. A function of what was measured, without clock. */
#ifndef MX_IO_SHED_H
#define MX_IO_SHED_H

#include "base/prelude.h"

/* Zero is a good start. */
struct mx_shed {
    bool on;
    int64_t took_ns; /* what a request takes, the last ones counting most; 0 none yet */
    /* Of the window that is under way: */
    int64_t since_ns, busy_ns, least_wait_ns;
    int n, refused;
    int64_t calm_ns; /* windows in a row in which the worker had time to spare */
};

/* A request begins that has waited for `waited_ns`. True: refuse it. `others`: another worker of
 * the pool is in overload; then those who were refused there must not wait here instead. */
bool mx_shed_refuses(struct mx_shed *s, int64_t now_ns, int64_t waited_ns, bool others);
/* It is done, after `took_ns`; `usual`: that is what a request takes, for it was neither refused
 * nor a health check. */
void mx_shed_done(struct mx_shed *s, int64_t took_ns, bool usual);

#endif
