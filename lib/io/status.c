#include "io/status.h"

#include <inttypes.h>

#include "base/clock.h"
#include "codec/jsonw.h"
#include "io/net.h"

#define NS_PER_MS 1000000
#define NS_PER_S INT64_C(1000000000)

static const char *const states[] = {"empty", "starting", "ready", "busy", "stopping"};

/* Sums over all slots, and workers by pool and state. */
struct totals {
    uint64_t requests, errors_4xx, errors_5xx, trips, busy_ns, bytes;
    uint32_t connections;
    int workers[MX_POOLS][MX_LEN(states)];
    int waiting[MX_POOLS], limit[MX_POOLS]; /* of the listen queues; -1 unknown */
};

/* A worker that was told to stop shows as stopping before it says so itself. */
static enum mx_worker_state state_of(const struct mx_seat *s, const struct mx_slot_view *v)
{
    if (!s->taken)
        return MX_W_EMPTY;
    if (s->stopping)
        return MX_W_STOPPING;
    return s->pid == 0 || v->pid != s->pid ? MX_W_STARTING : v->state;
}

/* The slot's line with what its present worker did, not those before it. */
static struct mx_slot_view worker_view(const struct mx_workers *c, int i)
{
    const struct mx_slot_view *base = &c->seats[i].base;
    struct mx_slot_view v = mx_score_read(c->score, i);

    v.requests -= base->requests;
    v.errors_4xx -= base->errors_4xx;
    v.errors_5xx -= base->errors_5xx;
    return v;
}

static struct totals sum_up(const struct mx_workers *c)
{
    struct totals t = {0};
    struct mx_slot_view v;

    for (int i = 0; i < c->n; i++) {
        v = mx_score_read(c->score, i);
        t.requests += v.requests;
        t.errors_4xx += v.errors_4xx;
        t.errors_5xx += v.errors_5xx;
        t.trips += v.trips;
        t.busy_ns += v.busy_ns;
        t.bytes += v.bytes;
        t.connections += v.connections;
        t.workers[c->seats[i].pool][state_of(&c->seats[i], &v)]++;
    }
    for (int p = 0; p < MX_POOLS; p++)
        if (!mx_net_queue(c->listeners[p], &t.waiting[p], &t.limit[p]))
            t.waiting[p] = t.limit[p] = -1;
    return t;
}

static int64_t busy_ms(const struct mx_slot_view *v, int64_t now_ns)
{
    return v->request_ns > 0 ? (now_ns - v->request_ns) / NS_PER_MS : 0;
}

/* ---- text ---- */

static void text_age(struct mx_buf *out, int64_t s)
{
    char age[32];

    if (s < 120)
        snprintf(age, sizeof age, "%" PRId64 "s", s);
    else if (s < 7200)
        snprintf(age, sizeof age, "%" PRId64 "m", s / 60);
    else if (s < 172800)
        snprintf(age, sizeof age, "%" PRId64 "h", s / 3600);
    else
        snprintf(age, sizeof age, "%" PRId64 "d", s / 86400);
    mx_buf_fmt(out, " %6s", age);
}

static void text_row(struct mx_buf *out, const struct mx_seat *s, const struct mx_slot_view *v,
                     int64_t now_ns)
{
    mx_buf_fmt(out, "%-5s %8d %4d %-8s", mx_pool_names[s->pool], (int)s->pid, s->generation,
               states[state_of(s, v)]);
    text_age(out, s->pid ? (now_ns - s->born_ns) / NS_PER_S : 0);
    mx_buf_fmt(out, " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRId64 " %5" PRIu32 "  %s\n",
               v->requests, v->errors_4xx, v->errors_5xx, busy_ms(v, now_ns), v->connections,
               v->route);
}

static void text_pool(const struct mx_status *st, struct mx_buf *out, const struct totals *t, int p)
{
    mx_buf_fmt(out, "  %s %d/%d", mx_pool_names[p],
               mx_workers_ready(st->workers, (enum mx_pool)p, st->generation), st->want[p]);
    if (st->scaled[p])
        mx_buf_c(out, " (scaled)");
    if (t->waiting[p] >= 0)
        mx_buf_fmt(out, " queue %d/%d", t->waiting[p], t->limit[p]);
}

void mx_status_text(const struct mx_status *st, struct mx_buf *out)
{
    const struct mx_workers *c = st->workers;
    struct totals t = sum_up(c);
    int64_t now_ns = mx_mono_ns();
    struct mx_slot_view v;

    mx_buf_fmt(out, "merx %s build %s schema %d\n", st->build.version, st->build.name,
               st->build.schema);
    mx_buf_fmt(out, "master %d %s  generation %d  up", st->pid, st->phase, st->generation);
    text_age(out, (now_ns - st->born_ns) / NS_PER_S);
    for (int p = 0; p < MX_POOLS; p++)
        text_pool(st, out, &t, p);
    mx_buf_fmt(out, "  died %" PRIu64 " killed %" PRIu64 " recycled %" PRIu64 "\n", c->deaths,
               c->killed, c->recycled);
    mx_buf_c(out, "POOL       PID  GEN STATE       AGE   REQUESTS      4XX      5XX  BUSY_MS  CONN"
                  "  ROUTE\n");
    for (int i = 0; i < c->n; i++) {
        v = worker_view(c, i);
        if (c->seats[i].taken)
            text_row(out, &c->seats[i], &v, now_ns);
    }
    mx_buf_fmt(out,
               "total %37" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %5" PRIu32
               "  (busy in sum; trips %" PRIu64 ", bytes %" PRIu64 ")\n",
               t.requests, t.errors_4xx, t.errors_5xx, t.busy_ns / NS_PER_MS, t.connections,
               t.trips, t.bytes);
}

/* ---- JSON ---- */

static void put_int(struct mx_jsonw *w, const char *name, int64_t v)
{
    mx_jsonw_name(w, name);
    mx_jsonw_int(w, v);
}

static void put_text(struct mx_jsonw *w, const char *name, const char *v)
{
    mx_jsonw_name(w, name);
    mx_jsonw_c(w, v);
}

static void json_worker(struct mx_jsonw *w, const struct mx_seat *s, const struct mx_slot_view *v,
                        int64_t now_ns)
{
    mx_jsonw_open(w);
    put_text(w, "pool", mx_pool_names[s->pool]);
    put_int(w, "pid", s->pid);
    put_int(w, "generation", s->generation);
    put_text(w, "state", states[state_of(s, v)]);
    put_int(w, "age_s", s->pid ? (now_ns - s->born_ns) / NS_PER_S : 0);
    put_int(w, "requests", (int64_t)v->requests);
    put_int(w, "errors_4xx", (int64_t)v->errors_4xx);
    put_int(w, "errors_5xx", (int64_t)v->errors_5xx);
    put_int(w, "busy_ms", busy_ms(v, now_ns));
    put_int(w, "connections", v->connections);
    put_text(w, "route", v->route);
    put_text(w, "request_id", v->request_id);
    mx_jsonw_close(w);
}

static void json_pools(const struct mx_status *st, struct mx_jsonw *w, const struct totals *t)
{
    mx_jsonw_name(w, "pools");
    mx_jsonw_open(w);
    for (int p = 0; p < MX_POOLS; p++) {
        mx_jsonw_name(w, mx_pool_names[p]);
        mx_jsonw_open(w);
        put_int(w, "want", st->want[p]);
        mx_jsonw_name(w, "scaled");
        mx_jsonw_bool(w, st->scaled[p]);
        put_int(w, "ready", mx_workers_ready(st->workers, (enum mx_pool)p, st->generation));
        put_int(w, "queue", t->waiting[p]);
        put_int(w, "queue_limit", t->limit[p]);
        mx_jsonw_close(w);
    }
    mx_jsonw_close(w);
}

static void json_totals(struct mx_jsonw *w, const struct totals *t)
{
    mx_jsonw_name(w, "totals");
    mx_jsonw_open(w);
    put_int(w, "requests", (int64_t)t->requests);
    put_int(w, "errors_4xx", (int64_t)t->errors_4xx);
    put_int(w, "errors_5xx", (int64_t)t->errors_5xx);
    put_int(w, "busy_ms", (int64_t)(t->busy_ns / NS_PER_MS));
    put_int(w, "db_trips", (int64_t)t->trips);
    put_int(w, "bytes", (int64_t)t->bytes);
    put_int(w, "connections", t->connections);
    mx_jsonw_close(w);
}

void mx_status_json(const struct mx_status *st, struct mx_buf *out)
{
    const struct mx_workers *c = st->workers;
    struct totals t = sum_up(c);
    int64_t now_ns = mx_mono_ns();
    struct mx_slot_view v;
    struct mx_jsonw w;

    mx_jsonw_init(&w, out);
    mx_jsonw_open(&w);
    put_text(&w, "version", st->build.version);
    put_text(&w, "build", st->build.name);
    put_int(&w, "schema", st->build.schema);
    put_int(&w, "pid", st->pid);
    put_text(&w, "phase", st->phase);
    put_int(&w, "generation", st->generation);
    put_int(&w, "uptime_s", (now_ns - st->born_ns) / NS_PER_S);
    put_int(&w, "slots", c->n);
    put_int(&w, "died", (int64_t)c->deaths);
    put_int(&w, "killed", (int64_t)c->killed);
    put_int(&w, "recycled", (int64_t)c->recycled);
    json_pools(st, &w, &t);
    json_totals(&w, &t);
    mx_jsonw_name(&w, "workers");
    mx_jsonw_array(&w);
    for (int i = 0; i < c->n; i++) {
        v = worker_view(c, i);
        if (c->seats[i].taken)
            json_worker(&w, &c->seats[i], &v, now_ns);
    }
    mx_jsonw_array_end(&w);
    mx_jsonw_close(&w);
    mx_buf_byte(out, '\n');
}

/* ---- metrics ---- */

static void metric(struct mx_buf *out, const char *name, const char *type, const char *help)
{
    mx_buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void metric_seconds(struct mx_buf *out, const char *name, uint64_t ns)
{
    mx_buf_fmt(out, "%s %" PRIu64 ".%09" PRIu64 "\n", name, ns / (uint64_t)NS_PER_S,
               ns % (uint64_t)NS_PER_S);
}

static void metrics_pools(const struct mx_status *st, struct mx_buf *out, const struct totals *t)
{
    metric(out, "merx_workers", "gauge", "Workers by pool and state.");
    for (int p = 0; p < MX_POOLS; p++)
        for (int s = MX_W_STARTING; s <= MX_W_STOPPING; s++)
            mx_buf_fmt(out, "merx_workers{pool=\"%s\",state=\"%s\"} %d\n", mx_pool_names[p],
                       states[s], t->workers[p][s]);
    metric(out, "merx_workers_wanted", "gauge", "Workers that the pool is meant to have.");
    for (int p = 0; p < MX_POOLS; p++)
        mx_buf_fmt(out, "merx_workers_wanted{pool=\"%s\"} %d\n", mx_pool_names[p], st->want[p]);
    metric(out, "merx_queue_depth", "gauge", "Connections that wait for a worker.");
    for (int p = 0; p < MX_POOLS; p++)
        if (t->waiting[p] >= 0)
            mx_buf_fmt(out, "merx_queue_depth{pool=\"%s\"} %d\n", mx_pool_names[p], t->waiting[p]);
    metric(out, "merx_queue_limit", "gauge", "Connections that may wait for a worker.");
    for (int p = 0; p < MX_POOLS; p++)
        if (t->limit[p] >= 0)
            mx_buf_fmt(out, "merx_queue_limit{pool=\"%s\"} %d\n", mx_pool_names[p], t->limit[p]);
}

static void metrics_build(const struct mx_build *b, struct mx_buf *out)
{
    metric(out, "merx_build_info", "gauge", "Release, build and schema of the master; always 1.");
    mx_buf_fmt(out, "merx_build_info{version=\"%s\",build=\"%s\",schema=\"%d\"} 1\n", b->version,
               b->name, b->schema);
}

void mx_status_metrics(const struct mx_status *st, struct mx_buf *out)
{
    const struct mx_workers *c = st->workers;
    struct totals t = sum_up(c);

    metrics_build(&st->build, out);
    metrics_pools(st, out, &t);
    metric(out, "merx_requests_total", "counter", "Requests answered, by class of status.");
    mx_buf_fmt(out, "merx_requests_total{class=\"ok\"} %" PRIu64 "\n",
               t.requests - t.errors_4xx - t.errors_5xx);
    mx_buf_fmt(out, "merx_requests_total{class=\"4xx\"} %" PRIu64 "\n", t.errors_4xx);
    mx_buf_fmt(out, "merx_requests_total{class=\"5xx\"} %" PRIu64 "\n", t.errors_5xx);
    metric(out, "merx_busy_seconds_total", "counter", "Time that workers spent on requests.");
    metric_seconds(out, "merx_busy_seconds_total", t.busy_ns);
    metric(out, "merx_response_bytes_total", "counter", "Bytes of answers' bodies.");
    mx_buf_fmt(out, "merx_response_bytes_total %" PRIu64 "\n", t.bytes);
    metric(out, "merx_db_round_trips_total", "counter", "Statements and commits sent.");
    mx_buf_fmt(out, "merx_db_round_trips_total %" PRIu64 "\n", t.trips);
    metric(out, "merx_connections", "gauge", "FastCGI connections open.");
    mx_buf_fmt(out, "merx_connections %" PRIu32 "\n", t.connections);
    metric(out, "merx_worker_exits_total", "counter", "Workers that ended, by reason.");
    mx_buf_fmt(out, "merx_worker_exits_total{reason=\"max_requests\"} %" PRIu64 "\n", c->recycled);
    mx_buf_fmt(out, "merx_worker_exits_total{reason=\"deadline\"} %" PRIu64 "\n", c->killed);
    mx_buf_fmt(out, "merx_worker_exits_total{reason=\"crash\"} %" PRIu64 "\n", c->deaths);
    metric(out, "merx_generation", "gauge", "Reloads since the start, plus one.");
    mx_buf_fmt(out, "merx_generation %d\n", st->generation);
    metric(out, "merx_uptime_seconds", "gauge", "Age of the master.");
    metric_seconds(out, "merx_uptime_seconds", (uint64_t)(mx_mono_ns() - st->born_ns));
}
