/* How many workers a pool should have: a function of what was measured, without clock and without
 * processes. Up by doubling as soon as the workers that are there are saturated; down one by one
 * after a time in which fewer would have done. */
#ifndef MX_IO_SCALING_H
#define MX_IO_SCALING_H

#include "base/prelude.h"
#include "base/settings.h"

/* A pool as it is found at a moment. Sums grow from the start of the master on. */
struct mx_load {
    int64_t now_ns;    /* monotonic */
    int ready;         /* workers that serve */
    int64_t busy_ns;   /* sum: time that workers spent on requests, those in hand included */
    uint64_t taken;    /* sum: requests begun */
    int64_t waited_ns; /* sum: their waiting from nginx's stamp of arrival on */
    int queued;        /* connections that nobody has accepted */
};

#define MX_SCALING_SAMPLES 8

/* Zero is a good start. */
struct mx_scaling {
    struct mx_load at[MX_SCALING_SAMPLES]; /* the last samples, oldest first */
    int n;
    int64_t enough_ns; /* since then fewer workers would do; 0 they would not */
};

/* The workers that the pool should have from now on, within `range`, when it is meant to have
 * `want`; `quiet_ns`: how long fewer must do before one goes. Called at each look at the pool;
 * looks that follow each other too soon change nothing. */
int mx_scaling_want(struct mx_scaling *s, struct mx_range range, int want,
                    const struct mx_load *load, int64_t quiet_ns);
/* Mean number of workers that were busy over the last samples, in hundredths. */
int mx_scaling_used(const struct mx_scaling *s);

#endif
