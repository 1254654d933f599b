#include "shop/job.h"

#include "base/log.h"
#include "base/rnd.h"
#include "codec/jsonw.h"
#include "io/db.h"
#include "q/job.h"
#include "shop/audit.h"
#include "shop/json_rows.h"

#define SLICE_MS 2000 /* then it is the other jobs' turn */
#define BACK_OFF_MS INT64_C(1000)
#define BACK_OFF_MAX_MS INT64_C(3600000)
#define WORLD_PAUSE_MS INT64_C(15000)
#define DEAD_MS (INT64_C(30) * 24 * 3600000) /* the dead are tried again a month later */
#define WHY_MAX 200

const char *const mx_job_names[] = {
#define JOB_NAME(name, wire) wire,
    MX_JOBS(JOB_NAME)
#undef JOB_NAME
        NULL};
const char *const mx_job_state_names[] = {"waiting", "dead", NULL};

/* ---- record ---- */

int64_t mx_job_back_off_ms(int64_t tries)
{
    int64_t ms = BACK_OFF_MS;

    for (int64_t i = 1; i < tries && ms < BACK_OFF_MAX_MS; i++)
        ms *= 2;
    if (ms > BACK_OFF_MAX_MS)
        ms = BACK_OFF_MAX_MS;
    return ms * 3 / 4 + (int64_t)mx_rnd_below((uint64_t)ms / 2 + 1);
}

enum mx_err mx_job_failed(struct mx_ctx *cx, enum mx_job_name job, const struct mx_job_row *row,
                          bool own, struct mx_str why)
{
    int64_t tries = row->tries + own;
    bool dead = own && tries >= cx->proc->conf->job_tries_max;
    int64_t pause_ms = dead ? DEAD_MS : own ? mx_job_back_off_ms(tries) : WORLD_PAUSE_MS;
    struct q_job_fail_in in = {
        .id = mx_id_new(),
        .job = mx_str_c(mx_job_names[job]),
        .subject = row->id,
        .state = dead ? MX_JOB_DEAD : MX_JOB_WAITING,
        .tries = tries,
        .error = mx_str_sub(why, 0, WHY_MAX),
        .next_at = {cx->now_ms + pause_ms},
        .now = {cx->now_ms},
    };

    mx_log(dead ? MX_LOG_ERROR : MX_LOG_WARN,
           dead ? "a row of a job failed too often, giving up" : "a row of a job failed",
           MX_KS("job", in.job), MX_KS("subject", mx_id_str(cx->arena, row->id)),
           MX_KI("tries", tries), MX_KS("why", in.error));
    return q_job_fail(cx->db, &in, NULL);
}

enum mx_err mx_job_settle(struct mx_ctx *cx, enum mx_job_name job, const struct mx_job_row *rows,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct q_job_settle_in in = {mx_str_c(mx_job_names[job]), rows[i].id};

        if (rows[i].failed)
            MX_TRY(q_job_settle(cx->db, &in, NULL));
    }
    return MX_OK;
}

struct mx_str mx_job_ids(struct mx_arena *a, const struct mx_job_row *rows, size_t n)
{
    return mx_json_rows_ids(a, &rows->id, n, sizeof(*rows));
}

/* ---- work ---- */

/* Rows that share a transaction. */
struct batch {
    struct mx_ctx *cx;
    const struct mx_job *job;
    const struct mx_job_row *rows;
    size_t n;
};

static enum mx_err work_in_tx(void *arg)
{
    const struct batch *b = arg;

    mx_faults_init(b->cx->faults, b->cx->arena);
    MX_TRY(b->job->work(b->cx, b->rows, b->n));
    return mx_job_settle(b->cx, b->job->name, b->rows, b->n);
}

static bool of_the_world(enum mx_err e)
{
    return mx_err_status(e) == 503;
}

static struct mx_str why(struct mx_ctx *cx, enum mx_err e)
{
    struct mx_db_failure f = mx_db_last_failure(cx->db);

    if (cx->faults->detail.p != NULL)
        return cx->faults->detail;
    if (f.no == 0)
        return mx_str_c(mx_err_code(e));
    return mx_str_fmt(cx->arena, "%s: database error %u in %s", mx_err_code(e), f.no, f.statement);
}

/* The one row failed. */
static enum mx_err put_off(const struct batch *b, enum mx_err e)
{
    if (e == MX_E_VERSION_CONFLICT)
        return MX_OK;
    return mx_job_failed(b->cx, b->job->name, b->rows, !of_the_world(e), why(b->cx, e));
}

/* How many rows of each job to try next, 0: not chosen yet. Kept from run to run, for a batch may
 * use up all the time of one. */
static size_t sizes[MX_JOB_COUNT];

static size_t size_of(enum mx_job_name job)
{
    return sizes[job] > 0 ? sizes[job] : MX_JOB_BATCH;
}

/* After n rows: twice as many when that went well; else half of them, but a single one when the
 * world is to blame, for each further try may wait for it again. */
static void choose_size(enum mx_job_name job, size_t n, enum mx_err e)
{
    size_t more = 2 * n < MX_JOB_BATCH ? 2 * n : MX_JOB_BATCH;

    if (e != MX_OK)
        sizes[job] = n > 1 && !of_the_world(e) ? n / 2 : 1;
    else if (sizes[job] > 0 && more > sizes[job])
        sizes[job] = more;
}

/* Work on the first `n` rows, or put the one row off that failed. *ret_done of them were looked at.
 */
static enum mx_err work_some(struct mx_ctx *cx, const struct mx_job *job,
                             const struct mx_job_row *rows, size_t n, size_t *ret_done)
{
    struct batch b = {cx, job, rows, n};
    struct mx_arena_mark mark = mx_arena_mark(cx->arena);
    enum mx_err e = mx_db_tx(cx->db, work_in_tx, &b);

    choose_size(job->name, n, e);
    *ret_done = e == MX_OK || n == 1 ? n : 0;
    if (e != MX_OK && n == 1)
        MX_TRY(put_off(&b, e));
    mx_arena_rewind(cx->arena, mark);
    return MX_OK;
}

/* Work through the rows while there is time; *ret_done of them were looked at. */
static enum mx_err work_all(struct mx_ctx *cx, const struct mx_job *job, struct mx_list rows,
                            size_t *ret_done)
{
    int64_t until_ms = mx_mono_ms() + SLICE_MS;

    for (*ret_done = 0; *ret_done < rows.n && mx_mono_ms() < until_ms;) {
        size_t left = rows.n - *ret_done, size = size_of(job->name), done;

        MX_TRY(work_some(cx, job, MX_AT(rows, struct mx_job_row, *ret_done),
                         size < left ? size : left, &done));
        *ret_done += done;
    }
    return MX_OK;
}

enum mx_err mx_job_work(struct mx_ctx *cx, const struct mx_job *job, int64_t limit, int64_t *ret_n)
{
    struct mx_job_due due = {0};
    size_t done = 0;

    MX_TRY(job->due(cx, limit, &due));
    MX_TRY(work_all(cx, job, due.rows, &done));
    *ret_n = due.more || done < due.rows.n ? limit : (int64_t)done;
    return MX_OK;
}

/* ---- what failed ---- */

static struct mx_job_failure failure_of(const struct q_job_row *r)
{
    return (struct mx_job_failure){
        .id = r->id,
        .job = r->job,
        .subject_id = r->subject,
        .state = r->state,
        .tries = r->tries,
        .error = r->error,
        .next_try_at = r->next_at,
        .created_at = r->created_at,
        .updated_at = r->updated_at,
    };
}

enum mx_err mx_job_list(struct mx_ctx *cx, const struct mx_job_query *q, struct mx_list *ret_rows)
{
    struct q_job_page_in in = {.before = q->before,
                               .job = q->job,
                               .has_state = q->has_state,
                               .state = q->state,
                               .limit = q->limit};
    struct mx_list rows;

    if (mx_id_none(in.before))
        memset(in.before.b, 0xff, sizeof(in.before.b));
    MX_TRY(q_job_page(cx->db, &in, &rows));
    *ret_rows = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_job_failure), rows.n);
    for (size_t i = 0; i < rows.n; i++)
        *MX_AT(*ret_rows, struct mx_job_failure, i) =
            failure_of(MX_AT(rows, const struct q_job_row, i));
    return MX_OK;
}

static struct mx_str failure_json(struct mx_arena *a, const struct mx_job_failure *f)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 4096);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "job");
    mx_jsonw_str(&w, f->job);
    mx_jsonw_name(&w, "subject_id");
    mx_jsonw_id(&w, f->subject_id);
    mx_jsonw_name(&w, "state");
    mx_jsonw_str(&w, mx_str_name(mx_job_state_names, f->state));
    mx_jsonw_name(&w, "tries");
    mx_jsonw_int(&w, f->tries);
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

enum mx_err mx_job_retry(struct mx_ctx *cx, struct mx_id id, struct mx_job_failure *ret_failure)
{
    struct mx_audit audit = {.action = "job.retry", .object_type = "job", .object = id};
    struct mx_list rows;

    MX_TRY(q_job_lock(cx->db, &(struct q_job_lock_in){id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    *ret_failure = failure_of(MX_AT(rows, const struct q_job_row, 0));
    audit.before = failure_json(cx->arena, ret_failure);
    ret_failure->state = MX_JOB_WAITING;
    ret_failure->tries = 0;
    ret_failure->next_try_at.ms = ret_failure->updated_at.ms = cx->now_ms;
    audit.after = failure_json(cx->arena, ret_failure);
    MX_TRY(q_job_retry(cx->db, &(struct q_job_retry_in){id, {cx->now_ms}}, NULL));
    return mx_audit_write(cx, &audit);
}

/* ---- backlog ---- */

/* The entry of that job, or NULL: one of a newer program. */
static struct mx_job_backlog *backlog_of(struct mx_job_backlog *all, struct mx_str job)
{
    for (size_t i = 0; i < MX_JOB_COUNT; i++)
        if (mx_str_eqc(job, all[i].job))
            return &all[i];
    return NULL;
}

static enum mx_err count_failures(struct mx_ctx *cx, struct mx_job_backlog *all)
{
    struct mx_list rows;

    MX_TRY(q_job_count(cx->db, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_job_count_row *r = MX_AT(rows, struct q_job_count_row, i);
        struct mx_job_backlog *b = backlog_of(all, r->job);

        if (b != NULL)
            *(r->state == MX_JOB_DEAD ? &b->dead : &b->waiting) = r->n;
    }
    return MX_OK;
}

enum mx_err mx_job_backlogs(struct mx_ctx *cx, struct mx_job_backlog ret_backlogs[MX_JOB_COUNT])
{
    struct q_job_backlog_in in = {{cx->now_ms}, MX_JOB_COUNTED};
    struct mx_list rows;

    for (size_t i = 0; i < MX_JOB_COUNT; i++)
        ret_backlogs[i] = (struct mx_job_backlog){.job = mx_job_names[i]};
    MX_TRY(q_job_backlog(cx->db, &in, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_job_backlog_row *r = MX_AT(rows, struct q_job_backlog_row, i);
        struct mx_job_backlog *b = backlog_of(ret_backlogs, r->job);

        MX_ASSERT(b != NULL);
        b->due = r->n;
        if (r->since.ms != 0 && r->since.ms < cx->now_ms)
            b->lag_ms = cx->now_ms - r->since.ms;
    }
    return count_failures(cx, ret_backlogs);
}
