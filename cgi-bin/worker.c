#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "api/answer_cache.h"
#include "api/authn.h"
#include "api/idempotency.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/rnd.h"
#include "http/dispatch.h"
#include "io/db.h"
#include "io/fcgi.h"
#include "io/memory.h"
#include "io/migrate.h"
#include "io/settings_file.h"
#include "io/shed.h"
#include "io/shm.h"
#include "metrics.h"
#include "recycle.h"
#include "request_log.h"

#define ARENA_FIRST ((size_t)256 << 10)
#define ARENA_MAX ((size_t)128 << 20)
#define HEADERS_MAX ((size_t)16 << 10)
#define BODY_MAX ((size_t)16 << 20)
#define NS_PER_MS INT64_C(1000000)
#define OVERLOAD_NS (200 * NS_PER_MS)
#define WAITED_MAX_MS INT64_C(60000) /* what a clock that was set may tell at most */
#define OWN_FIRST ((size_t)16 << 10)
#define WEIGH_MS 15000
#define OWN_MAX ((size_t)2 << 20)

struct worker {
    struct mx_proc proc;
    struct mx_db *db;
    struct mx_arena *arena;
    struct mx_arena *own; /* of what lives as long as the worker */
    struct mx_oidc oidc;
    const struct mx_post *post;
    int64_t weighed_ms; /* when its memory was last looked at */
    struct mx_recycle recycle;
    struct mx_app app;
    struct mx_ctx cx;
    struct mx_keys *keys;
    struct mx_faults faults;
    int64_t began_ns;
    bool health; /* the request is a health check */
    struct mx_shed shed;
    int64_t waited_ns; /* how long the request waited */
    struct mx_served served;
};

/* The one worker of this process, for the hook that has no other way to it. */
static struct worker *self;

/* Note the route before its handler runs: if that takes too long or crashes, the master says which
 * it was. */
static enum mx_err run_noted(struct mx_ctx *cx, const struct mx_route *route,
                             const struct mx_req *req, const struct mx_work *work,
                             struct mx_res *res)
{
    mx_score_route(self->post->score, self->post->slot, route->id, cx->request_id);
    self->health = route->flags & MX_R_HEALTH;
    return mx_idempotency_run(cx, route, req, work, res);
}

static const struct mx_hooks hooks = {mx_authenticate, mx_authorize,     mx_admit,
                                      run_noted,       mx_answer_recall, mx_answer_remember};

/* ---- what the loop calls ---- */

static struct mx_arena *on_arena(void *arg)
{
    struct worker *w = arg;

    mx_arena_reset(w->arena);
    w->began_ns = mx_mono_ns();
    return w->arena;
}

bool mx_worker_keys(struct mx_arena *a, struct mx_keys **keys)
{
    const char *why;
    bool others = mx_keys_refresh(a, keys, &why);

    if (others)
        mx_log(MX_LOG_INFO, "keys reloaded");
    if (why)
        mx_log(MX_LOG_ERROR, "cannot load the keys, the previous ones stay in use",
               MX_KC("why", why));
    return others;
}

/* Nothing of a request is left that could point to the keys of before. */
static void take_up_keys(struct worker *w)
{
    if (!mx_worker_keys(w->arena, &w->keys))
        return;
    w->proc.keys = w->keys;
}

/* How long the request waited, as nginx's stamp and our clock say. */
static int64_t waited_ns(const struct worker *w, const struct mx_req *req)
{
    int64_t ms = req->arrival_ms > 0 ? w->cx.now_ms - req->arrival_ms : 0;

    return ms > 0 ? (ms < WAITED_MAX_MS ? ms : WAITED_MAX_MS) * NS_PER_MS : 0;
}

/* A worker of the pool was in overload a moment ago. */
static bool others_overloaded(const struct worker *w)
{
    int64_t at_ns = mx_score_overloaded(w->post->score, w->post->pool);

    return at_ns > 0 && w->began_ns - at_ns < OVERLOAD_NS;
}

/* Decide whether the request is run; the scoreboard learns how long it waited. */
static void admit(struct worker *w, const struct mx_req *req)
{
    struct mx_score *score = w->post->score;
    int64_t drains_ns = mx_score_drains(score, w->post->pool);
    bool shed;

    w->waited_ns = waited_ns(w, req);
    shed = mx_shed_refuses(&w->shed, w->began_ns, w->waited_ns, others_overloaded(w));
    if (w->shed.on)
        mx_score_overload(score, w->post->pool, w->began_ns);
    w->cx.draining = drains_ns > 0;
    if (w->cx.draining && w->began_ns >= drains_ns)
        w->cx.refuse = MX_E_UNAVAILABLE;
    else if (shed && w->proc.conf->overload_shed)
        w->cx.refuse = MX_E_OVERLOADED;
    mx_score_taken(score, w->post->slot, w->waited_ns);
}

static bool on_full(void *arg)
{
    const struct worker *w = arg;

    return (w->shed.on || others_overloaded(w)) && w->proc.conf->overload_shed;
}

static void on_request(void *arg, const struct mx_req *req, struct mx_res *res)
{
    struct worker *w = arg;

    mx_buf_init(&res->headers, w->arena, HEADERS_MAX);
    mx_buf_init(&res->body, w->arena, BODY_MAX);
    mx_db_begin_request(w->db, w->arena);
    take_up_keys(w);
    w->cx = (struct mx_ctx){.proc = &w->proc,
                            .arena = w->arena,
                            .db = w->db,
                            .faults = &w->faults,
                            .now_ms = mx_wall_ms()};
    admit(w, req);
    w->health = false;
    mx_db_deadline(w->db, w->began_ns + w->proc.conf->request_timeout_ms * NS_PER_MS);
    w->served = (struct mx_served){.method = req->method_text,
                                   .arrival_ms = req->arrival_ms,
                                   .bytes_in = req->content_length > 0 ? req->content_length : 0,
                                   .result = mx_dispatch(&w->app, &w->cx, req, res)};
    mx_db_deadline_over(w->db);
    mx_refused(&w->cx, w->served.result);
    w->served.status = res->status;
}

static int class_of(int status)
{
    return status < 300   ? MX_CLASS_2XX
           : status < 400 ? MX_CLASS_3XX
           : status < 500 ? MX_CLASS_4XX
                          : MX_CLASS_5XX;
}

static void count(const struct worker *w)
{
    const struct mx_served *s = &w->served;
    int pool = w->post->pool, class = class_of(s->status);

    mx_metric_add(MX_M_REQUESTS, pool, class, 1);
    mx_metric_observe(MX_M_REQUEST_TIME, mx_metric_route(w->cx.route_id.p), class, s->ns);
    mx_metric_add(MX_M_BUSY, pool, 0, (uint64_t)s->ns);
    mx_metric_add(MX_M_RESPONSE_BYTES, pool, 0, (uint64_t)s->bytes_out);
    if (s->arrival_ms > 0)
        mx_metric_observe(MX_M_REQUEST_WAIT, pool, 0, w->waited_ns);
    if (!s->delivered)
        mx_metric_add(MX_M_REQUEST_BROKEN, pool, 0, 1);
}

static void on_done(void *arg, bool delivered, size_t bytes)
{
    struct worker *w = arg;
    struct mx_ctx *cx = &w->cx;
    int64_t now_ns = mx_mono_ns();
    bool expected = w->health && w->served.status < 400 && delivered;
    bool ran = cx->refuse == MX_OK || w->served.result != cx->refuse;
    struct mx_score *score = w->post->score;
    int slot = w->post->slot;

    mx_shed_done(&w->shed, now_ns - w->began_ns, ran && !w->health);
    if (!ran)
        mx_metric_add(MX_M_SHED, cx->refuse == MX_E_OVERLOADED ? MX_SHED_OVERLOAD : MX_SHED_DRAIN,
                      0, 1);
    mx_score_route(score, slot, cx->route_id.p ? cx->route_id.p : "-", cx->request_id);
    mx_score_end(score, slot, now_ns, w->served.status, mx_db_spent(cx->db)->trips, bytes);
    w->served.delivered = delivered;
    w->served.ns = now_ns - w->began_ns;
    w->served.bytes_out = (int64_t)bytes;
    count(w);
    w->served.quiet = expected && !w->proc.conf->log_health_checks;
    mx_request_log(cx, &w->served);
    mx_log_context((struct mx_str){0}, (struct mx_str){0});
}

/* Look at the memory now and then: it costs the kernel a walk through all of it. */
static void weigh(struct worker *w)
{
    int64_t now_ms = mx_mono_ms();

    if (w->weighed_ms > 0 && now_ms - w->weighed_ms < WEIGH_MS)
        return;
    w->weighed_ms = now_ms;
    mx_score_memory(w->post->score, w->post->slot, mx_memory_pss());
}

/* A worker that has grown too large ends as if it were told to, and is replaced. */
static void end_if_large(struct worker *w)
{
    int64_t own = 0;

    if (!mx_recycle_due(&w->recycle, &own))
        return;
    mx_log(MX_LOG_WARN, "worker has grown too large and ends", MX_KI("own_mb", own >> 20),
           MX_KI("worker_rss_max_mb", w->proc.conf->worker_rss_max_mb));
    mx_score_outgrown(w->post->score, w->post->slot);
    raise(SIGTERM);
}

static void on_idle(void *arg)
{
    struct worker *w = arg;

    mx_arena_reset(w->arena);
    mx_db_begin_request(w->db, w->arena);
    mx_authn_idle(&w->proc, w->db);
    weigh(w);
    end_if_large(w);
}

/* ---- start ---- */

/* Text in `a` when waiting does not help against the database's last error, else NULL. */
static const char *database_refused(struct mx_arena *a, const struct mx_db *db)
{
    struct mx_db_error last = mx_db_last_error(db);

    return last.configuration ? mx_arena_printf(a, "%s (%u)", last.why, last.no) : NULL;
}

const char *mx_worker_schema(struct mx_arena *a, struct mx_db *db, bool *ret_up)
{
    int64_t version = 0;

    mx_db_begin_request(db, a);
    *ret_up = mx_db_ready(db, &version) == MX_OK;
    if (!*ret_up)
        return database_refused(a, db);
    if (version > mx_schema_version())
        mx_log(MX_LOG_WARN, "the schema is newer than this program", MX_KI("schema", version),
               MX_KI("program", mx_schema_version()));
    return mx_schema_refused(a, version);
}

/* NULL, or what is wrong with the file. */
static const char *load_oidc(struct worker *w)
{
    struct mx_buf errors;

    mx_buf_init(&errors, w->own, OWN_MAX / 4);
    return mx_settings_oidc(w->own, w->proc.conf, &w->oidc, &errors) == MX_OK ? NULL : errors.p;
}

/* NULL, or why this configuration cannot serve. A database that is down is no reason: requests that
 * need it get 503 until it is back. */
static const char *start(struct worker *w)
{
    const char *why = NULL;
    bool up;

    mx_stack_catch(mx_score_stack(w->post->score, w->post->slot));
    mx_settings_log(w->proc.conf);
    mx_secret_init();
    w->arena = mx_arena_new(ARENA_FIRST, ARENA_MAX);
    w->own = mx_arena_new(OWN_FIRST, OWN_MAX);
    why = load_oidc(w);
    if (why)
        return why;
    if (mx_keys_load(w->arena, w->proc.conf->keys, &w->keys, &why) != MX_OK)
        return why;
    w->app = (struct mx_app){mx_router_new(w->own, mx_routes), &hooks};
    w->proc.keys = w->keys;
    w->proc.oidc = &w->oidc;
    w->db = mx_db_new(w->proc.conf);
    mx_db_watch(w->db, mx_score_board(w->post->score, w->post->slot));
    self = w;
    w->recycle = mx_recycle_new(w->proc.conf->worker_rss_max_mb);
    why = mx_worker_schema(w->arena, w->db, &up);
    if (!up && !why)
        mx_log(MX_LOG_WARN, "database not available yet");
    return why;
}

/* Workers that started together must not end together. */
static uint64_t requests_limit(int64_t configured)
{
    uint64_t n = (uint64_t)configured;

    return n == 0 ? 0 : n - n / 4 + mx_rnd_below(n / 2 + 1);
}

int mx_worker(const struct mx_post *post)
{
    static const struct mx_fcgi_ops ops = {on_request, on_done, on_idle, on_arena, on_full};
    const struct mx_settings *conf = post->plan->conf;
    const struct mx_pool *pool = &post->plan->pools.at[post->pool];
    struct worker w = {.proc = {.conf = conf, .shared = post->shared}, .post = post};
    struct mx_fcgi_conf fc = {.listeners = post->listeners,
                              .n_listeners = post->n_listeners,
                              .slow = pool->kind != MX_POOL_FAST,
                              .connections_max = (int)conf->connections_per_worker,
                              .body_max = conf->body_max,
                              .io_timeout_ms = (int)(conf->request_timeout_ms / 4),
                              .requests_max = requests_limit(conf->max_requests),
                              .score = post->score,
                              .slot = post->slot};
    const char *why = start(&w);

    if (why) {
        if (mx_score_refuse(post->score, why))
            mx_log(MX_LOG_ERROR, "worker cannot serve", MX_KC("why", why));
        return MX_EXIT_FATAL;
    }
    if (pool->nice > 0 && setpriority(PRIO_PROCESS, 0, (int)pool->nice) != 0)
        mx_log(MX_LOG_WARN, "cannot set the niceness", MX_KC("pool", pool->name),
               MX_KC("why", strerror(errno)));
    mx_fcgi_serve(&fc, &ops, &w, (int)conf->drain_timeout_s);
    mx_keys_free(w.keys);
    mx_db_free(w.db);
    mx_arena_free(w.arena);
    mx_arena_free(w.own);
    return 0;
}
