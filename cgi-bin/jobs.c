/* The job runner: what happens by itself, in a process of its own beside the workers. Several may
 * run: every job claims what it works on by compare-and-set. A row that fails is put off by its job
 * (shop/job.h); a job that fails as a whole is tried again after a pause that grows, and the others
 * go on. Takes the signals of the master (io/prefork.h), but only while
 * it waits, so that no file and no transaction is cut short. */
#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "account/address.h"
#include "account/guest.h"
#include "api/jobs.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "catalog/product.h"
#include "codec/keys.h"
#include "io/db.h"
#include "io/metrics.h"
#include "io/settings_file.h"
#include "io/shm.h"
#include "io/smtp.h"
#include "jobs_mail.h"
#include "metrics.h"
#include "q/job.h"
#include "sales/invariant.h"
#include "sales/order.h"
#include "sales/order_mail.h"
#include "sales/order_sold.h"
#include "shop/job.h"
#include "shop/outbox.h"
#include "worker.h"

#define ARENA_FIRST ((size_t)64 << 10)
#define ARENA_CAP ((size_t)64 << 20)
#define BATCH 512 /* rows that a job looks at before it is another one's turn */
#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 15000
#define IDLE_FACTOR 4 /* a run that found nothing rests so many times its length */
#define INVARIANTS_MS 5000
#define TELL_MS 5000
#define NS_PER_MS 1000000
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
/* Sessions that have expired are kept so long: the device is known a while at sign-in. */
#define SESSION_KEEP_MS (INT64_C(30) * 24 * HOUR_MS)

/* ---- events ---- */

static const struct mx_event_handler handlers[] = {
    {"order.placed", mx_order_confirm},
    {"order.placed", mx_order_sold},
    {"order.cancelled", mx_order_unsold},
};

static enum mx_err deliver_events(struct mx_ctx *cx, const struct mx_job_row *rows, size_t n)
{
    return mx_outbox_deliver(cx, handlers, MX_LEN(handlers), rows, n);
}

static const struct mx_job events = {MX_JOB_EVENTS, mx_outbox_due, deliver_events};

/* ---- what is swept away ---- */

/* X(name, statement, age in ms from which on a row goes). All statements take (before, limit). */
#define PURGES(X)                                                                                 \
    X(code_purge, q_job_purge_codes, 0)                                                           \
    X(id_token_purge, q_job_purge_id_tokens, 0)                                                   \
    X(idempotency_purge, q_job_purge_idempotency, (cx->proc->conf->idempotency_ttl_h) * HOUR_MS)  \
    X(job_failure_purge, q_job_purge_failures, HOUR_MS)                                           \
    X(mail_sent_purge, q_job_purge_sent_mail, (cx->proc->conf->mail_keep_d) * 24 * HOUR_MS)       \
    X(mail_refused_purge, q_job_purge_refused_mail, (cx->proc->conf->mail_keep_d) * 24 * HOUR_MS) \
    X(mfa_challenge_purge, q_job_purge_mfa_challenges, 0)                                         \
    X(passkey_challenge_purge, q_job_purge_passkey_challenges, 0)                                 \
    X(session_purge, q_job_purge_sessions, SESSION_KEEP_MS)

#define PURGE_FUNCTION(name, statement, age_ms)                                   \
    static enum mx_err name(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)     \
    {                                                                             \
        struct mx_time before = {cx->now_ms - (age_ms)};                          \
        return statement(cx->db, &(struct statement##_in){before, limit}, ret_n); \
    }
PURGES(PURGE_FUNCTION)

/* ---- the loop ---- */

/* A job runs when `every_ms` have passed, and again at once while there is more: it works on rows,
 * or is a function that looks at `limit` rows at most and tells how many it did, `limit` when there
 * may be more. */
struct job {
    const char *name;
    int64_t every_ms; /* 0: each turn */
    const struct mx_job *rows;
    enum mx_err (*run)(struct mx_ctx *cx, int64_t limit, int64_t *ret_n);
};

#define PURGE_ROW(name, statement, age_ms) {#name, MINUTE_MS, NULL, name},
/* clang-format off */
static const struct job jobs[] = {
    {"events", 0, &events, NULL},
    {"order_expiry", 0, &mx_order_expiry, NULL},
    {"mail", 0, NULL, mx_mail_deliver_due},
    {"product_reindex", 0, &mx_product_reindexing, NULL},
    {"guest_purge", HOUR_MS, &mx_guest_purge, NULL},
    {"address_sweep", HOUR_MS, NULL, mx_address_sweep},
    {"invariants", INVARIANTS_MS, NULL, mx_invariants_check},
    PURGES(PURGE_ROW)
};
/* clang-format on */

const char *const *mx_jobs_names(void)
{
    static const char *names[MX_LEN(jobs) + 1];

    for (size_t i = 0; i < MX_LEN(jobs); i++)
        names[i] = jobs[i].name;
    return names;
}

struct job_state {
    int64_t due_ms;   /* monotonic */
    int64_t pause_ms; /* 0: the last run was good */
    bool failing;     /* it has done nothing since a run failed: what it failed on may be put off */
};

static void failed(const struct job *job, struct job_state *state, enum mx_err e)
{
    state->failing = true;
    if (state->pause_ms == 0)
        mx_log(MX_LOG_WARN, "job failed, will be retried", MX_KC("job", job->name),
               MX_KC("error", mx_err_code(e)));
    state->pause_ms = state->pause_ms == 0 ? PAUSE_MIN_MS : 2 * state->pause_ms;
    if (state->pause_ms > PAUSE_MAX_MS)
        state->pause_ms = PAUSE_MAX_MS;
    state->due_ms = mx_mono_ms() + state->pause_ms;
}

static enum mx_err run(struct mx_ctx *cx, const struct job *job, int64_t *ret_n)
{
    *ret_n = 0;
    return job->rows != NULL ? mx_job_work(cx, job->rows, BATCH, ret_n)
                             : job->run(cx, BATCH, ret_n);
}

/* When the job runs next, after a run that found n rows. One that looked long and found nothing has
 * many rows to pass over (those on record as failed): it does not do so all the time. */
static int64_t next_due(const struct job *job, int64_t began_ms, int64_t n)
{
    int64_t now_ms = mx_mono_ms();
    int64_t rest_ms = n == 0 ? IDLE_FACTOR * (now_ms - began_ms) : 0;

    return now_ms + (rest_ms > job->every_ms ? rest_ms : job->every_ms);
}

static void count(const struct job *job, int64_t began_ns, enum mx_err e)
{
    int i = (int)(job - jobs);

    mx_metric_add(MX_M_JOB_RUNS, i, e == MX_OK ? MX_RESULT_OK : MX_RESULT_FAILED, 1);
    mx_metric_add(MX_M_JOB_TIME, i, 0, (uint64_t)(mx_mono_ns() - began_ns));
}

/* True when there is more to do at once. */
static bool run_job(struct mx_ctx *cx, const struct job *job, struct job_state *state)
{
    int64_t n, began_ns, began_ms = mx_mono_ms();
    enum mx_err e;

    if (began_ms < state->due_ms)
        return false;
    mx_arena_reset(cx->arena);
    mx_faults_init(cx->faults, cx->arena);
    mx_db_begin_request(cx->db, cx->arena);
    cx->now_ms = mx_wall_ms();
    began_ns = mx_mono_ns();
    e = run(cx, job, &n);
    count(job, began_ns, e);
    if (e != MX_OK) {
        failed(job, state, e);
        return false;
    }
    if (state->failing && n > 0) {
        mx_log(MX_LOG_INFO, "job works again", MX_KC("job", job->name));
        state->failing = false;
    }
    state->pause_ms = 0;
    if (n >= BATCH)
        return true;
    state->due_ms = next_due(job, began_ms, n);
    return false;
}

/* Begin anew with the settings as they are now, and the program as it is installed now. Returns
 * when that cannot be: nothing has changed. */
static void reload(const struct mx_cmd *c)
{
    struct mx_arena *a = mx_arena_new(ARENA_FIRST, ARENA_CAP);
    struct mx_settings conf;
    struct mx_buf errors;

    mx_buf_init(&errors, a, ARENA_CAP / 4);
    if (mx_settings_load(a, c->settings_path, &conf, &errors) == MX_OK) {
        mx_log(MX_LOG_INFO, "reload");
        execvp(c->command_line[0], c->command_line);
        mx_log(MX_LOG_ERROR, "reload failed, the old settings stay",
               MX_KC("error", strerror(errno)));
    } else {
        mx_log(MX_LOG_ERROR, "reload failed, the old settings stay",
               MX_KS("error", mx_buf_view(&errors)));
    }
    mx_arena_free(a);
}

/* Wait for a signal or for `ms`. False when it is time to end. */
static bool wait_turn(const struct mx_cmd *c, const sigset_t *signals, int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    int got = sigtimedwait(signals, NULL, &t);

    if (got == SIGUSR1 && !mx_log_reopen())
        mx_log(MX_LOG_WARN, "cannot reopen the log file", MX_KC("error", strerror(errno)));
    if (got == SIGHUP || got == SIGUSR2)
        reload(c);
    return got != SIGTERM && got != SIGINT && got != SIGQUIT;
}

/* Leave the metrics of the runner for the others of the host, now and then. */
static void tell(struct mx_ctx *cx)
{
    static int64_t told_ms;
    static bool failing;
    int64_t now_ms = mx_mono_ms();
    bool ok;

    if (told_ms > 0 && now_ms - told_ms < TELL_MS)
        return;
    told_ms = now_ms;
    mx_arena_reset(cx->arena);
    mx_db_begin_request(cx->db, cx->arena);
    mx_jobs_backlogs(cx, NULL);
    mx_metric_set(MX_M_JOBS_SEEN, 0, 0, mx_wall_ms() * NS_PER_MS);
    ok = mx_metrics_save(cx->arena, cx->proc->conf);
    if (!ok && !failing)
        mx_log(MX_LOG_WARN, "cannot leave the metrics of the jobs beside the control socket",
               MX_KC("why", strerror(errno)));
    failing = !ok;
}

static void turn(struct mx_ctx *cx, struct mx_proc *proc, struct mx_keys **keys,
                 struct job_state *states, bool *ret_more)
{
    mx_worker_keys(cx->arena, keys);
    proc->keys = *keys;
    *ret_more = false;
    for (size_t i = 0; i < MX_LEN(jobs); i++)
        *ret_more |= run_job(cx, &jobs[i], &states[i]);
    tell(cx);
}

/* Conditions for the jobs to start; the failed one is printed on standard error. */
static bool jobs_ready(struct mx_ctx *cx, struct mx_keys **ret_keys)
{
    const char *why;

    if (*cx->proc->conf->smtp_url && !mx_smtp_check(cx->arena, cx->proc->conf, &why)) {
        fprintf(stderr, "merx jobs: %s\n", why);
        return false;
    }
    if (mx_keys_load(cx->arena, cx->proc->conf->keys, ret_keys, &why) != MX_OK) {
        fprintf(stderr, "merx jobs: keys: %s\n", why);
        return false;
    }
    return true;
}

/* The signals are the master's (io/prefork.h). A reload begins the installed program anew, as USR2
 * does; those for the number of workers, TTIN and TTOU, are taken and have no effect. */
static void block_signals(sigset_t *ret_signals)
{
    static const int ours[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                               SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU};

    sigemptyset(ret_signals);
    for (size_t i = 0; i < MX_LEN(ours); i++)
        sigaddset(ret_signals, ours[i]);
    sigprocmask(SIG_BLOCK, ret_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void work(const struct mx_cmd *c, struct mx_ctx *cx, struct mx_proc *proc,
                 struct mx_keys **keys, const sigset_t *signals)
{
    struct job_state states[MX_LEN(jobs)] = {{0}};
    bool more = false;

    mx_log(MX_LOG_INFO, "jobs started", MX_KC("smtp_url", cx->proc->conf->smtp_url),
           MX_KC("mail", cx->proc->conf->mail));
    while (wait_turn(c, signals, more ? 0 : cx->proc->conf->job_interval_ms))
        turn(cx, proc, keys, states, &more);
    mx_log(MX_LOG_INFO, "jobs ended");
}

int mx_jobs_run(struct mx_cmd *c)
{
    struct mx_keys *keys = NULL;
    struct mx_faults faults;
    struct mx_proc proc;
    struct mx_ctx cx;
    sigset_t signals;
    bool ready;

    block_signals(&signals);
    mx_secret_init();
    mx_metrics_begin(c->arena, c->settings);
    mx_metrics_map();
    proc = (struct mx_proc){.conf = c->settings, .shared = mx_shared_new()};
    cx = (struct mx_ctx){.proc = &proc,
                         .arena = mx_arena_new(ARENA_FIRST, ARENA_CAP),
                         .db = mx_db_new(c->settings),
                         .faults = &faults};
    ready = jobs_ready(&cx, &keys);
    if (ready)
        work(c, &cx, &proc, &keys, &signals);
    mx_keys_free(keys);
    mx_db_free(cx.db);
    mx_arena_free(cx.arena);
    return ready ? 0 : 2;
}
