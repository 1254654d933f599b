#include "io/status.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/metric.h"
#include "codec/jsonw.h"
#include "io/net.h"

#define NS_PER_MS 1000000
#define NS_PER_S INT64_C(1000000000)

static const char *const states[] = {"empty", "starting", "ready", "busy", "stopping"};

/* Sums over all slots, and workers by pool and state. */
struct totals {
    uint64_t requests, errors_4xx, errors_5xx, trips, busy_ns, bytes;
    uint32_t connections;
    int workers[MX_POOLS_MAX][MX_LEN(states)];
    int waiting[MX_POOLS_MAX], limit[MX_POOLS_MAX]; /* of the listen queues; -1 unknown */
    int64_t pss[MX_POOLS_MAX], connections_of[MX_POOLS_MAX];
};

static const char *name_of(const struct mx_status *st, int p)
{
    return st->workers->pools.at[p].name;
}

/* The pool as the settings of the present generation have it. */
static const struct mx_pool *row_of(const struct mx_status *st, int p)
{
    return &st->pools->plan->pools.at[p];
}

/* A worker that was told to stop, or is being killed, shows as stopping before it says so itself.
 */
static enum mx_worker_state state_of(const struct mx_seat *s, const struct mx_slot_view *v)
{
    if (!s->taken)
        return MX_W_EMPTY;
    if (s->stopping || s->killed)
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
        t.pss[c->seats[i].pool] += v.pss;
        t.connections_of[c->seats[i].pool] += v.connections;
    }
    for (int p = 0; p < c->pools.n; p++)
        if (c->sockets.fd[p] < 0 || !mx_net_queue(c->sockets.fd[p], &t.waiting[p], &t.limit[p]))
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

static void text_row(struct mx_buf *out, const char *pool, const struct mx_seat *s,
                     const struct mx_slot_view *v, int64_t now_ns)
{
    mx_buf_fmt(out, "%-5s %8d %4d %-8s", pool, (int)s->pid, s->generation, states[state_of(s, v)]);
    text_age(out, s->pid ? (now_ns - s->born_ns) / NS_PER_S : 0);
    mx_buf_fmt(out, " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRId64 " %5" PRIu32 "  %s\n",
               v->requests, v->errors_4xx, v->errors_5xx, busy_ms(v, now_ns), v->connections,
               v->route);
}

static void text_pool(const struct mx_status *st, struct mx_buf *out, const struct totals *t, int p)
{
    const struct mx_pool *row = row_of(st, p);

    if (row->served_by != p)
        return;
    mx_buf_fmt(out, "  %s %d/%d", name_of(st, p), mx_workers_ready(st->workers, p, st->generation),
               st->pools->at[p].want);
    if (st->pools->at[p].pinned)
        mx_buf_c(out, " (scaled)");
    else if (row->workers.min < row->workers.max)
        mx_buf_fmt(out, " (%" PRId64 "..%" PRId64 ")", row->workers.min, row->workers.max);
    if (mx_score_drains(st->workers->score, p) > 0)
        mx_buf_c(out, " draining");
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
    for (int p = 0; p < st->workers->pools.n; p++)
        text_pool(st, out, &t, p);
    mx_buf_fmt(out, "  died %" PRIu64 " killed %" PRIu64 " recycled %" PRIu64 "\n", c->deaths,
               c->killed, c->recycled);
    mx_buf_c(out, "POOL       PID  GEN STATE       AGE   REQUESTS      4XX      5XX  BUSY_MS  CONN"
                  "  ROUTE\n");
    for (int i = 0; i < c->n; i++) {
        v = worker_view(c, i);
        if (c->seats[i].taken)
            text_row(out, name_of(st, c->seats[i].pool), &c->seats[i], &v, now_ns);
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

static void json_worker(struct mx_jsonw *w, const char *pool, const struct mx_seat *s,
                        const struct mx_slot_view *v, int64_t now_ns)
{
    mx_jsonw_open(w);
    put_text(w, "pool", pool);
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

static const char *policy_of(const struct mx_pool *row)
{
    return row->workers.min == row->workers.max ? "static"
           : row->workers.min > 0               ? "dynamic"
                                                : "on_demand";
}

/* The source of the number of workers: a command, the settings or the load. */
static const char *source_of(const struct mx_status *st, int p)
{
    if (st->pools->at[p].pinned)
        return "command";
    return row_of(st, p)->workers.min == row_of(st, p)->workers.max ? "settings" : "load";
}

static void json_pool(const struct mx_status *st, struct mx_jsonw *w, const struct totals *t, int p)
{
    const struct mx_pool *row = row_of(st, p);

    mx_jsonw_name(w, name_of(st, p));
    mx_jsonw_open(w);
    put_int(w, "want", st->pools->at[p].want);
    put_text(w, "policy", policy_of(row));
    put_int(w, "min", row->workers.min);
    put_int(w, "max", row->workers.max);
    put_text(w, "source", source_of(st, p));
    mx_jsonw_name(w, "scaled");
    mx_jsonw_bool(w, st->pools->at[p].pinned);
    put_text(w, "served_by", name_of(st, row->served_by));
    mx_jsonw_name(w, "draining");
    mx_jsonw_bool(w, mx_score_drains(st->workers->score, p) > 0);
    put_int(w, "ready", mx_workers_ready(st->workers, p, st->generation));
    put_int(w, "busy_percent", mx_scaling_used(&st->pools->at[p].scaling));
    put_int(w, "queue", t->waiting[p]);
    put_int(w, "queue_limit", t->limit[p]);
    mx_jsonw_close(w);
}

static void json_pools(const struct mx_status *st, struct mx_jsonw *w, const struct totals *t)
{
    mx_jsonw_name(w, "pools");
    mx_jsonw_open(w);
    for (int p = 0; p < st->workers->pools.n; p++)
        json_pool(st, w, t, p);
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
    put_int(&w, "outgrown", (int64_t)c->outgrown);
    put_int(&w, "statements_killed", (int64_t)c->statements_killed);
    put_int(&w, "killer", c->killer.pid);
    json_pools(st, &w, &t);
    json_totals(&w, &t);
    mx_jsonw_name(&w, "workers");
    mx_jsonw_array(&w);
    for (int i = 0; i < c->n; i++) {
        v = worker_view(c, i);
        if (c->seats[i].taken)
            json_worker(&w, name_of(st, c->seats[i].pool), &c->seats[i], &v, now_ns);
    }
    mx_jsonw_array_end(&w);
    mx_jsonw_close(&w);
    mx_buf_byte(out, '\n');
}

/* ---- metrics ---- */

/* As a metric tells it; -1 for a seat without a worker. */
static int metric_state(enum mx_worker_state state)
{
    static const int of[] = {[MX_W_EMPTY] = -1,
                             [MX_W_STARTING] = MX_WORKERS_STARTING,
                             [MX_W_READY] = MX_WORKERS_IDLE,
                             [MX_W_BUSY] = MX_WORKERS_BUSY,
                             [MX_W_STOPPING] = MX_WORKERS_STOPPING};

    return of[state];
}

static void publish_pool(const struct mx_status *st, const struct totals *t, int p)
{
    for (int s = MX_W_STARTING; s <= MX_W_STOPPING; s++)
        mx_metric_set(MX_M_WORKERS, p, metric_state((enum mx_worker_state)s), t->workers[p][s]);
    mx_metric_set(MX_M_WORKERS_WANTED, p, 0, st->pools->at[p].want);
    mx_metric_set(MX_M_WORKER_PSS, p, 0, t->pss[p]);
    mx_metric_set(MX_M_CONNECTIONS, p, 0, t->connections_of[p]);
    mx_metric_set(MX_M_QUEUE_DEPTH, p, 0, t->waiting[p]);
    mx_metric_set(MX_M_QUEUE_LIMIT, p, 0, t->limit[p]);
}

void mx_status_publish(const struct mx_status *st)
{
    struct totals t = sum_up(st->workers);
    int64_t wall_ns = mx_wall_ms() * NS_PER_MS;

    for (int p = 0; p < st->workers->pools.n; p++)
        publish_pool(st, &t, p);
    mx_metric_set(MX_M_WORKERS_MAX, 0, 0, st->workers->n);
    mx_metric_set(MX_M_GENERATION, 0, 0, st->generation);
    mx_metric_set(MX_M_MASTER_SEEN, 0, 0, wall_ns);
    mx_metric_set(MX_M_START_TIME, 0, 0, st->started_ms * NS_PER_MS);
}
