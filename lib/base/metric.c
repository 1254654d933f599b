#include "base/metric.h"

#include <stdatomic.h>

#include "base/log.h"

/* Each process counts in one of these parts of the memory, and a reader adds them up: processes at
 * work at the same time do not take the same cache lines from each other all the time. */
#define PARTS 8
#define LINE_WORDS 8 /* of a cache line */

typedef _Atomic uint64_t word;

const struct mx_metric_row mx_metrics[] = {
#define ROW(id, name, kind, unit, a, b, help) \
    {name, help, MX_##kind, MX_UNIT_##unit, {MX_LABEL_##a, MX_LABEL_##b}},
    MX_METRICS(ROW)
#undef ROW
};

const char *const mx_metric_units[] = {"", "seconds", "bytes"};

static const int64_t bounds_ns[MX_METRIC_BUCKETS - 1] = {
    500000,    1000000,   2500000,   5000000,    10000000,   25000000,   50000000,
    100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000};
const char *const mx_metric_bounds[MX_METRIC_BUCKETS] = {
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
    "0.25",   "0.5",   "1.0",    "2.5",   "5.0",  "10.0",  "+Inf"};

static const char *const label_names[] = {
#define NAME(id, name) name,
    MX_METRIC_LABELS(NAME)
#undef NAME
};

#define VALUE(name, value) value,
static const char *const no_label[] = {"", NULL};
static const char *const classes[] = {MX_METRIC_CLASSES(VALUE) NULL};
static const char *const states[] = {MX_METRIC_STATES(VALUE) NULL};
static const char *const exits[] = {MX_METRIC_EXITS(VALUE) NULL};
static const char *const sheds[] = {MX_METRIC_SHEDS(VALUE) NULL};
static const char *const limits[] = {MX_METRIC_LIMITS(VALUE) NULL};
static const char *const cache[] = {MX_METRIC_CACHE(VALUE) NULL};
static const char *const db_errors[] = {MX_METRIC_DB_ERRORS(VALUE) NULL};
static const char *const retries[] = {MX_METRIC_RETRIES(VALUE) NULL};
static const char *const results[] = {MX_METRIC_RESULTS(VALUE) NULL};
static const char *const invariants[] = {MX_METRIC_INVARIANTS(VALUE) NULL};
#undef VALUE

static const char *const *values[MX_LABELS] = {
    [MX_LABEL_NONE] = no_label,  [MX_LABEL_CLASS] = classes,       [MX_LABEL_STATE] = states,
    [MX_LABEL_EXIT] = exits,     [MX_LABEL_SHED] = sheds,          [MX_LABEL_LIMIT] = limits,
    [MX_LABEL_CACHE] = cache,    [MX_LABEL_DB_ERROR] = db_errors,  [MX_LABEL_RETRY] = retries,
    [MX_LABEL_RESULT] = results, [MX_LABEL_INVARIANT] = invariants};

/* Where the words of each metric begin, in a part and in a view; made by lay_out. */
static struct {
    bool made;
    int widths[MX_LABELS];
    size_t at[MX_METRIC_COUNT + 1];
} layout;

static const char *info = "";
static word *memory;
static size_t part; /* first word of this process's part */

/* ---- layout ---- */

void mx_metric_values(enum mx_label label, const char *const *names)
{
    MX_ASSERT(!layout.made || values[label] == names);
    values[label] = names;
}

void mx_metric_info(const char *labels)
{
    info = labels;
}

const char *mx_metric_info_labels(void)
{
    return info;
}

const char *mx_metric_label(enum mx_label label)
{
    return label_names[label];
}

static size_t cells_of(enum mx_metric m)
{
    return mx_metrics[m].kind == MX_HISTOGRAM ? MX_METRIC_CELLS : 1;
}

static void lay_out(void)
{
    size_t at = 0;

    if (layout.made)
        return;
    for (int l = 0; l < MX_LABELS; l++)
        while (values[l] && values[l][layout.widths[l]])
            layout.widths[l]++;
    for (int m = 0; m < MX_METRIC_COUNT; m++) {
        const enum mx_label *l = mx_metrics[m].labels;

        layout.at[m] = at;
        at +=
            cells_of((enum mx_metric)m) * (size_t)layout.widths[l[0]] * (size_t)layout.widths[l[1]];
    }
    layout.at[MX_METRIC_COUNT] = (at + LINE_WORDS - 1) / LINE_WORDS * LINE_WORDS;
    layout.made = true;
}

int mx_metric_width(enum mx_label label)
{
    lay_out();
    return layout.widths[label];
}

const char *mx_metric_value(enum mx_label label, int i)
{
    return i >= 0 && i < mx_metric_width(label) ? values[label][i] : NULL;
}

size_t mx_metrics_words(void)
{
    lay_out();
    return layout.at[MX_METRIC_COUNT];
}

size_t mx_metrics_size(void)
{
    return PARTS * mx_metrics_words() * sizeof(word);
}

struct mx_metric_span mx_metrics_of_jobs(void)
{
    lay_out();
    return (struct mx_metric_span){layout.at[MX_M_JOB_RUNS],
                                   layout.at[MX_METRIC_COUNT] - layout.at[MX_M_JOB_RUNS]};
}

/* First word of the series; false: there is no such. */
static bool find(enum mx_metric m, int a, int b, size_t *ret_at)
{
    const enum mx_label *l = mx_metrics[m].labels;
    int wide = mx_metric_width(l[0]), deep = mx_metric_width(l[1]);

    if (a < 0 || a >= wide || b < 0 || b >= deep)
        return false;
    *ret_at = layout.at[m] + cells_of(m) * ((size_t)a * (size_t)deep + (size_t)b);
    return true;
}

/* ---- counting ---- */

void mx_metrics_use(void *m)
{
    lay_out();
    memory = m;
}

void mx_metrics_spread(int number)
{
    part = (size_t)(number % PARTS) * mx_metrics_words();
}

static void add(size_t at, uint64_t n)
{
    atomic_fetch_add_explicit(&memory[part + at], n, memory_order_relaxed);
}

void mx_metric_add(enum mx_metric m, int a, int b, uint64_t n)
{
    size_t at;

    MX_ASSERT(mx_metrics[m].kind == MX_COUNTER);
    if (memory && find(m, a, b, &at))
        add(at, n);
}

void mx_metric_observe(enum mx_metric m, int a, int b, int64_t ns)
{
    size_t at, i = 0;

    MX_ASSERT(mx_metrics[m].kind == MX_HISTOGRAM);
    if (!memory || !find(m, a, b, &at))
        return;
    while (i < MX_METRIC_BUCKETS - 1 && ns > bounds_ns[i])
        i++;
    add(at + i, 1);
    if (ns > 0)
        add(at + MX_METRIC_BUCKETS, (uint64_t)ns);
}

/* A gauge is kept plus one: 0 is one that is not known. */
void mx_metric_set(enum mx_metric m, int a, int b, int64_t v)
{
    size_t at;

    MX_ASSERT(mx_metrics[m].kind == MX_GAUGE);
    if (memory && find(m, a, b, &at))
        atomic_store_explicit(&memory[at], (uint64_t)(v + 1), memory_order_relaxed);
}

/* ---- reading ---- */

void mx_metrics_read(uint64_t *ret_view)
{
    size_t n = mx_metrics_words();

    memset(ret_view, 0, n * sizeof *ret_view);
    for (size_t p = 0; memory && p < PARTS; p++)
        for (size_t i = 0; i < n; i++)
            ret_view[i] += atomic_load_explicit(&memory[p * n + i], memory_order_relaxed);
}

const uint64_t *mx_metric_cells(const uint64_t *view, enum mx_metric m, int a, int b)
{
    size_t at = 0;

    if (!find(m, a, b, &at))
        MX_BUG("%s has no series %d, %d", mx_metrics[m].name, a, b);
    return &view[at];
}

uint64_t mx_metric_counted(const uint64_t *view, enum mx_metric m, int a, int b)
{
    return *mx_metric_cells(view, m, a, b);
}

int64_t mx_metric_gauge(const uint64_t *view, enum mx_metric m, int a, int b)
{
    return (int64_t)mx_metric_counted(view, m, a, b) - 1;
}

void mx_metric_put(uint64_t *view, enum mx_metric m, int a, int b, int64_t v)
{
    size_t at;

    if (find(m, a, b, &at))
        view[at] = (uint64_t)(v + 1);
}
