/* Failures of jobs, for staff, and the work that waits for them, for metrics. */
#ifndef MX_API_JOBS_H
#define MX_API_JOBS_H

#include "http/route.h"

/* Its routes. */
extern const struct mx_route mx_routes_jobs[];

/* Put what the jobs have to do into a view of metrics, or (NULL) into the gauges that this process
 * sets; nothing when the database does not tell. */
void mx_jobs_backlogs(struct mx_ctx *cx, uint64_t *view);

#endif
