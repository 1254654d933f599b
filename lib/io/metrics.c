#include "io/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/region.h"
#include "io/seqlock.h"

#define NS_PER_S UINT64_C(1000000000)
#define FILE_NAME "jobs.metrics"

static const char *const kinds[] = {"counter", "gauge", "histogram", "info"};

void mx_metrics_map(void)
{
    mx_metrics_use(mx_region_map(NULL, mx_metrics_size()));
}

/* ---- what the job runner leaves ---- */

/* The file is this and the words of a span. */
struct head {
    uint64_t fingerprint; /* of names and labels: another release may mean something else */
    uint64_t n;           /* words */
};

static uint64_t mix(uint64_t h, const char *text)
{
    return mx_str_siphash((const uint64_t[2]){h, 1}, mx_str_c(text));
}

static uint64_t fingerprint(void)
{
    const char *value;
    uint64_t h = 0;

    for (int m = MX_M_JOB_RUNS; m < MX_METRIC_COUNT; m++) {
        h = mix(h, mx_metrics[m].name);
        for (int l = 0; l < 2; l++)
            for (int i = 0; (value = mx_metric_value(mx_metrics[m].labels[l], i)) != NULL; i++)
                h = mix(h, value);
    }
    return h;
}

/* In the directory of the control socket. */
static char *file_of(struct mx_arena *a, const struct mx_settings *conf)
{
    const char *slash = strrchr(conf->control, '/');
    int n = slash ? (int)(slash - conf->control) + 1 : 0;

    return mx_arena_printf(a, "%.*s" FILE_NAME, n, conf->control);
}

static bool write_all(int fd, const void *p, size_t n)
{
    ssize_t done = write(fd, p, n);

    if (done >= 0 && (size_t)done < n)
        errno = ENOSPC;
    return done == (ssize_t)n;
}

bool mx_metrics_save(struct mx_arena *a, const struct mx_settings *conf)
{
    struct mx_metric_span span = mx_metrics_of_jobs();
    struct head head = {fingerprint(), span.n};
    const char *path = file_of(a, conf), *fresh = mx_arena_printf(a, "%s.new", path);
    uint64_t *view = mx_arena_zalloc(a, mx_metrics_words(), sizeof *view);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok;

    if (fd < 0)
        return false;
    mx_metrics_read(view);
    ok = write_all(fd, &head, sizeof head) && write_all(fd, view + span.at, span.n * sizeof *view);
    ok = close(fd) == 0 && ok;
    return ok && rename(fresh, path) == 0;
}

/* Put into the view what the job runner left, if there is anything that we understand. */
static void load(struct mx_arena *a, const struct mx_settings *conf, uint64_t *view)
{
    struct mx_metric_span span = mx_metrics_of_jobs();
    size_t size = span.n * sizeof *view;
    uint64_t *words = mx_arena_zalloc(a, span.n, sizeof *view);
    struct head head;
    int fd = open(file_of(a, conf), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return;
    if (read(fd, &head, sizeof head) == (ssize_t)sizeof head && head.fingerprint == fingerprint() &&
        head.n == span.n && read(fd, words, size) == (ssize_t)size)
        memcpy(view + span.at, words, size);
    close(fd);
}

uint64_t *mx_metrics_view(struct mx_arena *a, const struct mx_settings *conf)
{
    uint64_t *view = mx_arena_zalloc(a, mx_metrics_words(), sizeof *view);

    mx_metrics_read(view);
    load(a, conf, view);
    return view;
}

/* ---- text ---- */

/* One series that is printed. */
struct series {
    const uint64_t *view;
    enum mx_metric m;
    int a, b;
};

static void put_number(struct mx_buf *out, enum mx_metric_unit unit, uint64_t v)
{
    if (unit == MX_UNIT_SECONDS)
        mx_buf_fmt(out, " %" PRIu64 ".%09" PRIu64 "\n", v / NS_PER_S, v % NS_PER_S);
    else
        mx_buf_fmt(out, " %" PRIu64 "\n", v);
}

/* "{route="cart.get",class="2xx",le="0.1"}", or nothing. */
static void put_labels(struct mx_buf *out, const struct series *s, const char *le)
{
    const struct mx_metric_row *row = &mx_metrics[s->m];
    const int at[2] = {s->a, s->b};
    char sep = '{';

    for (int l = 0; l < 2; l++) {
        if (row->labels[l] == MX_LABEL_NONE)
            continue;
        mx_buf_fmt(out, "%c%s=\"%s\"", sep, mx_metric_label(row->labels[l]),
                   mx_metric_value(row->labels[l], at[l]));
        sep = ',';
    }
    if (le) {
        mx_buf_fmt(out, "%cle=\"%s\"", sep, le);
        sep = ',';
    }
    if (sep == ',')
        mx_buf_byte(out, '}');
}

static void put_sample(struct mx_buf *out, const struct series *s, const char *suffix,
                       enum mx_metric_unit unit, uint64_t v)
{
    mx_buf_fmt(out, "%s%s", mx_metrics[s->m].name, suffix);
    put_labels(out, s, NULL);
    put_number(out, unit, v);
}

static void put_histogram(struct mx_buf *out, const struct series *s)
{
    const uint64_t *cells = mx_metric_cells(s->view, s->m, s->a, s->b);
    bool by_route = mx_metrics[s->m].labels[0] == MX_LABEL_ROUTE;
    uint64_t count = 0;

    for (int i = 0; i < MX_METRIC_BUCKETS; i++)
        count += cells[i];
    if (by_route && count == 0)
        return;
    count = 0;
    for (int i = 0; i < MX_METRIC_BUCKETS; i++) {
        count += cells[i];
        mx_buf_fmt(out, "%s_bucket", mx_metrics[s->m].name);
        put_labels(out, s, mx_metric_bounds[i]);
        put_number(out, MX_UNIT_NONE, count);
    }
    put_sample(out, s, "_sum", mx_metrics[s->m].unit, cells[MX_METRIC_BUCKETS]);
    put_sample(out, s, "_count", MX_UNIT_NONE, count);
}

static void put_series(struct mx_buf *out, const struct series *s)
{
    enum mx_metric_unit unit = mx_metrics[s->m].unit;
    int64_t gauge;

    switch (mx_metrics[s->m].kind) {
    case MX_COUNTER:
        put_sample(out, s, "_total", unit, mx_metric_counted(s->view, s->m, s->a, s->b));
        break;
    case MX_GAUGE:
        gauge = mx_metric_gauge(s->view, s->m, s->a, s->b);
        if (gauge >= 0)
            put_sample(out, s, "", unit, (uint64_t)gauge);
        break;
    case MX_HISTOGRAM:
        put_histogram(out, s);
        break;
    case MX_INFO:
        mx_buf_fmt(out, "%s_info{%s} 1\n", mx_metrics[s->m].name, mx_metric_info_labels());
        break;
    }
}

/* End of a sample's name behind that of its family, where the family has one sample. */
static const char *suffix_of(const struct mx_metric_row *row)
{
    return row->kind == MX_COUNTER ? "_total" : row->kind == MX_INFO ? "_info" : "";
}

static void put_head(struct mx_buf *out, const struct mx_metric_row *row,
                     enum mx_metrics_format format)
{
    bool open = format == MX_METRICS_OPENMETRICS;
    const char *suffix = open ? "" : suffix_of(row);
    const char *kind = !open && row->kind == MX_INFO ? "gauge" : kinds[row->kind];

    mx_buf_fmt(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", row->name, suffix, row->help, row->name,
               suffix, kind);
    if (open && row->unit != MX_UNIT_NONE)
        mx_buf_fmt(out, "# UNIT %s %s\n", row->name, mx_metric_units[row->unit]);
}

void mx_metrics_text(const uint64_t *view, enum mx_metrics_format format, struct mx_buf *out)
{
    for (int m = 0; m < MX_METRIC_COUNT; m++) {
        const struct mx_metric_row *row = &mx_metrics[m];
        struct series s = {.view = view, .m = (enum mx_metric)m};

        put_head(out, row, format);
        for (s.a = 0; s.a < mx_metric_width(row->labels[0]); s.a++)
            for (s.b = 0; s.b < mx_metric_width(row->labels[1]); s.b++)
                put_series(out, &s);
    }
    if (format == MX_METRICS_OPENMETRICS)
        mx_buf_c(out, "# EOF\n");
}

/* ---- documentation ---- */

static void put_values(struct mx_buf *out, enum mx_label label)
{
    bool open_ended = label == MX_LABEL_ROUTE || label == MX_LABEL_JOB;
    const char *value;

    mx_buf_fmt(out, "`%s`", mx_metric_label(label));
    for (int i = 0; !open_ended && (value = mx_metric_value(label, i)) != NULL; i++)
        mx_buf_fmt(out, "%s%s", i == 0 ? ": " : ", ", value);
}

void mx_metrics_table(struct mx_buf *out)
{
    mx_buf_c(out, "| Metric | Type | Labels | Meaning |\n| --- | --- | --- | --- |\n");
    for (int m = 0; m < MX_METRIC_COUNT; m++) {
        const struct mx_metric_row *row = &mx_metrics[m];

        mx_buf_fmt(out, "| `%s%s` | %s | ", row->name, suffix_of(row), kinds[row->kind]);
        for (int l = 0; l < 2; l++) {
            if (row->labels[l] == MX_LABEL_NONE)
                continue;
            mx_buf_c(out, l > 0 ? "; " : "");
            put_values(out, row->labels[l]);
        }
        mx_buf_fmt(out, " | %s |\n", row->help);
    }
}
