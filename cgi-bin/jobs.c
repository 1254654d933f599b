/* The job runner: what happens by itself, in a process of its own beside the workers. Several may
 * run: every job claims what it works on by compare-and-set. A job that fails is tried again after
 * a pause that grows; the others go on. Ends on SIGTERM or SIGINT, reopens its log on SIGHUP; these
 * signals are only taken while it waits, so that no file and no transaction is cut short. */
#include "cmd.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/product.h"
#include "codec/keys.h"
#include "io/db.h"
#include "io/shm.h"
#include "io/smtp.h"
#include "jobs_mail.h"
#include "q/job.h"
#include "q/mailed_code.h"
#include "q/mfa.h"
#include "q/oidc.h"
#include "q/passkey.h"
#include "q/session.h"
#include "sales/order.h"
#include "shop/outbox.h"
#include "worker.h"

#define ARENA_FIRST ((size_t)64 << 10)
#define ARENA_CAP ((size_t)16 << 20)
#define BATCH 100
#define PURGE_EVERY_MS 60000
#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 15000
#define HOUR_MS INT64_C(3600000)
/* Sessions that have expired are kept so long: the device is known a while at sign-in. */
#define SESSION_KEEP_MS (INT64_C(30) * 24 * HOUR_MS)

/* ---- what they do ---- */

static enum mx_err deliver_mail(struct mx_ctx *cx, int64_t *ret_n)
{
    return mx_mail_deliver_due(cx, BATCH, ret_n);
}

static enum mx_err deliver_events(struct mx_ctx *cx, int64_t *ret_n)
{
    return mx_outbox_deliver_due(cx, BATCH, ret_n);
}

static enum mx_err expire_orders(struct mx_ctx *cx, int64_t *ret_n)
{
    return mx_order_expire_due(cx, BATCH, ret_n);
}

static enum mx_err reindex_products(struct mx_ctx *cx, int64_t *ret_n)
{
    return mx_products_reindex(cx, BATCH, ret_n);
}

static enum mx_err purge_idempotency(struct mx_ctx *cx, int64_t *ret_n)
{
    struct mx_time before = {cx->now_ms - cx->proc->conf->idempotency_ttl_h * HOUR_MS};

    return q_job_purge_idempotency(cx->db, &(struct q_job_purge_idempotency_in){before, BATCH},
                                   ret_n);
}

static enum mx_err purge_codes(struct mx_ctx *cx, int64_t *ret_n)
{
    return q_code_purge(cx->db, &(struct q_code_purge_in){{cx->now_ms}, BATCH}, ret_n);
}

static enum mx_err purge_id_tokens(struct mx_ctx *cx, int64_t *ret_n)
{
    return q_id_token_purge(cx->db, &(struct q_id_token_purge_in){{cx->now_ms}, BATCH}, ret_n);
}

static enum mx_err purge_challenges(struct mx_ctx *cx, int64_t *ret_n)
{
    struct q_passkey_challenge_purge_in in = {{cx->now_ms}, BATCH};

    return q_passkey_challenge_purge(cx->db, &in, ret_n);
}

static enum mx_err purge_sessions(struct mx_ctx *cx, int64_t *ret_n)
{
    struct mx_time before = {cx->now_ms - SESSION_KEEP_MS};

    return q_session_purge(cx->db, &(struct q_session_purge_in){before, BATCH}, ret_n);
}

static enum mx_err purge_sign_ins(struct mx_ctx *cx, int64_t *ret_n)
{
    return q_challenge_purge(cx->db, &(struct q_challenge_purge_in){{cx->now_ms}, BATCH}, ret_n);
}

/* ---- the loop ---- */

/* A job runs when `every_ms` have passed, and again at once while it finds a full batch. */
struct job {
    const char *name;
    int64_t every_ms; /* 0: each turn */
    enum mx_err (*run)(struct mx_ctx *cx, int64_t *ret_n);
};

static const struct job jobs[] = {
    {"events", 0, deliver_events},
    {"order_expiry", 0, expire_orders},
    {"mail", 0, deliver_mail},
    {"product_reindex", 0, reindex_products},
    {"idempotency_purge", PURGE_EVERY_MS, purge_idempotency},
    {"session_purge", PURGE_EVERY_MS, purge_sessions},
    {"code_purge", PURGE_EVERY_MS, purge_codes},
    {"id_token_purge", PURGE_EVERY_MS, purge_id_tokens},
    {"mfa_challenge_purge", PURGE_EVERY_MS, purge_sign_ins},
    {"passkey_challenge_purge", PURGE_EVERY_MS, purge_challenges},
};

struct job_state {
    int64_t due_ms;   /* monotonic */
    int64_t pause_ms; /* 0: the last run was good */
};

static void failed(const struct job *job, struct job_state *state, enum mx_err e)
{
    if (state->pause_ms == 0)
        mx_log(MX_LOG_WARN, "a job fails and is tried again", MX_KC("job", job->name),
               MX_KC("error", mx_err_code(e)));
    state->pause_ms = state->pause_ms == 0 ? PAUSE_MIN_MS : 2 * state->pause_ms;
    if (state->pause_ms > PAUSE_MAX_MS)
        state->pause_ms = PAUSE_MAX_MS;
    state->due_ms = mx_mono_ms() + state->pause_ms;
}

/* True when there is more to do at once. */
static bool run_job(struct mx_ctx *cx, const struct job *job, struct job_state *state)
{
    int64_t n = 0;
    enum mx_err e;

    if (mx_mono_ms() < state->due_ms)
        return false;
    mx_arena_reset(cx->arena);
    mx_faults_init(cx->faults, cx->arena);
    mx_db_begin_request(cx->db, cx->arena);
    cx->now_ms = mx_wall_ms();
    e = job->run(cx, &n);
    if (e != MX_OK) {
        failed(job, state, e);
        return false;
    }
    if (state->pause_ms > 0)
        mx_log(MX_LOG_INFO, "a job works again", MX_KC("job", job->name));
    state->pause_ms = 0;
    if (n >= BATCH)
        return true;
    state->due_ms = mx_mono_ms() + job->every_ms;
    return false;
}

/* Wait for a signal or for `ms`. False when it is time to end. */
static bool wait_turn(const sigset_t *signals, int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    int got = sigtimedwait(signals, NULL, &t);

    if (got == SIGHUP && !mx_log_reopen())
        mx_log(MX_LOG_WARN, "cannot reopen the log file", MX_KC("error", strerror(errno)));
    return got != SIGTERM && got != SIGINT;
}

static void turn(struct mx_ctx *cx, struct mx_proc *proc, struct mx_keys **keys,
                 struct job_state *states, bool *ret_more)
{
    mx_worker_keys(cx->arena, keys);
    proc->keys = *keys;
    *ret_more = false;
    for (size_t i = 0; i < MX_LEN(jobs); i++)
        *ret_more |= run_job(cx, &jobs[i], &states[i]);
}

/* What stops the jobs from starting is said on standard error. */
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

static void work(struct mx_ctx *cx, struct mx_proc *proc, struct mx_keys **keys)
{
    struct job_state states[MX_LEN(jobs)] = {{0, 0}};
    sigset_t signals;
    bool more = false;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    mx_log(MX_LOG_INFO, "jobs started", MX_KC("smtp_url", cx->proc->conf->smtp_url),
           MX_KC("mail", cx->proc->conf->mail));
    while (wait_turn(&signals, more ? 0 : cx->proc->conf->job_interval_ms))
        turn(cx, proc, keys, states, &more);
    mx_log(MX_LOG_INFO, "jobs ended");
}

int mx_cmd_jobs(struct mx_cmd *c)
{
    struct mx_keys *keys = NULL;
    struct mx_faults faults;
    struct mx_proc proc;
    struct mx_ctx cx;
    bool ready;

    if (c->argc > 0) {
        fprintf(stderr, "merx jobs: takes no arguments\n");
        return 2;
    }
    mx_secret_init();
    proc = (struct mx_proc){.conf = c->settings, .shared = mx_shared_new()};
    cx = (struct mx_ctx){.proc = &proc,
                         .arena = mx_arena_new(ARENA_FIRST, ARENA_CAP),
                         .db = mx_db_new(c->settings),
                         .faults = &faults};
    ready = jobs_ready(&cx, &keys);
    if (ready)
        work(&cx, &proc, &keys);
    mx_keys_free(keys);
    mx_db_free(cx.db);
    mx_arena_free(cx.arena);
    return ready ? 0 : 2;
}
