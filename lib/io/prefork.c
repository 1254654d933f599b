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
#include "io/prefork_priv.h"
#include "io/scrape.h"
#include "io/settings_file.h"
#include "io/status.h"
#include "io/workers.h"

#define TICK_MS 100
#define FAST_STOP_NS INT64_C(3000000000)
#define ARENA_MAX ((size_t)4 << 20)

#define SETTLE_MARGIN_NS INT64_C(5000000000)

/* ---- sizes ---- */

int mx_master_configured(const struct mx_settings *conf, enum mx_pool pool)
{
    int64_t room = conf->workers_max / 2 - conf->slow_workers, n = conf->workers;

    if (pool == MX_POOL_SLOW)
        return (int)conf->slow_workers;
    if (n == 0) {
        n = 2 * (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
        n = n > room ? room : n;
    }
    return (int)(n > 0 ? n : 1);
}

/* Both generations of a reload must find seats. */
bool mx_master_fits(const struct master *m, const int want[MX_POOLS])
{
    return 2 * (want[MX_POOL_FAST] + want[MX_POOL_SLOW]) <= m->workers.n;
}

static bool fill(struct master *m, const struct mx_settings *conf, int generation,
                 const int want[MX_POOLS])
{
    bool all = true;

    for (int p = 0; p < MX_POOLS; p++)
        all &= mx_workers_fill(&m->workers, conf, generation, (enum mx_pool)p, want[p]);
    return all;
}

static bool all_ready(const struct master *m, int generation, const int want[MX_POOLS])
{
    for (int p = 0; p < MX_POOLS; p++)
        if (mx_workers_ready(&m->workers, (enum mx_pool)p, generation) < want[p])
            return false;
    return true;
}

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

static void warn_fixed(const struct mx_settings *old, const struct mx_settings *new)
{
    const struct {
        const char *name;
        bool changed;
    } fixed[] = {{"socket", strcmp(old->socket, new->socket) != 0},
                 {"socket_slow", strcmp(old->socket_slow, new->socket_slow) != 0},
                 {"control", strcmp(old->control, new->control) != 0},
                 {"metrics_socket", strcmp(old->metrics_socket, new->metrics_socket) != 0},
                 {"log", strcmp(old->log, new->log) != 0},
                 {"backlog", old->backlog != new->backlog},
                 {"workers_max", old->workers_max != new->workers_max}};

    for (size_t i = 0; i < MX_LEN(fixed); i++)
        if (fixed[i].changed)
            mx_log(MX_LOG_WARN, "changed setting takes effect at the next restart",
                   MX_KC("setting", fixed[i].name));
}

/* Read the settings again. NULL, or the first error. */
static const char *reload_read(struct master *m)
{
    struct mx_settings *conf;
    struct mx_buf errors;
    struct mx_str rest, line, first = {0};

    m->next_arena = mx_arena_new(4096, ARENA_MAX);
    conf = MX_NEW(m->next_arena, struct mx_settings);
    mx_buf_init(&errors, m->texts, 65536);
    if (mx_settings_load(m->next_arena, m->p->settings_path, conf, &errors) == MX_OK) {
        m->next = conf;
        return NULL;
    }
    rest = mx_buf_view(&errors);
    while (mx_str_split(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        mx_log(MX_LOG_ERROR, "bad settings", MX_KS("error", line));
        first = first.p ? first : line;
    }
    return mx_arena_printf(m->texts, "bad settings: %.*s", MX_FMT(first));
}

/* A number of workers set by command stays, unless the setting itself has changed. */
static void next_sizes(struct master *m, bool keep[MX_POOLS])
{
    for (int p = 0; p < MX_POOLS; p++) {
        int now = mx_master_configured(m->conf, (enum mx_pool)p),
            next = mx_master_configured(m->next, (enum mx_pool)p);

        keep[p] = m->scaled[p] && now == next;
        m->next_want[p] = keep[p] ? m->want[p] : next;
    }
}

/* Start the next generation, as soon as there are seats for it. */
static void reload_begin(struct master *m)
{
    const char *why;
    bool keep[MX_POOLS];

    m->reload_asked = false;
    mx_control_pass(&m->control, WAIT_RELOAD, WAIT_GENERATION);
    why = reload_read(m);
    if (why) {
        forget_next(m);
        reload_refuse(m, why);
        return;
    }
    next_sizes(m, keep);
    if (!mx_master_fits(m, m->next_want)) {
        forget_next(m);
        reload_refuse(m, "workers_max is too small for two generations");
        return;
    }
    if (mx_workers_taken(&m->workers) + m->next_want[MX_POOL_FAST] + m->next_want[MX_POOL_SLOW] >
        m->workers.n) {
        forget_next(m);
        if (!m->reload_waits)
            mx_log(MX_LOG_WARN, "reload waits for old workers to drain: no free worker slots");
        m->reload_asked = m->reload_waits = true;
        return;
    }
    memcpy(m->scaled, keep, sizeof m->scaled);
    warn_fixed(m->started, m->next);
    mx_log(MX_LOG_INFO, "reload", MX_KI("generation", m->generation + 1));
    mx_master_notify_reloading(m);
    m->workers.boot_generation = m->generation + 1;
    m->workers.boot_deaths = 0;
    m->boot_end_ns = mx_mono_ns() + m->conf->boot_timeout_s * NS_PER_S;
    m->reload_waits = false;
    (void)fill(m, m->next, m->generation + 1, m->next_want);
}

/* The new generation serves: let the old one go. */
static void reload_finish(struct master *m)
{
    int old = m->generation++;

    mx_workers_stop(&m->workers, old, SIGTERM, -1);
    mx_arena_free(m->conf_arena);
    m->conf_arena = m->next_arena;
    m->conf = m->next;
    m->next_arena = NULL;
    forget_next(m);
    memcpy(m->want, m->next_want, sizeof m->want);
    mx_settings_log(m->conf);
    mx_log(MX_LOG_INFO, "ready", MX_KI("generation", m->generation),
           MX_KI("fast", m->want[MX_POOL_FAST]), MX_KI("slow", m->want[MX_POOL_SLOW]));
    mx_master_notify(m, "READY=1");
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
    if (all_ready(m, m->generation + 1, m->next_want)) {
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
    for (int g = m->alone + 1; g <= m->generation; g++)
        mx_control_done(&m->control, WAIT_ALONE + g, text);
}

static void stop(struct master *m, bool fast)
{
    if (!m->stopping) {
        mx_log(MX_LOG_INFO, "stopping", MX_KC("how", fast ? "fast" : "graceful"));
        if (!m->beside) {
            mx_master_notify(m, "STOPPING=1");
            mx_sockets_shut(&m->workers.sockets, m->started);
        }
        if (m->successor.state == MX_UPGRADE_BOOTS)
            mx_successor_refuse(&m->successor, "stopping");
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
    } else if (!all_ready(m, m->generation, m->want)) {
        return;
    } else if (m->beside) {
        if (!m->told_ready)
            mx_predecessor_say(m->before,
                               mx_arena_printf(m->texts, "ready %s", mx_master_program(m)));
        m->told_ready = true;
    } else {
        m->was_ready = true;
        m->workers.boot_generation = 0;
        mx_log(MX_LOG_INFO, "ready", MX_KI("generation", m->generation),
               MX_KI("fast", m->want[MX_POOL_FAST]), MX_KI("slow", m->want[MX_POOL_SLOW]));
        mx_master_notify(m, "READY=1");
    }
}

/* A scaling is done when the workers are there, those that are not wanted any more have ended, and
 * every kept connection was made since: what comes now goes to all of them. */
static void scale_tick(struct master *m)
{
    int64_t now_ns = mx_mono_ns();
    bool full = all_ready(m, m->generation, m->want);
    int leaving = 0, older = 0;

    if (m->full_ns == 0 && full)
        m->full_ns = now_ns;
    for (int p = 0; p < MX_POOLS; p++) {
        leaving += mx_workers_leaving(&m->workers, (enum mx_pool)p);
        older += mx_workers_older(&m->workers, (enum mx_pool)p, m->generation, m->full_ns);
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
    (void)fill(m, m->conf, m->generation, m->want);
    boot_tick(m);
    if (m->stopping)
        return;
    reload_tick(m);
    alone_tick(m);
    scale_tick(m);
}

/* ---- commands ---- */

/* NULL, or why not. */
static const char *scale(struct master *m, enum mx_pool pool, int64_t n)
{
    int others = -m->want[pool];

    for (int p = 0; p < MX_POOLS; p++)
        others += m->want[p];
    if (m->stopping || m->next || m->successor.state != MX_UPGRADE_NONE)
        return "not while stopping, reloading or upgrading";
    if (n < 1 || n > m->workers.n / 2 - others)
        return mx_arena_printf(m->texts, "the %s pool can have 1 to %d workers (workers_max)",
                               mx_pool_names[pool], m->workers.n / 2 - others);
    mx_log(MX_LOG_INFO, "scaled", MX_KC("pool", mx_pool_names[pool]), MX_KI("from", m->want[pool]),
           MX_KI("to", n));
    if (n != m->want[pool])
        m->full_ns = 0;
    m->settle_end_ns = mx_mono_ns() + m->conf->drain_timeout_s * NS_PER_S + SETTLE_MARGIN_NS;
    m->want[pool] = (int)n;
    m->scaled[pool] = true;
    mx_workers_trim(&m->workers, m->generation, pool, (int)n);
    return NULL;
}

/* Carry out "[POOL] N", "[POOL] +N" or "[POOL] -N". NULL, or why not. */
static const char *scale_line(struct master *m, struct mx_str line)
{
    enum mx_pool pool = MX_POOL_FAST;
    struct mx_str rest = line, word;
    int64_t n, sign = 0;

    mx_str_split(&rest, ' ', &word);
    for (int p = 0; p < MX_POOLS; p++)
        if (mx_str_eqc(word, mx_pool_names[p])) {
            pool = (enum mx_pool)p;
            word = mx_str_trim(rest);
            rest = (struct mx_str){0};
        }
    if (rest.n > 0)
        return mx_arena_printf(m->texts, "there is no pool %.*s; the pools are %s and %s",
                               MX_FMT(word), mx_pool_names[MX_POOL_FAST],
                               mx_pool_names[MX_POOL_SLOW]);
    if (mx_str_starts(word, MX_S("+")) || mx_str_starts(word, MX_S("-")))
        sign = word.p[0] == '+' ? 1 : -1;
    if (!mx_str_i64(mx_str_sub(word, sign != 0, word.n), sign != 0, SCALE_MAX, &n))
        return "scale takes [POOL] and a number of workers, or +N or -N";
    return scale(m, pool, sign == 0 ? n : m->want[pool] + sign * n);
}

static struct mx_status status_of(const struct master *m)
{
    struct mx_status st = {
        .workers = &m->workers,
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

    memcpy(st.want, m->want, sizeof st.want);
    memcpy(st.scaled, m->scaled, sizeof st.scaled);
    return st;
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
    mx_metrics_text(mx_metrics_view(m->texts, m->started), MX_METRICS_TEXT, &c->out);
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

static void verb_scale(struct master *m, struct mx_control_client *c, struct mx_str arg)
{
    const char *why = scale_line(m, arg);

    if (why)
        mx_buf_fmt(&c->out, "error: %s\n", why);
    else
        c->waits_for = WAIT_SCALE;
}

static void on_verb(void *arg, struct mx_control_client *c, struct mx_str line)
{
    static const struct {
        const char *line;

        void (*fn)(struct master *m, struct mx_control_client *c);
    } verbs[] = {{"status", verb_status}, {"status json", verb_json}, {"metrics", verb_metrics},
                 {"reload", verb_reload}, {"upgrade", verb_upgrade},  {"stop", verb_stop}};
    struct master *m = arg;

    for (size_t i = 0; i < MX_LEN(verbs); i++)
        if (mx_str_eqc(line, verbs[i].line)) {
            verbs[i].fn(m, c);
            return;
        }
    if (mx_str_starts(line, MX_S("scale ")))
        verb_scale(m, c, mx_str_sub(line, 6, line.n));
    else
        mx_buf_c(&c->out, "error: unknown command\n");
}

static void on_scrape(void *arg, struct mx_control_client *c, struct mx_str head)
{
    const struct master *m = arg;

    mx_scrape_answer(head, m->started, &c->out);
}

/* ---- signals ---- */

static void step(struct master *m, int by)
{
    const char *why = scale(m, MX_POOL_FAST, m->want[MX_POOL_FAST] + by);

    if (why)
        mx_log(MX_LOG_WARN, "scaling refused", MX_KC("why", why));
}

static void reopen_log(struct master *m)
{
    if (!mx_log_reopen())
        mx_log(MX_LOG_ERROR, "cannot reopen the log file", MX_KC("why", strerror(errno)));
    mx_workers_signal(&m->workers, SIGUSR1);
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
        step(m, 1);
        break;
    case SIGTTOU:
        step(m, -1);
        break;
    case SIGUSR1:
        reopen_log(m);
        break;
    case SIGUSR2:
        why = mx_master_upgrade(m);
        if (why)
            mx_master_upgrade_refuse(m, why);
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
    const struct mx_settings *conf = m->started;
    int mode = (int)strtol(conf->socket_mode, NULL, 8);

    if (!mx_control_open(&m->control, m->texts, MX_NAME_CONTROL, conf->control, 0600, "", ret_why))
        return false;
    return !*conf->metrics_socket ||
           mx_control_open(&m->scrape, m->texts, MX_NAME_METRICS, conf->metrics_socket, mode,
                           conf->socket_group, ret_why);
}

static void publish(struct master *m)
{
    struct mx_status st = status_of(m);

    mx_status_publish(&st);
    mx_master_notify_tick(m, st.phase);
}

static void turn(struct master *m)
{
    struct pollfd p[2 * (MX_CONTROL_CLIENTS + 1) + 3];
    int n = mx_control_poll(&m->control, p);

    n += mx_control_poll(&m->scrape, p + n);
    p[n++] = (struct pollfd){.fd = m->signals, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = m->before, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = m->successor.fd, .events = POLLIN};
    (void)poll(p, (nfds_t)n, TICK_MS);
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
        why = mx_sockets_open(&m->workers.sockets, m->texts, m->started);
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
    m->workers.boot_generation = m->generation;
    (void)fill(m, m->conf, m->generation, m->want);
    while (!m->stopping || mx_workers_taken(&m->workers) > 0 ||
           m->successor.state == MX_UPGRADE_FAILS)
        turn(m);
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
    struct master m = {.p = p,
                       .started = conf,
                       .conf = conf,
                       .generation = 1,
                       .alone = 1,
                       .successor = {.fd = -1, .errors = -1}};
    int status;

    m.born_ns = mx_mono_ns();
    m.started_ms = mx_wall_ms();
    m.texts = mx_arena_new(4096, ARENA_MAX);
    mx_workers_init(&m.workers, p, (int)conf->workers_max);
    m.workers.in_child = in_child;
    m.workers.other_ended = mx_master_other_ended;
    m.workers.arg = &m;
    m.control = (struct mx_control_server){.fd = -1, .mark = "\n", .verb = on_verb, .arg = &m};
    m.scrape =
        (struct mx_control_server){.fd = -1, .mark = "\r\n\r\n", .verb = on_scrape, .arg = &m};
    for (int i = 0; i < MX_POOLS; i++)
        m.want[i] = mx_master_configured(conf, (enum mx_pool)i);
    MX_ASSERT(mx_master_fits(&m, m.want)); /* a rule of the settings */
    status = run(&m);
    mx_workers_release(&m.workers);
    mx_arena_free(m.conf_arena);
    mx_arena_free(m.texts);
    return status;
}
