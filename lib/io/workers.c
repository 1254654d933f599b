#include "io/workers.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "io/net.h"

#define MS INT64_C(1000000)
#define TITLE_MAX 24
#define BACKOFF_FIRST_NS (100 * MS)
#define BACKOFF_MAX_NS (30000 * MS)
#define SETTLED_NS (10000 * MS) /* who lived so long did not die of its birth */
#define KILL_MARGIN_NS (2000 * MS)
/* After its deadline a request has so long to fail by its killed statement, then by its connection
 * that hangs up; then the worker has so long to leave its stack. */
#define CUT_NS (300 * MS)
#define DUMP_NS (700 * MS)
#define STACK_NS (800 * MS)
#define STACK_TEXT 3072
#define SILENT_NS (3000 * MS) /* without a sign of life, on top of two request time-outs */
#define GAP_NS \
    (1000 * MS) /* a master that did not run for so long was stopped, as workers may be */

/* The process that ends statements serves nobody. */
static void in_killer(void *arg)
{
    const struct mx_workers *c = arg;

    for (int p = 0; p < c->pools.n; p++)
        if (c->sockets.fd[p] >= 0)
            close(c->sockets.fd[p]);
    c->in_child(c->arg);
}

void mx_workers_init(struct mx_workers *c, const struct mx_prefork *p, const struct mx_pools *pools,
                     int slots)
{
    *c = (struct mx_workers){.p = p,
                             .n = slots,
                             .pools = *pools,
                             .killer = {.orders = -1, .in_child = in_killer, .arg = c}};
    for (int i = 0; i < MX_POOLS_MAX; i++)
        c->sockets.fd[i] = -1;
    c->score = mx_score_new(slots);
    c->seats = calloc((size_t)slots, sizeof *c->seats);
    if (!c->seats)
        MX_BUG("out of memory");
}

void mx_workers_release(struct mx_workers *c)
{
    free(c->seats);
    c->seats = NULL;
    c->n = 0;
}

static bool works(const struct mx_seat *s, int pool, int generation)
{
    return s->taken && !s->stopping && s->pool == pool && s->generation == generation;
}

/* The seat's line of the scoreboard; false when its worker has not written there yet. */
static bool seat_view(const struct mx_workers *c, int i, struct mx_slot_view *ret_view)
{
    *ret_view = mx_score_read(c->score, i);
    return c->seats[i].pid > 0 && ret_view->pid == c->seats[i].pid;
}

/* Seats of the pool and generation whose workers are not stopping. */
static int count(const struct mx_workers *c, int pool, int generation)
{
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += works(&c->seats[i], pool, generation);
    return n;
}

int mx_workers_ready(const struct mx_workers *c, int pool, int generation)
{
    struct mx_slot_view v;
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += works(&c->seats[i], pool, generation) && !c->seats[i].killed && seat_view(c, i, &v) &&
             (v.state == MX_W_READY || v.state == MX_W_BUSY);
    return n;
}

int mx_workers_taken(const struct mx_workers *c)
{
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += c->seats[i].taken;
    return n;
}

int mx_workers_before(const struct mx_workers *c, int generation)
{
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += c->seats[i].taken && c->seats[i].generation < generation;
    return n;
}

int mx_workers_leaving(const struct mx_workers *c, int pool)
{
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += c->seats[i].taken && c->seats[i].told && c->seats[i].pool == pool;
    return n;
}

int mx_workers_older(const struct mx_workers *c, int pool, int generation, int64_t ns)
{
    struct mx_slot_view v;
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += works(&c->seats[i], pool, generation) && seat_view(c, i, &v) && v.oldest_ns > 0 &&
             v.oldest_ns < ns;
    return n;
}

/* ---- load ---- */

/* Add to the sums of its pool what the seat's worker has done since it was last looked at. */
static void add_up(struct mx_workers *c, int i, int64_t now_ns)
{
    struct mx_seat *s = &c->seats[i];
    struct mx_slot_view v;

    if (!seat_view(c, i, &v) || v.torn)
        return;
    if (v.request_ns > 0 && now_ns > v.request_ns)
        v.busy_ns += (uint64_t)(now_ns - v.request_ns);
    if (v.busy_ns > s->seen.busy_ns)
        c->busy_ns[s->pool] += (int64_t)(v.busy_ns - s->seen.busy_ns);
    c->waited_ns[s->pool] += (int64_t)(v.waited_ns - s->seen.waited_ns);
    c->begun[s->pool] += v.taken - s->seen.taken;
    s->seen = v;
}

struct mx_load mx_workers_load(struct mx_workers *c, int pool, int generation)
{
    struct mx_load load = {.now_ns = mx_mono_ns(), .ready = mx_workers_ready(c, pool, generation)};
    int limit;

    for (int i = 0; i < c->n; i++)
        if (c->seats[i].taken && c->seats[i].pool == pool)
            add_up(c, i, load.now_ns);
    load.busy_ns = c->busy_ns[pool];
    load.waited_ns = c->waited_ns[pool];
    load.taken = c->begun[pool];
    if (c->sockets.fd[pool] < 0 || !mx_net_queue(c->sockets.fd[pool], &load.queued, &limit))
        load.queued = 0;
    return load;
}

int mx_workers_in_hand(const struct mx_workers *c, int pool, int64_t ns, struct mx_buf *out)
{
    struct mx_slot_view v;
    int n = 0;

    for (int i = 0; i < c->n; i++) {
        if (!c->seats[i].taken || c->seats[i].pool != pool || !seat_view(c, i, &v) ||
            v.request_ns == 0 || v.request_ns >= ns)
            continue;
        n++;
        mx_buf_fmt(out, "%s%s of the %s pool (worker %d, %" PRId64 " ms)", out->n > 0 ? "; " : "",
                   v.route, c->pools.at[pool].name, v.pid, (mx_mono_ns() - v.request_ns) / MS);
    }
    return n;
}

/* ---- birth ---- */

MX_NORETURN static void be_worker(struct mx_workers *c, int i, pid_t master)
{
    const struct mx_seat *s = &c->seats[i];
    struct mx_post post = {
        .plan = s->plan, .pool = s->pool, .score = c->score, .slot = i, .shared = c->p->shared};
    char name[TITLE_MAX];

    /* A master that died before this call would not be noticed any more. */
    if (prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || getppid() != master)
        _exit(1);
    snprintf(name, sizeof name, "merx %s", c->pools.at[s->pool].name);
    prctl(PR_SET_NAME, name);
    c->in_child(c->arg);
    mx_metrics_spread(i);
    mx_killer_forget(&c->killer);
    for (int p = 0; p < c->pools.n; p++)
        if (c->sockets.fd[p] >= 0 && s->plan->pools.at[p].served_by == s->pool)
            post.listeners[post.n_listeners++] = c->sockets.fd[p];
        else if (c->sockets.fd[p] >= 0)
            close(c->sockets.fd[p]);
    mx_score_assign(c->score, i, (int)getpid(), s->generation, s->pool);
    _exit(c->p->worker(&post));
}

/* Put off the next attempt: at once after the first failure, then 0.1 s doubling to 30 s. */
static void back_off(struct mx_seat *s, int64_t now_ns)
{
    int64_t wait = s->fails > 0 ? BACKOFF_FIRST_NS << (s->fails < 10 ? s->fails - 1 : 9) : 0;

    s->fails++;
    s->spawn_ns = now_ns + (wait < BACKOFF_MAX_NS ? wait : BACKOFF_MAX_NS);
}

static void spawn(struct mx_workers *c, int i)
{
    struct mx_seat *s = &c->seats[i];
    pid_t master = getpid(), pid;

    fflush(NULL);
    s->born_ns = mx_mono_ns();
    s->base = s->seen = mx_score_read(c->score, i);
    s->was_ready = s->killed = false;
    s->killed_for = MX_EXIT_STOPPED;
    s->overdue = OVERDUE_NOT;
    s->kill_ns = 0;
    pid = fork();
    if (pid == 0)
        be_worker(c, i, master);
    if (pid < 0) {
        mx_log(MX_LOG_ERROR, "fork failed", MX_KC("why", strerror(errno)));
        back_off(s, s->born_ns);
        return;
    }
    s->pid = pid;
}

bool mx_workers_fill(struct mx_workers *c, const struct mx_plan *plan, int generation, int pool,
                     int want)
{
    const struct mx_settings *conf = plan->conf;
    int missing = want - count(c, pool, generation);

    for (int i = 0; i < c->n && missing > 0; i++) {
        if (c->seats[i].taken)
            continue;
        c->seats[i] = (struct mx_seat){.taken = true,
                                       .generation = generation,
                                       .pool = pool,
                                       .plan = plan,
                                       .request_timeout_ns = conf->request_timeout_ms * MS,
                                       .drain_ns = conf->drain_timeout_s * 1000 * MS};
        spawn(c, i);
        missing--;
    }
    return missing <= 0;
}

/* ---- end ---- */

static void leave(struct mx_workers *c, int i)
{
    c->seats[i] = (struct mx_seat){0};
    mx_score_clear(c->score, i);
}

static void stop_seat(struct mx_workers *c, int i, int sig, int64_t grace_ns)
{
    struct mx_seat *s = &c->seats[i];

    s->stopping = s->told = true;
    s->plan = NULL;
    if (s->pid == 0) {
        leave(c, i);
        return;
    }
    kill(s->pid, sig);
    if (!s->killed)
        s->kill_ns = mx_mono_ns() + (grace_ns >= 0 ? grace_ns : s->drain_ns + KILL_MARGIN_NS);
}

void mx_workers_stop(struct mx_workers *c, int generation, int sig, int64_t grace_ns)
{
    for (int i = 0; i < c->n; i++)
        if (c->seats[i].taken && (generation == 0 || c->seats[i].generation == generation))
            stop_seat(c, i, sig, grace_ns);
}

void mx_workers_signal(struct mx_workers *c, int sig)
{
    for (int i = 0; i < c->n; i++)
        if (c->seats[i].pid > 0)
            kill(c->seats[i].pid, sig);
}

/* Does seat `a` go before seat `b` when the pool shrinks? Unborn before idle before busy, then the
 * youngest. */
static bool goes_first(const struct mx_workers *c, int a, int b)
{
    struct mx_slot_view va, vb;
    int ra = !seat_view(c, a, &va) ? 0 : va.request_ns == 0 ? 1 : 2;
    int rb = !seat_view(c, b, &vb) ? 0 : vb.request_ns == 0 ? 1 : 2;

    return ra != rb ? ra < rb : c->seats[a].born_ns > c->seats[b].born_ns;
}

void mx_workers_trim(struct mx_workers *c, int generation, int pool, int want)
{
    int best;

    for (int n = count(c, pool, generation); n > want; n--) {
        best = -1;
        for (int i = 0; i < c->n; i++)
            if (works(&c->seats[i], pool, generation) && (best < 0 || goes_first(c, i, best)))
                best = i;
        stop_seat(c, best, SIGTERM, -1);
    }
}

static void log_death(const struct mx_workers *c, int i, const struct mx_slot_view *v, int status)
{
    const struct mx_seat *s = &c->seats[i];
    bool by_signal = WIFSIGNALED(status);
    char stack[STACK_TEXT];

    mx_stack_text(mx_score_stack(c->score, i), stack, sizeof stack);
    mx_log(
        MX_LOG_ERROR, "worker died", MX_KI("worker", s->pid),
        MX_KC("pool", c->pools.at[s->pool].name), MX_KI("generation", s->generation),
        MX_KI(by_signal ? "signal" : "status", by_signal ? WTERMSIG(status) : WEXITSTATUS(status)),
        MX_KC("route", v->request_ns ? v->route : ""),
        MX_KC("request", v->request_ns ? v->request_id : ""),
        MX_KC("statement", mx_board_statement(mx_score_board(c->score, i))),
        MX_KMS("next_in_ms", s->spawn_ns > mx_mono_ns() ? s->spawn_ns - mx_mono_ns() : 0),
        MX_KC("stack", stack));
}

/* A dead worker's connections that it did not close itself: the server may not see that its client
 * is gone before the statement ends, and would commit it. */
static void end_connections(struct mx_workers *c, int i)
{
    struct mx_db_board *b = mx_score_board(c->score, i);

    for (int k = 0; k < MX_BOARD_LINKS; k++)
        mx_killer_order(&c->killer, MX_KILL_CONNECTION, atomic_load(&b->ids[k]), c->seats[i].pid);
    mx_board_reset(b);
}

static bool is_fatal(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == MX_EXIT_FATAL;
}

/* The first of the generation that cannot serve has said why; all end alike. */
static bool refused_at_boot(const struct mx_workers *c, const struct mx_seat *s, int status)
{
    return is_fatal(status) && s->generation == c->boot_generation;
}

/* The worker of seat `i` ended though nobody asked it to. */
static void died(struct mx_workers *c, int i, int status)
{
    struct mx_seat *s = &c->seats[i];
    int64_t now_ns = mx_mono_ns();
    struct mx_slot_view v;
    bool fatal = is_fatal(status);

    if (seat_view(c, i, &v) && (v.state == MX_W_READY || v.state == MX_W_BUSY))
        s->was_ready = true;
    if (!s->was_ready && s->generation == c->boot_generation) {
        c->boot_deaths++;
        c->boot_fatal |= fatal;
    }
    if (s->was_ready && now_ns - s->born_ns > SETTLED_NS)
        s->fails = 0;
    back_off(s, now_ns);
    if (fatal)
        s->spawn_ns = now_ns + BACKOFF_MAX_NS;
    c->deaths += !s->killed;
    if (!refused_at_boot(c, s, status))
        log_death(c, i, &v, status);
    end_connections(c, i);
    s->pid = 0;
    mx_score_clear(c->score, i);
}

/* Why the worker of the seat ended, of which the master knows the state by now. */
static enum mx_metric_exit exit_of(const struct mx_seat *s, int status)
{
    bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;

    if (s->killed_for != MX_EXIT_STOPPED)
        return s->killed_for;
    if (is_fatal(status))
        return MX_EXIT_REFUSED;
    if (!ended || !s->stopping)
        return MX_EXIT_CRASH;
    if (s->outgrown)
        return MX_EXIT_MEMORY;
    return s->told ? MX_EXIT_STOPPED : MX_EXIT_MAX_REQUESTS;
}

/* It ends by itself. */
static void count_leaver(struct mx_workers *c, struct mx_seat *s, const struct mx_slot_view *v)
{
    s->outgrown = v->outgrown;
    if (v->outgrown)
        c->outgrown++;
    else
        c->recycled++;
}

static void reaped(struct mx_workers *c, int i, int status)
{
    struct mx_seat *s = &c->seats[i];
    struct mx_slot_view v;
    bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;

    if (seat_view(c, i, &v) && v.state == MX_W_STOPPING && !s->stopping) {
        s->stopping = true;
        count_leaver(c, s, &v);
    }
    mx_metric_add(MX_M_WORKER_EXITS, (int)s->pool, (int)exit_of(s, status), 1);
    if (!s->stopping) {
        died(c, i, status);
        return;
    }
    if (!ended && !refused_at_boot(c, s, status))
        log_death(c, i, &v, status);
    end_connections(c, i);
    leave(c, i);
}

/* The seat of that process; -1: it is no worker. */
static int seat_of(const struct mx_workers *c, pid_t pid)
{
    for (int i = 0; i < c->n; i++)
        if (c->seats[i].pid == pid)
            return i;
    return -1;
}

void mx_workers_reap(struct mx_workers *c)
{
    int status, i;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        i = seat_of(c, pid);
        if (i >= 0)
            reaped(c, i, status);
        else if (!mx_killer_reaped(&c->killer, pid))
            c->other_ended(c->arg, pid, status);
    }
}

/* ---- tick ---- */

/* How long the worker has given no sign of life between requests. */
static int64_t silent_ns(const struct mx_workers *c, const struct mx_slot_view *v, int64_t now_ns)
{
    int64_t since = v->alive_ns > c->watched_ns ? v->alive_ns : c->watched_ns;

    return v->request_ns > 0 || v->state == MX_W_STARTING ? 0 : now_ns - since;
}

/* The worker does not come back: let it leave its stack and go. One that cannot is killed later. */
static void end_stuck(struct mx_workers *c, int i, enum mx_metric_exit why)
{
    struct mx_seat *s = &c->seats[i];

    c->killed++;
    s->killed = true;
    s->killed_for = why;
    s->kill_ns = mx_mono_ns() + STACK_NS;
    kill(s->pid, SIGABRT);
}

/* The request in hand has passed its deadline, and `late_ns` since that was noticed. Its statement
 * is killed, then its connections, then its worker: each has some time to take effect, and the
 * worker answers as soon as it comes back. `seen`: of its board, from before the view was taken. */
static void end_overdue(struct mx_workers *c, int i, const struct mx_slot_view *v, uint64_t seen,
                        int64_t late_ns)
{
    struct mx_seat *s = &c->seats[i];
    struct mx_db_board *b = mx_score_board(c->score, i);
    int on = atomic_load(&b->on) % MX_BOARD_LINKS;
    bool waits = mx_board_overdue(b, seen) && atomic_load(&b->running) != 0;

    if (waits && s->overdue == OVERDUE_NOT) {
        s->overdue = OVERDUE_KILLED;
        c->statements_killed++;
        mx_metric_add(MX_M_STATEMENTS_KILLED, 0, 0, 1);
        mx_log(MX_LOG_WARN, "request passed its deadline, statement killed",
               MX_KI("worker", s->pid), MX_KC("route", v->route), MX_KC("request", v->request_id),
               MX_KC("statement", mx_board_statement(b)));
        mx_killer_order(&c->killer, MX_KILL_QUERY, atomic_load(&b->ids[on]), s->pid);
    }
    if (waits && s->overdue == OVERDUE_KILLED && late_ns > CUT_NS) {
        s->overdue = OVERDUE_CUT;
        for (int k = 0; k < MX_BOARD_LINKS; k++)
            mx_killer_order(&c->killer, MX_KILL_CONNECTION, atomic_load(&b->ids[k]), s->pid);
        kill(s->pid, MX_DB_CUT);
    }
    if (late_ns <= DUMP_NS)
        return;
    mx_log(MX_LOG_ERROR, "request passed its deadline, worker killed", MX_KI("worker", s->pid),
           MX_KC("route", v->route), MX_KC("request", v->request_id),
           MX_KC("statement", mx_board_statement(b)),
           MX_KMS("busy_ms", mx_mono_ns() - v->request_ns));
    end_stuck(c, i, MX_EXIT_DEADLINE);
}

static void kill_overdue(struct mx_workers *c, int i, const struct mx_slot_view *v, uint64_t seen,
                         int64_t now_ns)
{
    struct mx_seat *s = &c->seats[i];
    bool late = v->request_ns > 0 && now_ns - v->request_ns > s->request_timeout_ns;

    if (!late) {
        s->overdue = OVERDUE_NOT;
        s->late_ns = 0;
    } else if (s->late_ns == 0) {
        s->late_ns = now_ns;
    }
    if (s->kill_ns > 0 && now_ns > s->kill_ns) {
        if (!s->killed) {
            mx_log(MX_LOG_WARN, "worker did not end in time, killed", MX_KI("worker", s->pid),
                   MX_KC("route", v->request_ns ? v->route : ""),
                   MX_KI("connections", v->connections));
            s->killed_for = MX_EXIT_DRAIN;
        }
        s->kill_ns = 0;
        kill(s->pid, SIGKILL);
    } else if (s->killed) {
        return;
    } else if (late) {
        end_overdue(c, i, v, seen, now_ns - s->late_ns);
    } else if (silent_ns(c, v, now_ns) > 2 * s->request_timeout_ns + SILENT_NS) {
        mx_log(MX_LOG_ERROR, "worker does not respond between requests, killed",
               MX_KI("worker", s->pid), MX_KC("route", v->route),
               MX_KMS("silent_ms", silent_ns(c, v, now_ns)));
        end_stuck(c, i, MX_EXIT_SILENT);
    }
}

void mx_workers_tick(struct mx_workers *c)
{
    int64_t now_ns = mx_mono_ns();
    struct mx_slot_view v;
    struct mx_seat *s;
    uint64_t seen;

    mx_killer_tick(&c->killer);
    if (now_ns - c->ticked_ns > GAP_NS)
        c->watched_ns = now_ns;
    c->ticked_ns = now_ns;
    for (int i = 0; i < c->n; i++) {
        s = &c->seats[i];
        if (s->taken && s->pid == 0 && now_ns >= s->spawn_ns)
            spawn(c, i);
        if (s->pid == 0)
            continue;
        seen = mx_board_look(mx_score_board(c->score, i));
        if (!seat_view(c, i, &v))
            v = (struct mx_slot_view){.state = MX_W_STARTING};
        else if (v.state == MX_W_READY || v.state == MX_W_BUSY)
            s->was_ready = true;
        else if (v.state == MX_W_STOPPING && !s->stopping) {
            s->stopping = true;
            if (!s->killed)
                s->kill_ns = now_ns + s->drain_ns + KILL_MARGIN_NS;
            count_leaver(c, s, &v);
        }
        kill_overdue(c, i, &v, seen, now_ns);
    }
}
