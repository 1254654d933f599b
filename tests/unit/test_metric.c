#include "base/metric.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/metrics.h"
#include "io/scrape.h"
#include "tap.h"

#define EACH 20000

static const char *const pools[] = {"fast", "slow", NULL};
static const char *const routes[] = {"cart.get", "unknown", NULL};
static const char *const job_names[] = {"mail", NULL};
static struct mx_settings conf;

static bool has(struct mx_str text, const char *line)
{
    return memmem(text.p, text.n, line, strlen(line)) != NULL;
}

static struct mx_str shown(struct mx_arena *a, enum mx_metrics_format format)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 1u << 20);
    mx_metrics_text(mx_metrics_view(a, &conf), format, &out);
    return mx_buf_view(&out);
}

static void test_nowhere(struct mx_arena *a)
{
    mx_metric_add(MX_M_REQUESTS, 0, MX_CLASS_2XX, 1);
    mx_metric_observe(MX_M_REQUEST_WAIT, 0, 0, 1);
    mx_metric_set(MX_M_GENERATION, 0, 0, 1);
    tap_ok(has(shown(a, MX_METRICS_TEXT), "merx_requests_total{pool=\"fast\",class=\"2xx\"} 0\n"),
           "without memory nothing is counted");
    mx_metrics_map();
}

static void test_counters(struct mx_arena *a)
{
    struct mx_str text;

    mx_metric_add(MX_M_REQUESTS, 1, MX_CLASS_5XX, 3);
    mx_metric_add(MX_M_REQUESTS, 2, MX_CLASS_5XX, 1);
    mx_metric_add(MX_M_REQUESTS, 0, 9, 1);
    mx_metric_add(MX_M_REQUESTS, -1, 0, 1);
    mx_metric_add(MX_M_BUSY, 0, 0, 1500000000);
    text = shown(a, MX_METRICS_TEXT);
    tap_ok(has(text, "merx_requests_total{pool=\"slow\",class=\"5xx\"} 3\n"), "by two labels");
    tap_ok(has(text, "merx_requests_total{pool=\"fast\",class=\"2xx\"} 0\n"), "from nothing on");
    tap_ok(has(text, "# TYPE merx_requests_total counter\n"), "of a type");
    tap_ok(has(text, "merx_busy_seconds_total{pool=\"fast\"} 1.500000000\n"), "seconds");
}

static void test_gauges(struct mx_arena *a)
{
    tap_ok(!has(shown(a, MX_METRICS_TEXT), "\nmerx_queue_depth{"), "not known");
    mx_metric_set(MX_M_QUEUE_DEPTH, 0, 0, 0);
    mx_metric_set(MX_M_QUEUE_DEPTH, 1, 0, 7);
    tap_ok(has(shown(a, MX_METRICS_TEXT), "merx_queue_depth{pool=\"fast\"} 0\nmerx_queue_depth{"
                                          "pool=\"slow\"} 7\n"),
           "known");
    mx_metric_set(MX_M_QUEUE_DEPTH, 1, 0, -1);
    tap_ok(!has(shown(a, MX_METRICS_TEXT), "merx_queue_depth{pool=\"slow\"}"), "known no more");
}

static void test_histograms(struct mx_arena *a)
{
    struct mx_str text = shown(a, MX_METRICS_TEXT);

    tap_ok(!has(text, "route=\"cart.get\""), "a route that nobody called");
    mx_metric_observe(MX_M_REQUEST_TIME, 0, MX_CLASS_2XX, -5);
    mx_metric_observe(MX_M_REQUEST_TIME, 0, MX_CLASS_2XX, 500000);
    mx_metric_observe(MX_M_REQUEST_TIME, 0, MX_CLASS_2XX, 500001);
    mx_metric_observe(MX_M_REQUEST_TIME, 0, MX_CLASS_2XX, INT64_C(11000000000));
    text = shown(a, MX_METRICS_TEXT);
#define SERIES "{route=\"cart.get\",class=\"2xx\""
    tap_ok(has(text, "merx_request_duration_seconds_bucket" SERIES ",le=\"0.0005\"} 2\n"),
           "bounds belong to their bucket");
    tap_ok(has(text, "_bucket" SERIES ",le=\"0.001\"} 3\n"), "the next one");
    tap_ok(has(text, "_bucket" SERIES ",le=\"10.0\"} 3\n"), "to the last");
    tap_ok(has(text, "_bucket" SERIES ",le=\"+Inf\"} 4\n"), "and beyond");
    tap_ok(has(text, "_sum" SERIES "} 11.001000001\n"), "sum");
    tap_ok(has(text, "_count" SERIES "} 4\n"), "count");
#undef SERIES
}

static void test_openmetrics(struct mx_arena *a)
{
    struct mx_str text = shown(a, MX_METRICS_OPENMETRICS);

    mx_metric_info("version=\"1\"");
    tap_ok(has(text, "# TYPE merx_requests counter\nmerx_requests_total{"), "family and sample");
    tap_ok(has(text, "# UNIT merx_response_bytes bytes\n"), "unit");
    tap_ok(has(text, "# TYPE merx_build info\nmerx_build_info{"), "info");
    tap_ok(mx_str_ends(text, MX_S("\n# EOF\n")), "end");
}

/* Processes that count at the same time, of which one is killed: nothing is lost, and it stays. */
static void test_processes(struct mx_arena *a)
{
    pid_t pids[4];
    uint64_t *view;

    for (int p = 0; p < 4; p++) {
        pids[p] = fork();
        if (pids[p] != 0)
            continue;
        mx_metrics_spread(p / 2);
        for (int i = 0; i < EACH; i++)
            mx_metric_add(MX_M_SHED, MX_SHED_AGE, 0, 1);
        if (p == 3)
            raise(SIGKILL);
        _exit(0);
    }
    for (int p = 0; p < 4; p++)
        waitpid(pids[p], NULL, 0);
    view = mx_metrics_view(a, &conf);
    tap_int((int64_t)mx_metric_counted(view, MX_M_SHED, MX_SHED_AGE, 0), INT64_C(4) * EACH,
            "all of it");
}

static void test_job_runner(struct mx_arena *a)
{
    char dir[] = "/tmp/test_metric.XXXXXX";
    uint64_t *view;

    tap_ok(mkdtemp(dir) != NULL, "a directory");
    conf.control = mx_arena_printf(a, "%s/control.sock", dir);
    if (fork() == 0) {
        mx_metrics_map();
        mx_metric_add(MX_M_JOB_RUNS, 0, MX_RESULT_FAILED, 5);
        mx_metric_add(MX_M_SHED, MX_SHED_HASHING, 0, 9);
        mx_metric_set(MX_M_JOB_LAG, 0, 0, 2000000000);
        _exit(mx_metrics_save(a, &conf) ? 0 : 1);
    }
    wait(NULL);
    view = mx_metrics_view(a, &conf);
    tap_int((int64_t)mx_metric_counted(view, MX_M_JOB_RUNS, 0, MX_RESULT_FAILED), 5, "its runs");
    tap_int((int64_t)mx_metric_counted(view, MX_M_SHED, MX_SHED_HASHING, 0), 0, "not the rest");
    tap_ok(has(shown(a, MX_METRICS_TEXT), "merx_job_lag_seconds{job_name=\"mail\"} 2.000000000\n"),
           "its gauges");
    tap_int(truncate(mx_arena_printf(a, "%s/jobs.metrics", dir), 40), 0, "cut off");
    view = mx_metrics_view(a, &conf);
    tap_int((int64_t)mx_metric_counted(view, MX_M_JOB_RUNS, 0, MX_RESULT_FAILED), 0, "left alone");
    unlink(mx_arena_printf(a, "%s/jobs.metrics", dir));
    rmdir(dir);
    tap_ok(!mx_metrics_save(a, &conf), "no directory");
}

static struct mx_str scraped(struct mx_arena *a, const char *head)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 1u << 20);
    mx_scrape_answer(mx_str_c(head), &conf, &out);
    return mx_buf_view(&out);
}

static void test_scrape(struct mx_arena *a)
{
    struct mx_str plain = scraped(a, "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/plain");

    tap_ok(mx_str_starts(plain, MX_S("HTTP/1.1 200 ")) && has(plain, "version=0.0.4"), "text");
    tap_ok(has(scraped(a, "GET /metrics HTTP/1.1\r\naccept: x/y,application/openmetrics-text;q=1"),
               "\n# EOF\n"),
           "OpenMetrics");
    tap_ok(
        has(scraped(a, "GET /metrics HTTP/1.1\r\nX-Accept: application/openmetrics-text"), "0.0.4"),
        "asked for in no other field");
    tap_ok(mx_str_ends(scraped(a, "HEAD /metrics HTTP/1.1"), MX_S("\r\n\r\n")), "HEAD");
    tap_ok(has(scraped(a, "PUT /metrics HTTP/1.1"), " 405 "), "no other method");
    tap_ok(has(scraped(a, "GET /metricsx HTTP/1.1"), " 404 "), "no other path");
    tap_ok(has(scraped(a, "GET /metrics"), " 400 "), "no HTTP");
    tap_ok(has(scraped(a, ""), " 400 "), "nothing");
}

int main(void)
{
    struct mx_arena *a = mx_arena_new(4096, (size_t)64 << 20);

    conf.control = "/nonexistent/control.sock";
    mx_metric_values(MX_LABEL_POOL, pools);
    mx_metric_values(MX_LABEL_ROUTE, routes);
    mx_metric_values(MX_LABEL_JOB, job_names);
    mx_metric_values(MX_LABEL_ROWS_JOB, job_names);
    test_nowhere(a);
    test_counters(a);
    test_gauges(a);
    test_histograms(a);
    test_openmetrics(a);
    test_processes(a);
    test_job_runner(a);
    test_scrape(a);
    mx_arena_free(a);
    return tap_done();
}
