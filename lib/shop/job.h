/* Work that `merx jobs` does by itself, row by row of what is due. Rows are worked on in batches, a
 * transaction each. When a batch fails, smaller ones find the row that is to blame: it is left
 * alone for a while that grows, on record with what went wrong, and the others go on. After
 * job_tries_max tries it is dead: tried again only when staff ask for it, or a month later. What
 * the world did (no database, a lock that was not free) costs a row no try. */
#ifndef MX_SHOP_JOB_H
#define MX_SHOP_JOB_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"

/* THE table of jobs that work on rows: X(NAME, "name"). The names are stored. */
#define MX_JOBS(X)            \
    X(EVENTS, "events")       \
    X(GUESTS, "guest_purge")  \
    X(MAIL, "mail")           \
    X(EXPIRY, "order_expiry") \
    X(REINDEX, "product_reindex")

enum mx_job_name {
#define MX_JOB_ENUM(name, wire) MX_JOB_##name,
    MX_JOBS(MX_JOB_ENUM)
#undef MX_JOB_ENUM
        MX_JOB_COUNT
};
/* In the order of the enums, NULL-terminated. */
extern const char *const mx_job_names[];

enum mx_job_state { MX_JOB_WAITING, MX_JOB_DEAD };
extern const char *const mx_job_state_names[];

/* ---- working ---- */

/* A row that is due. */
struct mx_job_row {
    struct mx_id id;
    const void *of; /* what the job read of it */
    bool failed;    /* a try failed before, and is on record */
    int64_t tries;  /* how many of its own */
};

struct mx_job_due {
    struct mx_list rows; /* struct mx_job_row */
    bool more;           /* there may be others at once */
};

struct mx_job {
    enum mx_job_name name;
    /* Read at most `limit` rows that are due, without those on record whose next try is yet to
     * come. Outside of any transaction. */
    enum mx_err (*due)(struct mx_ctx *cx, int64_t limit, struct mx_job_due *ret_due);
    /* Work on n (1 to MX_JOB_BATCH) of them in the present transaction, all or none.
     * MX_E_VERSION_CONFLICT: one is not as it was read, somebody else was faster. Any other failure
     * is a failure of one of the rows, or (503) of the world. Its detail by mx_fail goes on
     * record, and must tell of no person. */
    enum mx_err (*work)(struct mx_ctx *cx, const struct mx_job_row *rows, size_t n);
};

#define MX_JOB_BATCH 64

/* Read what is due and work on it, for a few seconds. *ret_n is how many rows were looked at, or
 * `limit` when there is more to do at once. Fails only when nothing can be put on record either. */
enum mx_err mx_job_work(struct mx_ctx *cx, const struct mx_job *job, int64_t limit,
                        int64_t *ret_n) MX_MUST_CHECK;

/* For jobs that cannot work in transactions. A try of the row failed: put it on record and leave
 * the row alone for a while. `own`: the row is to blame, not the world. `why` (at most 200 bytes)
 * is a code or a sentence that tells of no person. */
enum mx_err mx_job_failed(struct mx_ctx *cx, enum mx_job_name job, const struct mx_job_row *row,
                          bool own, struct mx_str why) MX_MUST_CHECK;
/* These rows are done: what is on record of them goes. */
enum mx_err mx_job_settle(struct mx_ctx *cx, enum mx_job_name job, const struct mx_job_row *rows,
                          size_t n) MX_MUST_CHECK;
/* Pause before the try that follows `tries` failed ones: 1 s, doubled each time, an hour at most,
 * and up to a quarter more or less, so that what failed together does not come back together. */
int64_t mx_job_back_off_ms(int64_t tries);
/* The ids of rows as a JSON array of hexadecimal texts, for statements. */
struct mx_str mx_job_ids(struct mx_arena *a, const struct mx_job_row *rows, size_t n);

/* ---- what failed ---- */

struct mx_job_failure {
    struct mx_id id;
    struct mx_str job;
    struct mx_id subject_id; /* of an order, a mail, ... */
    int state;               /* enum mx_job_state */
    int64_t tries;
    struct mx_str error;
    struct mx_time next_try_at;
    struct mx_time created_at, updated_at; /* the first failure, the last one */
};

struct mx_job_query {
    struct mx_str job; /* absent: any */
    bool has_state;
    int state;
    struct mx_id before; /* none: from the newest */
    int64_t limit;
};

/* Failures, newest first: struct mx_job_failure. */
enum mx_err mx_job_list(struct mx_ctx *cx, const struct mx_job_query *q,
                        struct mx_list *ret_rows) MX_MUST_CHECK;
/* In the present transaction: the row is tried again at once, as if it had never failed. Stands in
 * the audit log. MX_E_NOT_FOUND. */
enum mx_err mx_job_retry(struct mx_ctx *cx, struct mx_id id,
                         struct mx_job_failure *ret_failure) MX_MUST_CHECK;

/* Work that a job has yet to do. */
struct mx_job_backlog {
    const char *job;
    int64_t due;           /* rows not worked on yet, counted up to MX_JOB_COUNTED */
    int64_t lag_ms;        /* how long the oldest of them has been due */
    int64_t waiting, dead; /* rows that failed */
};
#define MX_JOB_COUNTED 10000

/* Of each job in turn. */
enum mx_err mx_job_backlogs(struct mx_ctx *cx,
                            struct mx_job_backlog ret_backlogs[MX_JOB_COUNT]) MX_MUST_CHECK;

#endif
