#include "io/prefork.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/control.h"
#include "io/metrics.h"
#include "io/net.h"
#include "io/plan.h"
#include "io/prefork_priv.h"
#include "io/scrape.h"
#include "io/settings_file.h"
#include "io/status.h"

#define TICK_MS 100
#define FAST_STOP_NS INT64_C(3000000000)
#define ARENA_MAX ((size_t)4 << 20)

/* ---- reload ---- */

static void reload_answer(struct master *m, struct mx_str text)
{
    m->reload_waits = false;
    mx_control_done(&m->control, WAIT_GENERATION, text);
}

static void reload_refuse(struct master *m, const char *why)
{
    mx_log(MX_LOG_ERROR, "reload failed, the old workers keep serving", MX_KC("why", why));
    mx_master_notify(m, "READY=1");
    reload_answer(m, mx_str_fmt(m->texts, "error: %s\n", why));
}

static void forget_next(struct master *m)
{
    mx_arena_free(m->next_arena);
    m->next_arena = NULL;
    m->next = NULL;
    m->workers.boot_generation = 0;
}

/* Read the settings again. NULL, or the first error. */
static const char *reload_read(struct master *m)
{
    struct mx_plan *plan;
    const char *why;

    m->next_arena = mx_arena_new(4096, ARENA_MAX);
    plan = MX_NEW(m->next_arena, struct mx_plan);
    why = mx_plan_read(m->next_arena, m->texts, m->p->settings_path, plan);
    if (why)
        return why;
    mx_pools_align(&m->pools, &plan->pools);
    m->next = plan;
    return NULL;
}

/* Start the next generation, as soon as there are seats for it. */
static void reload_begin(struct master *m)
{
    const char *why;

    m->reload_asked = false;
    mx_control_pass(&m->control, WAIT_RELOAD, WAIT_GENERATION);
    why = reload_read(m);
    if (why) {
        forget_next(m);
        reload_refuse(m, why);
        return;
    }
    if (!mx_pools_next(&m->pools, m->next)) {
        forget_next(m);
        reload_refuse(m, "workers_max is too small for two generations");
        return;
    }
    if (mx_workers_taken(&m->workers) + mx_pools_total(&m->pools, true) > m->workers.n) {
        forget_next(m);
        if (!m->reload_waits)
            mx_log(MX_LOG_WARN, "reload waits for old workers to drain: no free worker slots");
        m->reload_asked = m->reload_waits = true;
        return;
    }
    mx_plan_warn(m->started->conf, m->next->conf);
    mx_log(MX_LOG_INFO, "reload", MX_KI("generation", m->generation + 1));
    mx_master_notify_reloading(m);
    m->workers.boot_generation = m->generation + 1;
    m->workers.boot_deaths = 0;
    m->boot_end_ns = mx_mono_ns() + m->plan->conf->boot_timeout_s * NS_PER_S;
    m->reload_waits = false;
    mx_pools_fill(&m->pools, m->next, m->generation + 1, true);
}

static void say_ready(const struct master *m)
{
    mx_log(MX_LOG_INFO, "ready", MX_KI("generation", m->generation),
           MX_KI("workers", mx_pools_total(&m->pools, false)));
    mx_master_notify(m, "READY=1");
}

/* The new generation serves: let the old one go. */
static void reload_finish(struct master *m)
{
    int old = m->generation++;

    mx_workers_stop(&m->workers, old, SIGTERM, -1);
    mx_pools_switch(&m->pools, m->next);
    mx_arena_free(m->plan_arena);
    m->plan_arena = m->next_arena;
    m->plan = m->next;
    mx_killer_start(&m->workers.killer, m->plan->conf);
    m->next_arena = NULL;
    forget_next(m);
    mx_settings_log(m->plan->conf);
    say_ready(m);
    mx_control_pass(&m->control, WAIT_GENERATION, WAIT_ALONE + m->generation);
}

/* Answer the reloads whose old workers have ended. */
static void alone_tick(struct master *m)
{
    for (int g = m->alone + 1; g <= m->generation && mx_workers_before(&m->workers, g) == 0; g++) {
        mx_control_done(&m->control, WAIT_ALONE + g,
                        mx_str_fmt(m->texts, "ok\ngeneration %d\n", g));
        m->alone = g;
    }
}

/* Why the next generation does not come. */
static const char *boot_fault(struct master *m)
{
    char why[MX_REFUSAL_MAX];

    if (m->workers.boot_deaths == 0)
        return "the new workers were not ready in time";
    if (mx_score_refusal(m->workers.score, why))
        return mx_arena_printf(m->texts, "a new worker cannot serve: %s", why);
    return "a new worker died at its start: see the log, and merx check";
}

static void reload_tick(struct master *m)
{
    if (!m->next) {
        if (m->reload_asked && m->was_ready && m->successor.state == MX_UPGRADE_NONE)
            reload_begin(m);
        return;
    }
    if (mx_pools_ready(&m->pools, m->generation + 1, true)) {
        reload_finish(m);
    } else if (m->workers.boot_deaths > 0 || mx_mono_ns() > m->boot_end_ns) {
        mx_workers_stop(&m->workers, m->generation + 1, SIGTERM, -1);
        forget_next(m);
        reload_refuse(m, boot_fault(m));
    }
}

/* ---- start and stop ---- */

/* Nothing new is begun from here on; `why` goes to those who wait for something. */
void mx_master_begin_to_stop(struct master *m, const char *why)
{
    struct mx_str text = mx_str_fmt(m->texts, "error: %s\n", why);

    m->stopping = true;
    if (m->next)
        forget_next(m);
    m->reload_asked = false;
    mx_control_done(&m->control, WAIT_RELOAD, text);
    reload_answer(m, text);
    mx_control_done(&m->control, WAIT_SCALE, text);
    mx_control_done(&m->control, WAIT_DRAIN, text);
    for (int g = m->alone + 1; g <= m->generation; g++)
        mx_control_done(&m->control, WAIT_ALONE + g, text);
}

static void stop(struct master *m, bool fast)
{
    if (!m->stopping) {
        mx_log(MX_LOG_INFO, "stopping", MX_KC("how", fast ? "fast" : "graceful"));
        if (!m->beside) {
            mx_master_notify(m, "STOPPING=1");
            mx_sockets_shut(&m->workers.sockets, &m->workers.pools);
        }
        if (m->successor.state == MX_UPGRADE_BOOTS) {
            mx_successor_refuse(&m->successor, "stopping");
            mx_master_set_others(m, false);
        }
        mx_master_begin_to_stop(m, "stopping");
    }
    mx_workers_stop(&m->workers, 0, fast ? SIGINT : SIGQUIT, fast ? FAST_STOP_NS : -1);
}

/* The first generation does not come. One that is alone waits for what is not there yet; one that
 * has another master beside it leaves the sockets to that. */
static void give_up(struct master *m)
{
    m->exit_status = MX_EXIT_FATAL;
    if (m->beside)
        mx_predecessor_say(m->before, mx_arena_printf(m->texts, "failed %s", boot_fault(m)));
    stop(m, !m->beside);
}

const char *mx_master_program(const struct master *m)
{
    const struct mx_build *b = &m->p->build;

    return mx_arena_printf(m->texts, "merx %s build %s schema %d, master %d", b->version, b->name,
                           b->schema, (int)getpid());
}

/* Wait for the first generation. */
static void boot_tick(struct master *m)
{
    if (m->was_ready)
        return;
    if (m->workers.boot_fatal || (m->beside && m->workers.boot_deaths > 0)) {
        give_up(m);
    } else if (!mx_pools_ready(&m->pools, m->generation, false)) {
        return;
    } else if (m->beside) {
        if (!m->told_ready)
            mx_predecessor_say(m->before,
                               mx_arena_printf(m->texts, "ready %s", mx_master_program(m)));
        m->told_ready = true;
    } else {
        m->was_ready = true;
        m->workers.boot_generation = 0;
        say_ready(m);
    }
}

/* ---- the tick ---- */

static void tick(struct master *m)
{
    mx_workers_reap(&m->workers);
    mx_workers_tick(&m->workers);
    if (m->workers.boot_generation == 0)
        mx_score_forget_refusal(m->workers.score);
    mx_master_before_tick(m);
    mx_master_upgrade_tick(m);
    if (m->stopping)
        return;
    if (m->was_ready && !m->next && mx_pools_follow(&m->pools, m->generation))
        m->full_ns = 0;
    mx_pools_fill(&m->pools, m->plan, m->generation, false);
    boot_tick(m);
    if (m->stopping)
        return;
    reload_tick(m);
    alone_tick(m);
    mx_master_pools_tick(m);
}

/* ---- commands ---- */

static struct mx_status status_of(const struct master *m)
{
    return (struct mx_status){
        .workers = &m->workers,
        .pools = &m->pools,
        .build = m->p->build,
        .pid = (int)getpid(),
        .generation = m->generation,
        .born_ns = m->born_ns,
        .started_ms = m->started_ms,
        .phase = m->stopping                             ? "stopping"
                 : !m->was_ready                         ? "starting"
                 : m->next                               ? "reloading"
                 : m->successor.state != MX_UPGRADE_NONE ? "upgrading"
                                                         : "serving",
    };
}

static void verb_status(struct master *m, struct mx_control_client *c)
{
    struct mx_status st = status_of(m);

    mx_buf_c(&c->out, "ok\n");
    mx_status_text(&st, &c->out);
}

static void verb_json(struct master *m, struct mx_control_client *c)
{
    struct mx_status st = status_of(m);

    mx_buf_c(&c->out, "ok\n");
    mx_status_json(&st, &c->out);
}

static void verb_metrics(struct master *m, struct mx_control_client *c)
{
    struct mx_status st = status_of(m);

    mx_status_publish(&st);
    mx_buf_c(&c->out, "ok\n");
    mx_metrics_text(mx_metrics_view(m->texts, m->started->conf), MX_METRICS_TEXT, &c->out);
}

static void verb_reload(struct master *m, struct mx_control_client *c)
{
    if (m->stopping || m->successor.state != MX_UPGRADE_NONE) {
        mx_buf_c(&c->out, m->stopping ? "error: stopping\n" : "error: an upgrade is under way\n");
        return;
    }
    m->reload_asked = true;
    c->waits_for = WAIT_RELOAD;
}

static void verb_upgrade(struct master *m, struct mx_control_client *c)
{
    const char *why = mx_master_upgrade(m);

    if (why)
        mx_buf_fmt(&c->out, "error: %s\n", why);
    else
        c->waits_for = WAIT_UPGRADE;
}

static void verb_stop(struct master *m, struct mx_control_client *c)
{
    c->waits_for = WAIT_STOP;
    stop(m, false);
}

static void on_verb(void *arg, struct mx_control_client *c, struct mx_str line)
{
    static const struct {
        const char *line;

        void (*fn)(struct master *m, struct mx_control_client *c);
    } verbs[] = {{"status", verb_status}, {"status json", verb_json}, {"metrics", verb_metrics},
                 {"reload", verb_reload}, {"upgrade", verb_upgrade},  {"stop", verb_stop}};
    static const struct {
        const char *word;

        void (*fn)(struct master *m, struct mx_control_client *c, struct mx_str arg);
    } with_words[] = {
        {"scale", mx_master_scale}, {"drain", mx_master_drain}, {"resume", mx_master_resume}};
    struct mx_str rest = line, word;
    struct master *m = arg;

    for (size_t i = 0; i < MX_LEN(verbs); i++)
        if (mx_str_eqc(line, verbs[i].line)) {
            verbs[i].fn(m, c);
            return;
        }
    mx_str_split(&rest, ' ', &word);
    for (size_t i = 0; i < MX_LEN(with_words); i++)
        if (mx_str_eqc(word, with_words[i].word)) {
            with_words[i].fn(m, c, mx_str_trim(rest));
            return;
        }
    mx_buf_c(&c->out, "error: unknown command\n");
}

static void on_scrape(void *arg, struct mx_control_client *c, struct mx_str head)
{
    const struct master *m = arg;

    mx_scrape_answer(head, m->started->conf, &c->out);
}

/* ---- signals ---- */

static void reopen_log(struct master *m)
{
    if (!mx_log_reopen())
        mx_log(MX_LOG_ERROR, "cannot reopen the log file", MX_KC("why", strerror(errno)));
    mx_workers_signal(&m->workers, SIGUSR1);
    /* It waits for orders, not for signals. */
    mx_killer_start(&m->workers.killer, m->plan->conf);
}

static void on_signal(struct master *m, int sig)
{
    const char *why;

    switch (sig) {
    case SIGTERM:
    case SIGQUIT:
        stop(m, m->stopping);
        break;
    case SIGINT:
        stop(m, true);
        break;
    case SIGHUP:
        m->reload_asked = !m->stopping;
        break;
    case SIGTTIN:
        mx_master_step(m, 1);
        break;
    case SIGTTOU:
        mx_master_step(m, -1);
        break;
    case SIGUSR1:
        reopen_log(m);
        break;
    case SIGUSR2:
        why = mx_master_upgrade(m);
        if (why)
            mx_log(MX_LOG_WARN, "upgrade refused", MX_KC("why", why));
        break;
    default: /* SIGCHLD: the tick collects the dead */
        break;
    }
}

static void take_signals(struct master *m)
{
    struct signalfd_siginfo si;

    while (read(m->signals, &si, sizeof si) == (ssize_t)sizeof si)
        on_signal(m, (int)si.ssi_signo);
}

/* ---- the master ---- */

static void in_child(void *arg)
{
    struct master *m = arg;

    close(m->signals);
    if (m->before >= 0)
        close(m->before);
    mx_successor_forget(&m->successor);
    mx_control_close(&m->control, false);
    mx_control_close(&m->scrape, false);
}

/* The sockets for questions to the master. False with *ret_why. */
static bool open_questions(struct master *m, const char **ret_why)
{
    const struct mx_settings *conf = m->started->conf;
    int mode = (int)strtol(conf->socket_mode, NULL, 8);

    *ret_why = mx_control_open(&m->control, m->texts, MX_NAME_CONTROL, conf->control, 0600, "");
    if (!*ret_why && *conf->metrics_socket)
        *ret_why = mx_control_open(&m->scrape, m->texts, MX_NAME_METRICS, conf->metrics_socket,
                                   mode, conf->socket_group);
    return !*ret_why;
}

static void publish(struct master *m)
{
    struct mx_status st = status_of(m);

    mx_status_publish(&st);
    mx_master_notify_tick(m, st.phase);
}

static void turn(struct master *m)
{
    struct pollfd p[2 * (MX_CONTROL_CLIENTS + 1) + 3 + MX_POOLS_MAX];
    int n = mx_control_poll(&m->control, p), waiting = 0;

    n += mx_control_poll(&m->scrape, p + n);
    p[n++] = (struct pollfd){.fd = m->signals, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = m->before, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = m->successor.fd, .events = POLLIN};
    if (m->was_ready && !m->stopping)
        waiting = mx_pools_poll(&m->pools, p + n);
    if (poll(p, (nfds_t)(n + waiting), TICK_MS) > 0)
        (void)mx_pools_demand(&m->pools, p + n, waiting);
    take_signals(m);
    mx_control_turn(&m->control);
    mx_control_turn(&m->scrape);
    tick(m);
    publish(m);
    mx_arena_reset(m->texts);
}

/* Take over or open the sockets. NULL, or why not. */
static const char *start(struct master *m)
{
    const struct mx_build *b = &m->p->build;
    const char *why = NULL;

    mx_log(MX_LOG_INFO, "starting", MX_KC("version", b->version), MX_KC("build", b->name),
           MX_KI("schema", b->schema), MX_KC("settings", m->p->settings_path));
    m->before = mx_predecessor();
    m->beside = m->control.quiet = m->scrape.quiet = m->before >= 0;
    /* The control socket first: another master that runs from the same settings holds it. */
    if (open_questions(m, &why))
        why = mx_sockets_open(&m->workers.sockets, m->texts, m->started->conf, &m->workers.pools);
    mx_passed_close();
    return why;
}

static int run(struct master *m)
{
    const char *why = start(m);

    if (why) {
        mx_log(MX_LOG_ERROR, "cannot start", MX_KC("why", why));
        if (m->beside)
            mx_predecessor_say(m->before, mx_arena_printf(m->texts, "failed %s", why));
        mx_control_close(&m->control, !m->beside);
        mx_control_close(&m->scrape, !m->beside);
        return MX_EXIT_FATAL;
    }
    m->signals = mx_master_signals();
    mx_master_set_others(m, m->beside);
    mx_master_before_tick(m);
    mx_killer_start(&m->workers.killer, m->plan->conf);
    m->workers.boot_generation = m->generation;
    mx_pools_fill(&m->pools, m->plan, m->generation, false);
    while (!m->stopping || mx_workers_taken(&m->workers) > 0 ||
           m->successor.state == MX_UPGRADE_FAILS)
        turn(m);
    mx_killer_stop(&m->workers.killer);
    mx_log(MX_LOG_INFO, "stopped");
    mx_control_done(&m->control, WAIT_STOP, MX_S("ok\n"));
    mx_control_done(&m->control, WAIT_UPGRADE,
                    mx_str_fmt(m->texts, "ok\n%s\n", m->successor.program));
    mx_control_close(&m->control, !m->control.quiet);
    mx_control_close(&m->scrape, !m->scrape.quiet);
    close(m->signals);
    return m->exit_status;
}

int mx_prefork_run(const struct mx_settings *conf, const struct mx_prefork *p)
{
    struct mx_arena *strings = mx_arena_new(4096, ARENA_MAX);
    struct mx_plan plan = {.conf = conf};
    struct master m = {.p = p,
                       .started = &plan,
                       .plan = &plan,
                       .generation = 1,
                       .alone = 1,
                       .successor = {.fd = -1, .errors = -1}};
    int status;

    m.born_ns = mx_mono_ns();
    m.started_ms = mx_wall_ms();
    m.texts = mx_arena_new(4096, ARENA_MAX);
    mx_plan_pools(strings, &plan);
    mx_workers_init(&m.workers, p, &plan.pools, (int)conf->workers_max);
    m.pools.workers = &m.workers;
    m.pools.plan = &plan;
    mx_pools_begin(&m.pools);
    m.workers.in_child = in_child;
    m.workers.other_ended = mx_master_other_ended;
    m.workers.arg = &m;
    m.control = (struct mx_control_server){.fd = -1, .mark = "\n", .verb = on_verb, .arg = &m};
    m.scrape =
        (struct mx_control_server){.fd = -1, .mark = "\r\n\r\n", .verb = on_scrape, .arg = &m};
    status = run(&m);
    mx_workers_release(&m.workers);
    mx_arena_free(m.plan_arena);
    mx_arena_free(m.texts);
    mx_arena_free(strings);
    return status;
}
