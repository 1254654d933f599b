#include "metrics.h"

#include "api/routes.h"
#include "base/metric.h"
#include "base/pool.h"
#include "cmd.h"
#include "io/metrics.h"
#include "io/score.h"
#include "jobs.h"
#include "shop/job.h"

#define ROUTES_MAX 512
#define TEXT_MAX ((size_t)256 << 10)

static const char *routes[ROUTES_MAX + 2];
static int n_routes;

static const char *const *pool_names(const struct mx_pools *pools)
{
    static const char *names[MX_POOLS_MAX + 1];

    for (int p = 0; p < pools->n; p++)
        names[p] = pools->at[p].name;
    return names;
}

void mx_metrics_begin(struct mx_arena *a, const struct mx_settings *conf)
{
    static char build[256];
    struct mx_build b = mx_build();
    struct mx_pools pools;

    n_routes = 0;
    MX_EACH_ROUTE(mx_routes, r) {
        MX_ASSERT(n_routes < ROUTES_MAX);
        routes[n_routes++] = r->id;
    }
    routes[n_routes] = "unknown";
    snprintf(build, sizeof build, "version=\"%s\",build=\"%s\",schema=\"%d\"", b.version, b.name,
             b.schema);
    mx_metric_info(build);
    mx_metric_values(MX_LABEL_ROUTE, routes);
    if (!mx_pools_make(a, conf, &pools))
        mx_metric_values(MX_LABEL_POOL, pool_names(&pools));
    mx_metric_values(MX_LABEL_JOB, mx_jobs_names());
    mx_metric_values(MX_LABEL_ROWS_JOB, mx_job_names);
}

int mx_metric_route(const char *id)
{
    int i = 0;

    while (i < n_routes && routes[i] != id)
        i++;
    return i;
}

int mx_cmd_metrics(struct mx_cmd *c)
{
    struct mx_buf out;

    mx_metrics_begin(c->arena, c->settings);
    mx_buf_init(&out, c->arena, TEXT_MAX);
    mx_metrics_table(&out);
    fwrite(out.p, 1, out.n, stdout);
    return 0;
}
