/* The values of the labels that are tables of the program: routes, pools, jobs. */
#ifndef MX_METRICS_H
#define MX_METRICS_H

/* Tell them to base/metric.h. Once, before anything is counted. */
void mx_metrics_begin(void);
/* Number of the route of that id (the text of its row); of NULL and of others that of "unknown". */
int mx_metric_route(const char *id);

#endif
