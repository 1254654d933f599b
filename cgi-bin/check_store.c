#include "base/clock.h"
#include "check.h"
#include "q/check.h"
#include "shop/job.h"

#define MINUTE_MS INT64_C(60000)
#define LAG_MS (5 * MINUTE_MS)
#define TRIED_MS MINUTE_MS /* one who works tries again what the world hinders each few seconds */

void mx_check_store(struct mx_check *c)
{
    struct q_check_store_in in = {mx_str_c(c->conf->currency)};
    const struct q_check_store_row *row;
    struct mx_list rows;

    if (q_check_store(c->db, &in, &rows) != MX_OK)
        return;
    row = MX_AT(rows, struct q_check_store_row, 0);
    if (c->conf->checkout_requires_shipping && row->shipping_methods == 0)
        mx_check_warn(
            c,
            "no active shipping method has a rate in %s, so nothing can be ordered: create one by "
            "POST /v1/admin/shipping-methods, or set checkout_requires_shipping = off",
            c->conf->currency);
    if (row->tax_rates == 0)
        mx_check_warn(c, "there is no tax rate: create them by POST /v1/admin/tax-rates");
}

/* ---- jobs ---- */

static const struct q_check_failing_row *failing_of(struct mx_list failing, const char *job)
{
    for (size_t i = 0; i < failing.n; i++) {
        const struct q_check_failing_row *f = MX_AT(failing, struct q_check_failing_row, i);

        if (mx_str_eqc(f->job, job))
            return f;
    }
    return NULL;
}

/* A runner leaves a trace when it fails, and none when it has nothing to do. */
static bool runner_seen(struct mx_check *c, struct mx_list failing, int64_t now_ms)
{
    struct q_check_hindered_in in = {{now_ms - TRIED_MS}};
    struct mx_list rows;

    if (q_check_hindered(c->db, &in, &rows) == MX_OK &&
        MX_AT(rows, struct q_check_hindered_row, 0)->n > 0)
        return true;
    for (size_t i = 0; i < failing.n; i++)
        if (now_ms - MX_AT(failing, struct q_check_failing_row, i)->tried_at.ms < TRIED_MS)
            return true;
    return false;
}

static void check_job(struct mx_check *c, const struct mx_job_backlog *b,
                      const struct q_check_failing_row *f, bool runs, int64_t now_ms)
{
    if (b->dead > 0)
        mx_check_warn(c, "%s gave up on %lld rows: merx jobs list %s", b->job, (long long)b->dead,
                      b->job);
    if (f && now_ms - f->since.ms > LAG_MS)
        mx_check_warn(
            c, "%s has failed on %lld rows, on the first for %lld min; merx jobs list %s shows why",
            b->job, (long long)f->n, (long long)((now_ms - f->since.ms) / MINUTE_MS), b->job);
    if (b->lag_ms > LAG_MS)
        mx_check_warn(c, "%s has %lld rows to work on, the first for %lld min; %s", b->job,
                      (long long)b->due, (long long)(b->lag_ms / MINUTE_MS),
                      runs ? "a job runner seems to run, see its log"
                           : "no job runner seems to run: start merx jobs (the unit merx-jobs)");
}

void mx_check_jobs(struct mx_check *c)
{
    struct mx_job_backlog backlogs[MX_JOB_COUNT];
    const struct mx_proc proc = {.conf = c->conf};
    struct mx_ctx cx = {.proc = &proc, .arena = c->arena, .now_ms = mx_wall_ms(), .db = c->db};
    struct mx_list failing;
    bool runs;

    if (mx_job_backlogs(&cx, backlogs) != MX_OK || q_check_failing(c->db, &failing) != MX_OK)
        return;
    runs = runner_seen(c, failing, cx.now_ms);
    for (int i = 0; i < MX_JOB_COUNT; i++)
        check_job(c, &backlogs[i], failing_of(failing, backlogs[i].job), runs, cx.now_ms);
}
