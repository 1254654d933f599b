#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "io/net.h"
#include "io/prefork_priv.h"

#define STATUS_NS (5 * NS_PER_S)

/* Only its main process is heard by the service manager. */
static bool is_main(const struct master *m)
{
    return !m->beside && !m->unnamed && m->successor.state != MX_UPGRADE_GIVEN;
}

void mx_master_notify(const struct master *m, const char *state)
{
    if (is_main(m))
        mx_net_notify(state);
}

void mx_master_notify_reloading(struct master *m)
{
    mx_master_notify(m, mx_arena_printf(m->texts, "RELOADING=1\nMONOTONIC_USEC=%lld",
                                        (long long)(mx_mono_ns() / 1000)));
}

/* How often the service manager wants to hear of us: a third of the time after which it would think
 * that we stand still (sd_watchdog_enabled(3)). */
static int64_t interval_ns(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t n;

    if (!usec || !mx_str_i64(mx_str_c(usec), 1, INT64_MAX / 1000, &n) ||
        (pid && strtol(pid, NULL, 10) != (long)getpid()))
        return STATUS_NS;
    return n * 1000 / 3 < STATUS_NS ? n * 1000 / 3 : STATUS_NS;
}

void mx_master_notify_tick(struct master *m, const char *phase)
{
    int64_t now_ns = mx_mono_ns();
    const char *pools = "";

    if (!is_main(m) || (now_ns - m->notified_ns < interval_ns() && phase == m->notified))
        return;
    m->notified_ns = now_ns;
    m->notified = phase;
    for (int p = 0; p < m->workers.pools.n; p++)
        if (m->plan->pools.at[p].served_by == p)
            pools = mx_arena_printf(m->texts, "%s, %s %d of %d", pools, m->workers.pools.at[p].name,
                                    mx_workers_ready(&m->workers, p, m->generation),
                                    m->pools.at[p].want);
    mx_net_notify(
        mx_arena_printf(m->texts, "WATCHDOG=1\nSTATUS=merx %s build %s: %s, generation %d%s",
                        m->p->build.version, m->p->build.name, phase, m->generation, pools));
}
