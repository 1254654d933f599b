/* Metrics (base/metric.h) in the memory of a host, as text for Prometheus and OpenMetrics, and
 * those of the job runner, which is no child of the master: it leaves them in a file beside the
 * control socket. Nobody is asked for anything: what is read was written before. */
#ifndef MX_IO_METRICS_H
#define MX_IO_METRICS_H

#include "base/buf.h"
#include "base/metric.h"
#include "base/settings.h"

enum mx_metrics_format { MX_METRICS_TEXT, MX_METRICS_OPENMETRICS };
/* Media types by format. */
#define MX_METRICS_TEXT_MEDIA "text/plain; version=0.0.4; charset=utf-8"
#define MX_METRICS_OPENMETRICS_MEDIA "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Share memory with the processes that are forked from now on, and count there. */
void mx_metrics_map(void);

/* All metrics, those of the job runner as it left them, in `a`. */
uint64_t *mx_metrics_view(struct mx_arena *a, const struct mx_settings *conf);
/* Append a view as text. */
void mx_metrics_text(const uint64_t *view, enum mx_metrics_format format, struct mx_buf *out);
/* Append a table of all metrics (Markdown). */
void mx_metrics_table(struct mx_buf *out);

/* Job runner: leave its metrics for the others of the host. False with errno. */
bool mx_metrics_save(struct mx_arena *a, const struct mx_settings *conf);

#endif
