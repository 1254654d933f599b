/* merx jobs: runs the jobs; beside that, what they failed on, and another try of it. */
#include "base/clock.h"
#include "cmd.h"
#include "codec/secret.h"
#include "io/db.h"
#include "jobs.h"
#include "shop/job.h"

#define PAGE 100

/* What `list` and `retry` are about: all, those of one job, or one failure. */
struct choice {
    struct mx_str job; /* absent: any */
    struct mx_id id;   /* none: all of the job */
};

static int failed(enum mx_err e)
{
    fprintf(stderr, "merx jobs: %s\n",
            e == MX_E_NOT_FOUND ? "there is no such failure (any more)" : mx_err_title(e));
    return 1;
}

void mx_usage_jobs(FILE *out)
{
    fprintf(out, "usage: merx jobs                       run the jobs\n"
                 "       merx jobs list [JOB]            print their failures\n"
                 "       merx jobs retry ID|JOB|all      retry failures at once\n"
                 "JOB:");
    for (int i = 0; i < MX_JOB_COUNT; i++)
        fprintf(out, " %s", mx_job_names[i]);
    fprintf(out, "\n");
}

static int usage(void)
{
    mx_usage_jobs(stderr);
    return 2;
}

static bool parse(const char *word, struct choice *ret)
{
    *ret = (struct choice){0};
    for (int i = 0; i < MX_JOB_COUNT; i++)
        if (strcmp(word, mx_job_names[i]) == 0)
            ret->job = mx_str_c(word);
    return ret->job.p != NULL || strcmp(word, "all") == 0 || mx_id_parse(mx_str_c(word), &ret->id);
}

static void print(struct mx_ctx *cx, const struct mx_job_failure *f)
{
    struct mx_str state = mx_str_name(mx_job_state_names, f->state);
    char next[MX_TIME_TEXT];

    mx_time_text(f->next_try_at, next);
    printf("%s %-12.*s %s %-7.*s %3lld %s  %.*s\n", mx_id_str(cx->arena, f->id).p, MX_FMT(f->job),
           mx_id_str(cx->arena, f->subject_id).p, MX_FMT(state), (long long)f->tries, next,
           MX_FMT(f->error));
}

/* ---- each failure in turn ---- */

struct one {
    struct mx_ctx *cx;
    struct mx_id id;
    struct mx_job_failure failure;
};

static enum mx_err retry_in_tx(void *arg)
{
    struct one *o = arg;

    return mx_job_retry(o->cx, o->id, &o->failure);
}

/* A failure that is gone meanwhile has succeeded. */
static enum mx_err retry(struct mx_ctx *cx, struct mx_id id)
{
    struct one o = {.cx = cx, .id = id};
    enum mx_err e = mx_db_tx(cx->db, retry_in_tx, &o);

    if (e == MX_OK)
        print(cx, &o.failure);
    return e;
}

static enum mx_err each(struct mx_ctx *cx, struct mx_str job, bool again)
{
    struct mx_job_query q = {.job = job, .limit = PAGE};
    struct mx_list rows = {.n = PAGE};

    while (rows.n == PAGE) {
        MX_TRY(mx_job_list(cx, &q, &rows));
        for (size_t i = 0; i < rows.n; i++) {
            const struct mx_job_failure *f = MX_AT(rows, struct mx_job_failure, i);
            enum mx_err e = MX_OK;

            if (again)
                e = retry(cx, f->id);
            else
                print(cx, f);
            if (e != MX_OK && e != MX_E_NOT_FOUND)
                return e;
            q.before = f->id;
        }
    }
    return MX_OK;
}

/* ---- the command ---- */

static int dispatch(struct mx_cmd *c, struct mx_ctx *cx)
{
    bool again = strcmp(c->argv[0], "retry") == 0;
    struct choice what = {0};
    bool known = c->argc == 2 ? parse(c->argv[1], &what) : c->argc == 1 && !again;
    enum mx_err e;

    if (!again && strcmp(c->argv[0], "list") != 0)
        return usage();
    if (c->argc == 2 && !known)
        fprintf(stderr, "merx jobs: %s: no such job or failure\n", c->argv[1]);
    if (!known || (!again && !mx_id_none(what.id)))
        return usage();
    e = mx_id_none(what.id) ? each(cx, what.job, again) : retry(cx, what.id);
    return e == MX_OK ? 0 : failed(e);
}

int mx_cmd_jobs(struct mx_cmd *c)
{
    const struct mx_proc proc = {.conf = c->settings};
    struct mx_faults faults;
    struct mx_ctx cx = {.proc = &proc,
                        .arena = c->arena,
                        .faults = &faults,
                        .now_ms = mx_wall_ms(),
                        .actor = {.kind = MX_OPERATOR}};
    int status;

    if (c->argc == 0)
        return mx_jobs_run(c);
    mx_secret_init();
    cx.db = mx_db_new(c->settings);
    mx_faults_init(&faults, c->arena);
    mx_db_begin_request(cx.db, c->arena);
    status = dispatch(c, &cx);
    mx_db_free(cx.db);
    return status;
}
