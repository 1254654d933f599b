/* The status that a master reports: a table for people, JSON, and gauges of base/metric.h. Part of
 * the master: see io/prefork.h. */
#ifndef MX_IO_STATUS_H
#define MX_IO_STATUS_H

#include "base/buf.h"
#include "io/pools.h"

struct mx_status {
    const struct mx_workers *workers;
    struct mx_build build;
    const struct mx_pools_run *pools;
    int pid, generation;
    int64_t born_ns, started_ms; /* the same moment, monotonic and wall clock */
    const char *phase;           /* "starting", "serving", "reloading", "stopping" */
};

/* Append the table or the JSON object to `out`. */
void mx_status_text(const struct mx_status *st, struct mx_buf *out);
void mx_status_json(const struct mx_status *st, struct mx_buf *out);
/* Set the gauges that the master knows. */
void mx_status_publish(const struct mx_status *st);

#endif
