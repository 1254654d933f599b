/* Metrics: one table of them, and counters in memory that the processes of a host share.
 * Counting takes no lock and never fails; a process may die at any instruction without harm, and
 * what it counted stays. Exposition (io/metrics.h) and documentation follow from the table.
 *
 * A process that was given no memory (mx_metrics_use) counts nothing. */
#ifndef MX_BASE_METRIC_H
#define MX_BASE_METRIC_H

#include "base/prelude.h"

/* Values of labels, in the order of their enums: X(NAME, "value"). */
#define MX_METRIC_CLASSES(X) \
    X(MX_CLASS_2XX, "2xx")   \
    X(MX_CLASS_3XX, "3xx")   \
    X(MX_CLASS_4XX, "4xx")   \
    X(MX_CLASS_5XX, "5xx")
#define MX_METRIC_STATES(X)            \
    X(MX_WORKERS_STARTING, "starting") \
    X(MX_WORKERS_IDLE, "idle")         \
    X(MX_WORKERS_BUSY, "busy")         \
    X(MX_WORKERS_STOPPING, "stopping")
#define MX_METRIC_EXITS(X)                                                                 \
    X(MX_EXIT_STOPPED, "stopped")           /* told to: reload, scaling, end */            \
    X(MX_EXIT_MAX_REQUESTS, "max_requests") /* by itself, to be replaced */                \
    X(MX_EXIT_MEMORY, "memory")             /* the same, for worker_rss_max_mb */          \
    X(MX_EXIT_REFUSED, "refused")           /* could not serve: configuration, schema */   \
    X(MX_EXIT_DEADLINE, "deadline")         /* killed: a request took too long */          \
    X(MX_EXIT_SILENT, "silent")             /* killed: no sign of life between requests */ \
    X(MX_EXIT_DRAIN, "drain_timeout")       /* killed: did not end when told to */         \
    X(MX_EXIT_CRASH, "crash")               /* a signal, or a status that nobody asked for */
#define MX_METRIC_SHEDS(X)                                                    \
    X(MX_SHED_AGE, "queue_age")     /* waited longer than queue_age_max_ms */ \
    X(MX_SHED_OVERLOAD, "overload") /* overload_shed */                       \
    X(MX_SHED_DRAIN, "draining")    /* the host or pool is out of service */  \
    X(MX_SHED_HASHING, "hashing")   /* no room to hash another password */
#define MX_METRIC_LIMITS(X)                                                                     \
    X(MX_LIMIT_GUEST, "guest")           /* new guests of a client address */                   \
    X(MX_LIMIT_SIGN_IN, "sign_in")       /* tokens and challenges of a client address */        \
    X(MX_LIMIT_CREDENTIAL, "credential") /* sign-ins, sign-ups and codes of a client address */ \
    X(MX_LIMIT_GUESS, "guess")           /* wrong passwords and codes */                        \
    X(MX_LIMIT_MAIL, "mail")             /* mail that anybody may ask for */                    \
    X(MX_LIMIT_KEYS, "idempotency_keys") /* answers kept for one account */                     \
    X(MX_LIMIT_AUDIT, "audit")           /* refusals of one client put on record */
#define MX_METRIC_CACHE(X)        \
    X(MX_ANSWER_HIT, "hit")       \
    X(MX_ANSWER_MISS, "miss")     \
    X(MX_ANSWER_STORED, "stored") \
    X(MX_ANSWER_DROPPED, "dropped") /* too large, or another writer was there */
#define MX_METRIC_DB_ERRORS(X)                                                                 \
    X(MX_DB_ERROR_CONFLICT, "conflict")     /* deadlock, lock wait, certification: repeated */ \
    X(MX_DB_ERROR_DEADLINE, "deadline")     /* the statement was ended */                      \
    X(MX_DB_ERROR_CONSTRAINT, "constraint") /* unique key, foreign key, CHECK: expected */     \
    X(MX_DB_ERROR_REFUSED, "refused")       /* full, read-only, no connection to be had */     \
    X(MX_DB_ERROR_LOST, "lost")             /* the connection went away */                     \
    X(MX_DB_ERROR_OTHER, "other")           /* a fault of the program or of the schema */
#define MX_METRIC_RETRIES(X)                                                  \
    X(MX_RETRY_CONFLICT, "conflict") /* a transaction lost against another */ \
    X(MX_RETRY_LOST, "lost")         /* on a new connection */
#define MX_METRIC_RESULTS(X) \
    X(MX_RESULT_OK, "ok")    \
    X(MX_RESULT_FAILED, "failed")
/* Invariants; `merx jobs` looks for rows that break one. */
#define MX_METRIC_INVARIANTS(X)                                                             \
    X(MX_INVARIANT_STOCK, "stock")     /* a counter of stock is the sum of its movements */ \
    X(MX_INVARIANT_ORDER, "order")     /* an order's lines and parts add up to its total */ \
    X(MX_INVARIANT_PAYMENT, "payment") /* what is paid has a payment of that amount, once */

#define MX_METRIC_ENUM(name, value) name,
enum mx_metric_class { MX_METRIC_CLASSES(MX_METRIC_ENUM) };
enum mx_metric_state { MX_METRIC_STATES(MX_METRIC_ENUM) };
enum mx_metric_exit { MX_METRIC_EXITS(MX_METRIC_ENUM) };
enum mx_metric_shed { MX_METRIC_SHEDS(MX_METRIC_ENUM) };
enum mx_metric_limit { MX_METRIC_LIMITS(MX_METRIC_ENUM) };
enum mx_metric_cache { MX_METRIC_CACHE(MX_METRIC_ENUM) };
enum mx_metric_db_error { MX_METRIC_DB_ERRORS(MX_METRIC_ENUM) };
enum mx_metric_retry { MX_METRIC_RETRIES(MX_METRIC_ENUM) };
enum mx_metric_result { MX_METRIC_RESULTS(MX_METRIC_ENUM) };
enum mx_metric_invariant { MX_METRIC_INVARIANTS(MX_METRIC_ENUM) };
#undef MX_METRIC_ENUM

/* Labels: X(NAME, "label"). The values of MX_LABEL_ROUTE, _POOL, _JOB and _ROWS_JOB are the
 * program's (mx_metric_values), those of the others stand above. */
#define MX_METRIC_LABELS(X) \
    X(NONE, "")             \
    X(ROUTE, "route")       \
    X(POOL, "pool")         \
    X(JOB, "job_name")      \
    X(ROWS_JOB, "job_name") \
    X(CLASS, "class")       \
    X(STATE, "state")       \
    X(EXIT, "reason")       \
    X(SHED, "reason")       \
    X(LIMIT, "limit")       \
    X(CACHE, "result")      \
    X(DB_ERROR, "code")     \
    X(RETRY, "reason")      \
    X(RESULT, "result")     \
    X(INVARIANT, "invariant")

enum mx_label {
#define MX_METRIC_LABEL(name, text) MX_LABEL_##name,
    MX_METRIC_LABELS(MX_METRIC_LABEL)
#undef MX_METRIC_LABEL
        MX_LABELS
};

enum mx_metric_kind {
    MX_COUNTER,
    MX_GAUGE,
    MX_HISTOGRAM,
    MX_INFO /* the value is 1, the labels are mx_metric_info's */
};
/* Of what the program counts; seconds are counted in nanoseconds. */
enum mx_metric_unit { MX_UNIT_NONE, MX_UNIT_SECONDS, MX_UNIT_BYTES };

/* THE table: X(NAME, "name without _total", kind, unit, label, label, "Help."). Those of the job
 * runner come last, from JOB_RUNS on: another process counts them (mx_metrics_save). A series with
 * a route is there once the route was called, all others always, and a gauge as soon as it is
 * known. */
/* clang-format off */
#define MX_METRICS(X) \
    X(REQUESTS, "merx_requests", COUNTER, NONE, POOL, CLASS, "Requests answered, by pool and class of status.") \
    X(REQUEST_TIME, "merx_request_duration_seconds", HISTOGRAM, SECONDS, ROUTE, CLASS, "Time from the start of work on a request until its answer was sent, by route (unknown: no such path) and class of status.") \
    X(REQUEST_WAIT, "merx_request_wait_seconds", HISTOGRAM, SECONDS, POOL, NONE, "Time that a request waited for a worker, from its arrival at nginx.") \
    X(REQUEST_BROKEN, "merx_requests_undelivered", COUNTER, NONE, POOL, NONE, "Requests whose answer could not be delivered to nginx.") \
    X(BUSY, "merx_busy_seconds", COUNTER, SECONDS, POOL, NONE, "Time that workers spent on requests.") \
    X(RESPONSE_BYTES, "merx_response_bytes", COUNTER, BYTES, POOL, NONE, "Bytes of the bodies of answers.") \
    X(SHED, "merx_shed", COUNTER, NONE, SHED, NONE, "Requests refused with 503 because of load or as the host is out of service, by reason.") \
    X(LIMITED, "merx_rate_limited", COUNTER, NONE, LIMIT, NONE, "Attempts refused by a rate limit.") \
    X(ANSWER_CACHE, "merx_answer_cache", COUNTER, NONE, CACHE, NONE, "Public answers found in the cache (hit), made anew (miss), stored, and not stored because they are too large or another worker stored there (dropped).") \
    X(DB_STATEMENT, "merx_db_statement_duration_seconds", HISTOGRAM, SECONDS, NONE, NONE, "Time of a statement or COMMIT in the database, waiting for its answer included; their number is that of round trips.") \
    X(DB_ERRORS, "merx_db_errors", COUNTER, NONE, DB_ERROR, NONE, "Statements and attempts to connect that failed, by the meaning of the error.") \
    X(DB_RETRIES, "merx_db_retries", COUNTER, NONE, RETRY, NONE, "Transactions and statements that were run again.") \
    X(DB_CONNECTS, "merx_db_connects", COUNTER, NONE, RESULT, NONE, "Attempts to connect to the database.") \
    X(WORKERS, "merx_workers", GAUGE, NONE, POOL, STATE, "Workers by pool and state.") \
    X(WORKERS_WANTED, "merx_workers_wanted", GAUGE, NONE, POOL, NONE, "Workers that the pool is meant to have.") \
    X(WORKERS_MAX, "merx_workers_max", GAUGE, NONE, NONE, NONE, "Places for workers of all pools and both generations of a reload (workers_max).") \
    X(WORKER_EXITS, "merx_worker_exits", COUNTER, NONE, POOL, EXIT, "Workers that ended, by reason.") \
    X(STATEMENTS_KILLED, "merx_statements_killed", COUNTER, NONE, NONE, NONE, "Statements ended in the database because their request had passed its deadline.") \
    X(WORKER_PSS, "merx_worker_pss_bytes", GAUGE, BYTES, POOL, NONE, "Memory of the workers (proportional set size) in sum, each sampled every few seconds.") \
    X(CONNECTIONS, "merx_connections", GAUGE, NONE, POOL, NONE, "FastCGI connections open.") \
    X(QUEUE_DEPTH, "merx_queue_depth", GAUGE, NONE, POOL, NONE, "Connections that wait for a worker.") \
    X(QUEUE_LIMIT, "merx_queue_limit", GAUGE, NONE, POOL, NONE, "Connections that may wait for a worker before nginx is refused.") \
    X(GENERATION, "merx_generation", GAUGE, NONE, NONE, NONE, "Reloads since the start, plus one.") \
    X(MASTER_SEEN, "merx_master_seen_timestamp_seconds", GAUGE, SECONDS, NONE, NONE, "When the master last looked after its workers. The gauges above are of that time.") \
    X(START_TIME, "process_start_time_seconds", GAUGE, SECONDS, NONE, NONE, "Start of the master.") \
    X(BUILD, "merx_build", INFO, NONE, NONE, NONE, "Release, build and schema of the master.") \
    X(JOB_RUNS, "merx_job_runs", COUNTER, NONE, JOB, RESULT, "Runs of a job.") \
    X(JOB_TIME, "merx_job_run_seconds", COUNTER, SECONDS, JOB, NONE, "Time that a job has run.") \
    X(JOB_DUE, "merx_job_due", GAUGE, NONE, ROWS_JOB, NONE, "Rows that a job has yet to work on, counted up to 10000: of mail the mails to be sent, of events the outbox.") \
    X(JOB_LAG, "merx_job_lag_seconds", GAUGE, SECONDS, ROWS_JOB, NONE, "How long the oldest of them has been due.") \
    X(JOB_FAILED, "merx_job_failed", GAUGE, NONE, ROWS_JOB, NONE, "Rows that failed and are tried again.") \
    X(JOB_DEAD, "merx_job_dead", GAUGE, NONE, ROWS_JOB, NONE, "Rows that failed too often and wait for staff.") \
    X(INVARIANT_ROWS, "merx_invariant_rows", COUNTER, NONE, INVARIANT, NONE, "Rows that an invariant was checked on.") \
    X(INVARIANT_BROKEN, "merx_invariant_violations", GAUGE, NONE, INVARIANT, NONE, "Rows that broke an invariant in the last whole round through the table, or more in the present one.") \
    X(INVARIANT_ROUND, "merx_invariant_round_timestamp_seconds", GAUGE, SECONDS, INVARIANT, NONE, "When the last whole round through the table ended.") \
    X(JOBS_SEEN, "merx_jobs_seen_timestamp_seconds", GAUGE, SECONDS, NONE, NONE, "When the job runner of this host last told of itself.")
/* clang-format on */

enum mx_metric {
#define MX_METRIC_ENUM(id, name, kind, unit, a, b, help) MX_M_##id,
    MX_METRICS(MX_METRIC_ENUM)
#undef MX_METRIC_ENUM
        MX_METRIC_COUNT
};

struct mx_metric_row {
    const char *name, *help;
    enum mx_metric_kind kind;
    enum mx_metric_unit unit;
    enum mx_label labels[2];
};
/* By enum mx_metric. */
extern const struct mx_metric_row mx_metrics[];
extern const char *const mx_metric_units[];

/* Buckets of all histograms: upper bounds, and the last one without. */
#define MX_METRIC_BUCKETS 15
extern const char *const mx_metric_bounds[MX_METRIC_BUCKETS];

/* ---- what the program is made of ---- */

/* The values of a label, NULL-terminated; they stay the caller's. Before any of the following, and
 * never after. Labels of which nothing is said have no values, nor their metrics any series. */
void mx_metric_values(enum mx_label label, const char *const *values);
/* Labels of MX_M_BUILD: `version="1.0"`. Stays the caller's. */
void mx_metric_info(const char *labels);
const char *mx_metric_info_labels(void);
const char *mx_metric_label(enum mx_label label);
/* NULL when the label has no value of that number. */
const char *mx_metric_value(enum mx_label label, int i);
/* How many values; 1 for MX_LABEL_NONE. */
int mx_metric_width(enum mx_label label);

/* ---- counting ---- */

/* Bytes of the memory that processes share: the same for any number of them. */
size_t mx_metrics_size(void);
/* Count into `memory`, which is zeroed at first, from now on: this process, and those that it forks
 * after. NULL: count nothing. */
void mx_metrics_use(void *memory);
/* Processes with different numbers rarely write to the same words. */
void mx_metrics_spread(int number);

/* Of labels that the metric has not, the number is 0. A number that the label has not is counted
 * nowhere. */
void mx_metric_add(enum mx_metric m, int a, int b, uint64_t n);
/* Histograms of seconds; less than nothing counts as nothing. */
void mx_metric_observe(enum mx_metric m, int a, int b, int64_t ns);
/* Gauges: `v` is not negative; -1 when it is not known. One process alone sets a gauge. */
void mx_metric_set(enum mx_metric m, int a, int b, int64_t v);

/* ---- reading ---- */

/* All numbers at about this time: words of a size that mx_metrics_words tells. */
size_t mx_metrics_words(void);
void mx_metrics_read(uint64_t *ret_view);
/* A counter. */
uint64_t mx_metric_counted(const uint64_t *view, enum mx_metric m, int a, int b);
/* The buckets of a histogram, each without the smaller ones, and the sum in ns behind them. */
#define MX_METRIC_CELLS (MX_METRIC_BUCKETS + 1)
const uint64_t *mx_metric_cells(const uint64_t *view, enum mx_metric m, int a, int b);
/* A gauge; -1 when it is not known. */
int64_t mx_metric_gauge(const uint64_t *view, enum mx_metric m, int a, int b);
/* Change a gauge of the view alone. */
void mx_metric_put(uint64_t *view, enum mx_metric m, int a, int b, int64_t v);
/* The words of the job runner's metrics within a view. */
struct mx_metric_span {
    size_t at, n;
};
struct mx_metric_span mx_metrics_of_jobs(void);

#endif
