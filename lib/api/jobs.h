/* Failures of jobs, for staff, and the work that waits for them, for metrics. */
#ifndef MX_API_JOBS_H
#define MX_API_JOBS_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_jobs[];

/* Append what the jobs have to do, as Prometheus text; nothing when the database does not tell. */
void mx_jobs_metrics(struct mx_ctx *cx, struct mx_buf *out);

#endif
