#include "io/pools.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#define NS_PER_S INT64_C(1000000000)

/* ---- numbers ---- */

static int n_pools(const struct mx_pools_run *r)
{
    return r->workers->pools.n;
}

static struct mx_range range_of(const struct mx_plan *plan, int pool)
{
    return plan->pools.at[pool].workers;
}

static int within(struct mx_range range, int n)
{
    return n < range.min ? (int)range.min : n > range.max ? (int)range.max : n;
}

void mx_pools_begin(struct mx_pools_run *r)
{
    for (int p = 0; p < n_pools(r); p++)
        r->at[p].want = (int)range_of(r->plan, p).min;
}

void mx_pools_fill(struct mx_pools_run *r, const struct mx_plan *plan, int generation, bool next)
{
    for (int p = 0; p < n_pools(r); p++)
        (void)mx_workers_fill(r->workers, plan, generation, p,
                              next ? r->at[p].next_want : r->at[p].want);
}

bool mx_pools_ready(const struct mx_pools_run *r, int generation, bool next)
{
    for (int p = 0; p < n_pools(r); p++)
        if (mx_workers_ready(r->workers, p, generation) <
            (next ? r->at[p].next_want : r->at[p].want))
            return false;
    return true;
}

int mx_pools_total(const struct mx_pools_run *r, bool next)
{
    int n = 0;

    for (int p = 0; p < n_pools(r); p++)
        n += next ? r->at[p].next_want : r->at[p].want;
    return n;
}

/* Both generations of a reload must find seats. */
int mx_pools_room(const struct mx_pools_run *r, int pool)
{
    int room = r->workers->n / 2;

    for (int p = 0; p < n_pools(r); p++) {
        int floor = r->at[p].pinned ? 0 : (int)mx_pool_floor(&r->plan->pools, p);

        if (p != pool)
            room -= r->at[p].want > floor ? r->at[p].want : floor;
    }
    return room;
}

/* ---- reload ---- */

void mx_pools_align(const struct mx_pools_run *r, struct mx_pools *next)
{
    const struct mx_pools *now = &r->workers->pools;
    struct mx_pools aligned = *now;

    for (int p = 0; p < now->n; p++) {
        int found = mx_pools_find(next, mx_str_c(now->at[p].name));

        if (found < 0)
            continue;
        aligned.at[p] = next->at[found];
        if (next->at[found].served_by == found)
            aligned.at[p].served_by = p;
    }
    *next = aligned;
}

static bool same(struct mx_range a, struct mx_range b)
{
    return a.min == b.min && a.max == b.max;
}

bool mx_pools_next(struct mx_pools_run *r, const struct mx_plan *next)
{
    for (int p = 0; p < n_pools(r); p++) {
        struct mx_range range = range_of(next, p);

        r->at[p].next_pinned = r->at[p].pinned && same(range, range_of(r->plan, p));
        r->at[p].next_want = r->at[p].next_pinned ? r->at[p].want : within(range, r->at[p].want);
    }
    return 2 * mx_pools_total(r, true) <= r->workers->n;
}

void mx_pools_switch(struct mx_pools_run *r, const struct mx_plan *plan)
{
    r->plan = plan;
    for (int p = 0; p < n_pools(r); p++) {
        r->at[p].want = r->at[p].next_want;
        r->at[p].pinned = r->at[p].next_pinned;
        r->at[p].scaling = (struct mx_scaling){0};
    }
}

/* ---- scaling ---- */

static void set(struct mx_pools_run *r, int generation, int pool, int n)
{
    int was = r->at[pool].want;

    r->at[pool].want = n;
    if (n < was)
        mx_workers_trim(r->workers, generation, pool, n);
}

static const char *not_own(const struct mx_pools_run *r, struct mx_arena *a, int pool)
{
    const struct mx_pools *pools = &r->plan->pools;

    if (pools->at[pool].served_by == pool)
        return NULL;
    return mx_arena_printf(a,
                           "the %s pool has no workers of its own (%s_workers = 0): the %s pool "
                           "serves it",
                           pools->at[pool].name, pools->at[pool].name,
                           pools->at[pools->at[pool].served_by].name);
}

const char *mx_pools_pin(struct mx_pools_run *r, struct mx_arena *a, int generation, int pool,
                         int64_t n)
{
    const char *name = r->plan->pools.at[pool].name, *why = not_own(r, a, pool);
    int room = mx_pools_room(r, pool);

    if (why)
        return why;
    if (n < 1 || n > room)
        return mx_arena_printf(a, "the %s pool can have 1 to %d workers (workers_max)", name, room);
    mx_log(MX_LOG_INFO, "scaled", MX_KC("pool", name), MX_KI("from", r->at[pool].want),
           MX_KI("to", n), MX_KC("by", "command"));
    r->at[pool].pinned = true;
    set(r, generation, pool, (int)n);
    return NULL;
}

const char *mx_pools_release(struct mx_pools_run *r, struct mx_arena *a, int generation, int pool)
{
    const char *why = not_own(r, a, pool);
    int room = mx_pools_room(r, pool), n = within(range_of(r->plan, pool), r->at[pool].want);

    if (why)
        return why;
    r->at[pool].pinned = false;
    r->at[pool].scaling = (struct mx_scaling){0};
    mx_log(MX_LOG_INFO, "scaled", MX_KC("pool", r->plan->pools.at[pool].name),
           MX_KI("from", r->at[pool].want), MX_KI("to", n), MX_KC("by", "settings"));
    set(r, generation, pool, n < room ? n : room);
    return NULL;
}

/* ---- draining ---- */

const char *mx_pools_drain(struct mx_pools_run *r, struct mx_arena *a, int pool, int64_t from_ns)
{
    const char *why = not_own(r, a, pool);

    if (why)
        return why;
    mx_log(MX_LOG_INFO, from_ns > 0 ? "draining" : "taking requests again",
           MX_KC("pool", r->plan->pools.at[pool].name));
    mx_score_drain(r->workers->score, pool, from_ns);
    return NULL;
}

int mx_pools_draining(const struct mx_pools_run *r, struct mx_buf *out)
{
    int64_t now_ns = mx_mono_ns();
    int left = 0;

    for (int p = 0; p < n_pools(r); p++) {
        int64_t from_ns = mx_score_drains(r->workers->score, p);

        if (from_ns == 0)
            continue;
        left += now_ns < from_ns;
        left += mx_workers_in_hand(r->workers, p, from_ns, out);
    }
    return left;
}

/* ---- following the load ---- */

int mx_pools_poll(const struct mx_pools_run *r, struct pollfd *p)
{
    int n = 0;

    for (int i = 0; i < n_pools(r); i++)
        if (r->at[i].want == 0 && r->workers->sockets.fd[i] >= 0 &&
            r->plan->pools.at[i].served_by == i)
            p[n++] = (struct pollfd){.fd = r->workers->sockets.fd[i], .events = POLLIN};
    return n;
}

bool mx_pools_demand(struct mx_pools_run *r, const struct pollfd *p, int n)
{
    bool found = false;

    for (int i = 0; i < n_pools(r); i++)
        for (int k = 0; k < n; k++)
            if (r->at[i].want == 0 && p[k].fd == r->workers->sockets.fd[i] &&
                p[k].revents & POLLIN) {
                r->at[i].want = 1;
                found = true;
            }
    return found;
}

bool mx_pools_follow(struct mx_pools_run *r, int generation)
{
    int64_t quiet_ns = r->plan->conf->scale_down_s * NS_PER_S;
    bool grows = false;

    for (int p = 0; p < n_pools(r); p++) {
        struct mx_load load = mx_workers_load(r->workers, p, generation);
        struct mx_range range = range_of(r->plan, p);
        int room = mx_pools_room(r, p), was = r->at[p].want, n;

        if (r->plan->pools.at[p].served_by != p)
            continue;
        range.max = range.max < room ? range.max : room;
        range.min = range.min < range.max ? range.min : range.max;
        if (r->at[p].pinned)
            range.min = range.max = was;
        n = mx_scaling_want(&r->at[p].scaling, range, was, &load, quiet_ns);
        if (n == was)
            continue;
        mx_log(MX_LOG_INFO, "scaled", MX_KC("pool", r->plan->pools.at[p].name), MX_KI("from", was),
               MX_KI("to", n), MX_KC("by", "load"));
        grows |= n > was;
        set(r, generation, p, n);
    }
    return grows;
}
