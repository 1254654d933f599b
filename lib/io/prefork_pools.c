/* Commands about pools, and those who wait for their effect. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/prefork_priv.h"

#define SETTLE_MARGIN_NS INT64_C(5000000000)
#define BUSY "not while stopping, reloading or upgrading"

/* A scaling is done when the workers are there, those that are not wanted any more have ended, and
 * every kept connection was made since: what comes now goes to all of them. */
static void scale_tick(struct master *m)
{
    int64_t now_ns = mx_mono_ns();
    bool full = mx_pools_ready(&m->pools, m->generation, false);
    int leaving = 0, older = 0;

    if (m->full_ns == 0 && full)
        m->full_ns = now_ns;
    for (int p = 0; p < m->workers.pools.n; p++) {
        leaving += mx_workers_leaving(&m->workers, p);
        older += mx_workers_older(&m->workers, p, m->generation, m->full_ns);
    }
    if (full && leaving + older == 0)
        mx_control_done(&m->control, WAIT_SCALE, MX_S("ok\n"));
    else if (now_ns > m->settle_end_ns)
        mx_control_done(&m->control, WAIT_SCALE,
                        mx_str_fmt(m->texts,
                                   "error: %s; workers that drain: %d; workers with connections "
                                   "from before: %d\n",
                                   full ? "all workers are ready" : "workers are missing", leaving,
                                   older));
}

/* A drain is done when nothing is in hand that was begun before new requests were refused. */
static void drain_tick(struct master *m)
{
    struct mx_buf out;
    int left;

    mx_buf_init(&out, m->texts, TEXT_MAX);
    left = mx_pools_draining(&m->pools, &out);
    if (left == 0)
        mx_control_done(&m->control, WAIT_DRAIN, MX_S("ok\n"));
    else if (mx_mono_ns() > m->drain_end_ns)
        mx_control_done(
            &m->control, WAIT_DRAIN,
            mx_str_fmt(m->texts, "error: in hand still: %.*s\n", MX_FMT(mx_buf_view(&out))));
}

void mx_master_pools_tick(struct master *m)
{
    scale_tick(m);
    drain_tick(m);
}

/* ---- commands ---- */

static bool busy(const struct master *m)
{
    return m->stopping || m->next || m->successor.state != MX_UPGRADE_NONE;
}

/* A scaling may settle from now on. */
static void begin_scaling(struct master *m)
{
    m->settle_end_ns = mx_mono_ns() + m->plan->conf->drain_timeout_s * NS_PER_S + SETTLE_MARGIN_NS;
}

/* NULL, or why not. */
static const char *scale(struct master *m, int pool, int64_t n)
{
    const char *why;
    int was = m->pools.at[pool].want;

    if (busy(m))
        return BUSY;
    why = mx_pools_pin(&m->pools, m->texts, m->generation, pool, n);
    if (!why && n != was)
        m->full_ns = 0;
    return why;
}

/* Take the name of a pool off the front of *line; without one it is the fast pool. -1: there is no
 * pool of that name. */
static int pool_of(const struct master *m, struct mx_str *line)
{
    struct mx_str rest = *line, word;
    int pool;

    mx_str_split(&rest, ' ', &word);
    pool = mx_pools_find(&m->workers.pools, word);
    if (pool < 0 && !rest.p)
        return MX_POOL_FAST;
    *line = mx_str_trim(rest);
    return pool;
}

/* "the pools are fast, slow, ..." */
static const char *no_such_pool(struct master *m, struct mx_str line)
{
    struct mx_buf out;
    struct mx_str name;

    mx_str_split(&line, ' ', &name);
    mx_buf_init(&out, m->texts, 4096);
    mx_buf_fmt(&out, "there is no pool %.*s; the pools are", MX_FMT(name));
    for (int p = 0; p < m->workers.pools.n; p++)
        mx_buf_fmt(&out, "%s %s", p > 0 ? "," : "", m->workers.pools.at[p].name);
    return out.p;
}

/* Carry out "[POOL] N", "[POOL] +N", "[POOL] -N" or "[POOL] auto". NULL, or why not. */
static const char *scale_line(struct master *m, struct mx_str line)
{
    struct mx_str number = line;
    int64_t n, sign = 0;
    int pool = pool_of(m, &number);

    if (pool < 0)
        return no_such_pool(m, line);
    if (mx_str_eqc(number, "auto"))
        return busy(m) ? BUSY : mx_pools_release(&m->pools, m->texts, m->generation, pool);
    if (mx_str_starts(number, MX_S("+")) || mx_str_starts(number, MX_S("-")))
        sign = number.p[0] == '+' ? 1 : -1;
    if (!mx_str_i64(mx_str_sub(number, sign != 0, number.n), sign != 0, SCALE_MAX, &n))
        return "scale takes [POOL] and a number of workers, or +N, -N or auto";
    return scale(m, pool, sign == 0 ? n : m->pools.at[pool].want + sign * n);
}

void mx_master_scale(struct master *m, struct mx_control_client *c, struct mx_str arg)
{
    const char *why = scale_line(m, arg);

    if (why) {
        mx_buf_fmt(&c->out, "error: %s\n", why);
        return;
    }
    begin_scaling(m);
    c->waits_for = WAIT_SCALE;
}

/* The pools that a line names: one, or all when it names none. NULL, or why not. */
static const char *drain_line(struct master *m, struct mx_str line, int64_t from_ns)
{
    int pool = mx_pools_find(&m->workers.pools, line);
    const char *why = NULL;

    /* A program that takes over has been told what drains, and would not hear of a change. */
    if (m->stopping || m->successor.state != MX_UPGRADE_NONE)
        return "not while stopping or upgrading";
    if (line.n > 0 && pool < 0)
        return no_such_pool(m, line);
    if (pool >= 0)
        return mx_pools_drain(&m->pools, m->texts, pool, from_ns);
    for (int p = 0; p < m->workers.pools.n; p++)
        if (m->plan->pools.at[p].served_by == p)
            why = mx_pools_drain(&m->pools, m->texts, p, from_ns);
    return why;
}

void mx_master_drain(struct master *m, struct mx_control_client *c, struct mx_str arg)
{
    int64_t from_ns = mx_mono_ns() + m->plan->conf->drain_lead_s * NS_PER_S;
    const char *why = drain_line(m, arg, from_ns);

    if (why) {
        mx_buf_fmt(&c->out, "error: %s\n", why);
        return;
    }
    m->drain_end_ns = from_ns + m->plan->conf->drain_timeout_s * NS_PER_S;
    c->waits_for = WAIT_DRAIN;
}

void mx_master_resume(struct master *m, struct mx_control_client *c, struct mx_str arg)
{
    const char *why = drain_line(m, arg, 0);

    if (why) {
        mx_buf_fmt(&c->out, "error: %s\n", why);
        return;
    }
    mx_control_done(&m->control, WAIT_DRAIN, MX_S("error: requests are taken again\n"));
    mx_buf_c(&c->out, "ok\n");
}

void mx_master_step(struct master *m, int by)
{
    const char *why = scale(m, MX_POOL_FAST, m->pools.at[MX_POOL_FAST].want + by);

    if (why)
        mx_log(MX_LOG_WARN, "scaling refused", MX_KC("why", why));
}
