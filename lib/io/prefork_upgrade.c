#include <signal.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/net.h"
#include "io/prefork_priv.h"
#include "io/region.h"

#define KILL_MARGIN_NS INT64_C(2000000000)

void mx_master_set_others(struct master *m, bool others)
{
    for (int p = 0; p < m->workers.pools.n; p++)
        mx_score_set_others(m->workers.score, p, others || m->workers.sockets.lent[p]);
}

/* ---- upgrade: the successor's side ---- */

/* "scaled POOL WANT CONFIGURED": a number that was set by command stays, unless the setting is
 * another one now. "draining POOL": nor is it in service here. */
static void keep(struct master *m, struct mx_str line)
{
    struct mx_str verb, name, want, configured = line;
    int pool;
    int64_t n;

    mx_str_split(&configured, ' ', &verb);
    mx_str_split(&configured, ' ', &name);
    pool = mx_pools_find(&m->workers.pools, name);
    if (pool >= 0 && mx_str_eqc(verb, "draining"))
        mx_score_drain(m->workers.score, pool, mx_mono_ns());
    if (pool < 0 || !mx_str_eqc(verb, "scaled"))
        return;
    mx_str_split(&configured, ' ', &want);
    if (mx_str_i64(want, 1, m->workers.n, &n) &&
        mx_str_eqc(configured, mx_range_text(m->texts, m->plan->pools.at[pool].workers)))
        (void)mx_pools_pin(&m->pools, m->texts, m->generation, pool, n);
}

/* The sockets are ours alone. */
static void take_over(struct master *m)
{
    if (!m->beside)
        return;
    mx_log(MX_LOG_INFO, "takes over");
    m->beside = m->control.quiet = m->scrape.quiet = false;
    m->unnamed = m->before >= 0;
    mx_master_set_others(m, false);
}

static void before_says(struct master *m, const char *message)
{
    struct mx_str rest = mx_str_c(message), line;

    if (strcmp(message, "take over") == 0)
        take_over(m);
    if (strcmp(message, "main process") == 0) {
        m->unnamed = false;
        mx_master_notify(m, "READY=1");
    }
    while (mx_str_split(&rest, '\n', &line))
        keep(m, line);
}

/* If it died it will not let go of anything, and nobody but us is left. */
void mx_master_before_tick(struct master *m)
{
    char message[MX_UPGRADE_MESSAGE];
    bool gone = false;

    while (m->before >= 0 && mx_predecessor_hear(m->before, message, &gone))
        before_says(m, message);
    if (!gone)
        return;
    close(m->before);
    m->before = -1;
    m->unnamed = false;
    take_over(m);
}

/* ---- upgrade: the predecessor's side ---- */

static const char *sizes(struct master *m)
{
    const struct mx_pools *pools = &m->plan->pools;
    const char *text = "";

    for (int p = 0; p < pools->n; p++) {
        if (m->pools.at[p].pinned)
            text =
                mx_arena_printf(m->texts, "%sscaled %s %d %s\n", text, pools->at[p].name,
                                m->pools.at[p].want, mx_range_text(m->texts, pools->at[p].workers));
        if (mx_score_drains(m->workers.score, p) > 0)
            text = mx_arena_printf(m->texts, "%sdraining %s\n", text, pools->at[p].name);
    }
    return text;
}

const char *mx_master_upgrade(struct master *m)
{
    struct mx_pass pass[MX_PASSED_MAX];
    struct mx_upgrade up = {.argv = m->p->command_line,
                            .pass = pass,
                            .sizes = sizes(m),
                            .boot_ns = m->plan->conf->boot_timeout_s * NS_PER_S,
                            .grace_ns = m->plan->conf->drain_timeout_s * NS_PER_S + KILL_MARGIN_NS};
    const char *why;

    if (m->stopping || m->next || !m->was_ready)
        return "not while starting, stopping or reloading";
    if (m->successor.state != MX_UPGRADE_NONE)
        return "an upgrade is under way";
    if (m->before >= 0)
        return "an upgrade is under way: the program before has workers that drain";
    if (getpid() == 1)
        return "this is the first process of its container, which would end with it: replace the "
               "container";
    up.n = mx_sockets_passes(&m->workers.sockets, m->texts, &m->workers.pools, pass);
    pass[up.n++] = (struct mx_pass){MX_NAME_CONTROL, m->control.fd};
    if (m->scrape.fd >= 0)
        pass[up.n++] = (struct mx_pass){MX_NAME_METRICS, m->scrape.fd};
    up.n += mx_region_passes(pass + up.n, MX_PASSED_MAX / 2);
    mx_log(MX_LOG_INFO, "upgrade", MX_KC("program", up.argv[0]));
    /* Should we die from here on, our workers keep the connections that they have for the time that
     * it needs to begin. */
    mx_master_set_others(m, true);
    why = mx_successor_start(&m->successor, m->texts, &up);
    if (why)
        mx_master_set_others(m, false);
    else
        mx_master_notify_reloading(m);
    return why;
}

/* It came to nothing: answer those who wait for it. */
static void upgrade_failed(struct master *m, const char *why)
{
    mx_log(MX_LOG_ERROR, "upgrade failed, the program of before serves on", MX_KC("why", why));
    mx_master_set_others(m, false);
    mx_control_done(&m->control, WAIT_UPGRADE, mx_str_fmt(m->texts, "error: %s\n", why));
    mx_master_notify(m, "READY=1");
}

/* The successor's workers serve beside ours: leave all to it. */
static void hand_over(struct master *m)
{
    bool reload_asked = m->reload_asked;

    if (!mx_successor_give(&m->successor))
        return;
    mx_log(MX_LOG_INFO, "replaced, stopping", MX_KC("by", m->successor.program));
    mx_net_notify(mx_arena_printf(m->texts, "MAINPID=%d", (int)m->successor.pid));
    mx_successor_named(&m->successor);
    m->control.quiet = m->scrape.quiet = true;
    mx_master_begin_to_stop(m, "another program has taken over: ask again");
    if (reload_asked)
        kill(m->successor.pid, SIGHUP);
    mx_workers_stop(&m->workers, 0, SIGTERM, -1);
}

void mx_master_upgrade_tick(struct master *m)
{
    mx_successor_tick(&m->successor);
    if (m->successor.state == MX_UPGRADE_READY && !m->stopping)
        hand_over(m);
    if (m->successor.state != MX_UPGRADE_FAILED)
        return;
    upgrade_failed(m, m->successor.why);
    mx_successor_forget(&m->successor);
}

/* Nobody is left to serve when the successor ends before we do: the service manager shall see it.
 */
void mx_master_other_ended(void *arg, pid_t pid, int status)
{
    struct master *m = arg;

    if (m->successor.state == MX_UPGRADE_GIVEN && pid == m->successor.pid) {
        mx_log(MX_LOG_ERROR, "the program that had taken over has ended");
        m->exit_status = 1;
    }
    mx_successor_reaped(&m->successor, pid, status);
}
