/* /v1/admin/jobs */
#include "api/jobs.h"

#include "base/metric.h"
#include "shop/job.h"

#define NS_PER_MS 1000000

static const struct mx_field job_rows[] = {
    MX_O(struct mx_job_failure, id, "Id of the failure."),
    MX_O(struct mx_job_failure, job, "Name of the job, like order_expiry."),
    MX_O(struct mx_job_failure, subject_id, "Id of the order, e-mail or event that it failed on."),
    MX_O_ENUM(struct mx_job_failure, state, mx_job_state_names,
              "waiting: it is tried again at `next_try_at`. dead: it failed too often; "
              "staff can retry it."),
    MX_O(struct mx_job_failure, tries, "Number of failed attempts."),
    MX_O(struct mx_job_failure, error, "Error of the last attempt."),
    MX_O(struct mx_job_failure, next_try_at, "Time of the next attempt."),
    MX_O(struct mx_job_failure, created_at, "Time of the first failure."),
    MX_O(struct mx_job_failure, updated_at, "Time of the last failure or retry."),
};
static MX_SHAPE(job, "JobFailure", struct mx_job_failure, job_rows);

struct query {
    int job, state;
    bool has_job, has_state;
};
static const struct mx_field query_rows[] = {
    MX_F_ENUM_HAS(struct query, job, MX_QUERY, 0, mx_job_names, "Only failures of this job."),
    MX_F_ENUM_HAS(struct query, state, MX_QUERY, 0, mx_job_state_names,
                  "Only failures in this state."),
};
static MX_SHAPE(query, "JobFailureQuery", struct query, query_rows);

struct path {
    struct mx_id id;
};
static const struct mx_field id_rows[] = {
    MX_F(struct path, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the failure."),
};
static MX_SHAPE(job_id, "JobFailureId", struct path, id_rows);

static enum mx_err api_admin_jobs_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct query *i = in;
    struct mx_job_query q = {.has_state = i->has_state,
                             .state = i->state,
                             .before = reply->page.at.id,
                             .limit = reply->page.limit};

    if (i->has_job)
        q.job = mx_str_c(mx_job_names[i->job]);
    return mx_job_list(cx, &q, &reply->page.rows);
}

static enum mx_err api_admin_job_retry(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_job_failure *out = MX_NEW(cx->arena, struct mx_job_failure);

    reply->out = out;
    return mx_job_retry(cx, ((const struct path *)in)->id, out);
}

const struct mx_route mx_routes_jobs[] = {
    {.id = "admin.jobs.list",
     .method = MX_GET,
     .path = "/v1/admin/jobs",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(AUDIT_READ),
     .flags = MX_R_LIST,
     .in = &query,
     .answers = {{200, &job}},
     .fn = api_admin_jobs_list,
     .doc = "List failed jobs",
     .more = "Work of background jobs that failed and is retried or has been given up, "
             "latest failure first."},
    {.id = "admin.jobs.retry",
     .method = MX_POST,
     .path = "/v1/admin/jobs/{id}/retry",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(SETTINGS_WRITE),
     .flags = MX_R_TX,
     .in = &job_id,
     .answers = {{200, &job}},
     .fn = api_admin_job_retry,
     .doc = "Retry a failed job",
     .more = "Queues the work for an immediate attempt and counts its attempts from zero."},
    {0}};

/* ---- metrics ---- */

static void tell(uint64_t *view, enum mx_metric m, int i, int64_t v)
{
    if (view)
        mx_metric_put(view, m, i, 0, v);
    else
        mx_metric_set(m, i, 0, v);
}

void mx_jobs_backlogs(struct mx_ctx *cx, uint64_t *view)
{
    struct mx_job_backlog backlogs[MX_JOB_COUNT];

    if (mx_job_backlogs(cx, backlogs) != MX_OK)
        return;
    for (int i = 0; i < MX_JOB_COUNT; i++) {
        tell(view, MX_M_JOB_DUE, i, backlogs[i].due);
        tell(view, MX_M_JOB_LAG, i, backlogs[i].lag_ms * NS_PER_MS);
        tell(view, MX_M_JOB_FAILED, i, backlogs[i].waiting);
        tell(view, MX_M_JOB_DEAD, i, backlogs[i].dead);
    }
}
