/* The values of the labels that are tables of the program: routes, pools, jobs. */
#ifndef MX_METRICS_H
#define MX_METRICS_H

#include "base/settings.h"
#include "base/str.h"

/* Tell them to base/metric.h. Once, before anything is counted; names of pools stay in `a`. */
void mx_metrics_begin(struct mx_arena *a, const struct mx_settings *conf);
/* Number of the route of that id (the text of its row); of NULL and of others that of "unknown". */
int mx_metric_route(const char *id);

#endif
