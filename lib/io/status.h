/* The status that a master reports: a table for people, JSON, and Prometheus text. Part of the
 * master: see io/prefork.h. */
#ifndef MX_IO_STATUS_H
#define MX_IO_STATUS_H

#include "base/buf.h"
#include "io/workers.h"

struct mx_status {
    const struct mx_workers *workers;
    struct mx_build build;
    int pid, generation;
    int64_t born_ns;
    const char *phase; /* "starting", "serving", "reloading", "stopping" */
    int want[MX_POOLS];
    bool scaled[MX_POOLS]; /* want[] was set by a command, not by the settings */
};

/* Append the table, the JSON object or the metrics to `out`. */
void mx_status_text(const struct mx_status *st, struct mx_buf *out);
void mx_status_json(const struct mx_status *st, struct mx_buf *out);
void mx_status_metrics(const struct mx_status *st, struct mx_buf *out);

#endif
