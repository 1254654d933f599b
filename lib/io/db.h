/* The database. Two connections a worker, opened at first use after fork: `read` in autocommit,
 * `write` with autocommit off, so that a transaction begins by itself with its first statement and
 * costs one round trip (COMMIT) on top. Statements are the closed set of sql/queries;
 * each is prepared when a connection first uses it, and checked against its signature; a connection
 * keeps db_prepared_statements of them. No function takes SQL text.
 * io/db.c and io/db_session.c alone see mysql.h; io/db_tx.c decides what is tried again.
 *
 * Errors: MX_E_UNAVAILABLE (database down, read-only, not ready: 503), MX_E_DEADLINE (statement
 * killed or timed out), MX_E_DUPLICATE (unique key), MX_E_CONFLICT (foreign key or CHECK),
 * MX_E_RETRY (deadlock, lock wait, snapshot conflict: inside mx_db_tx only), MX_E_COMMIT_UNKNOWN.
 * The first failed statement of a transaction poisons it: all later ones return the same error
 * until ROLLBACK. */
#ifndef MX_IO_DB_H
#define MX_IO_DB_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"
#include "base/settings.h"
#include "io/db_board.h"

struct mx_db;

/* Types of parameters and columns in sql/queries; `?` behind one means it may be NULL. */
enum mx_sql_type {
    MX_SQL_I64,  /* int64_t; NULL: 0 and has_<name> false (rows), !has_<name> (parameters) */
    MX_SQL_STR,  /* struct mx_str, UTF-8 text; NULL: absent */
    MX_SQL_BIN,  /* struct mx_str, bytes; NULL: absent */
    MX_SQL_ID,   /* struct mx_id, BINARY(16); NULL: all zero */
    MX_SQL_TIME, /* struct mx_time, DATETIME(3) UTC; NULL: 0 */
    MX_SQL_HASH, /* struct mx_hash, BINARY(32) */
    MX_SQL_BOOL, /* bool, TINYINT; NULL: as MX_SQL_I64 */
    MX_SQL_ENUM, /* int, TINYINT; NULL: -1 */
    /* The two columns of a struct mx_money, one behind the other; NULL: no currency. */
    MX_SQL_AMOUNT,  /* int64_t minor */
    MX_SQL_CURRENCY /* struct mx_currency, CHAR(3) */
};

struct mx_sql_slot {
    const char *name;
    enum mx_sql_type type;
    bool nullable;
    unsigned off;     /* in the parameter or row struct */
    unsigned has_off; /* of bool has_<name> for a nullable i64 or bool, of the currency for a
                         nullable amount; 0xffff otherwise */
};

/* One statement as the generator writes it. */
struct mx_sql {
    const char *name; /* "cart.load" */
    const char *text;
    const struct mx_sql_slot *in;
    int n_in;
    const struct mx_sql_slot *out;
    int n_out;
    size_t row_size;
    int index; /* position in mx_sql_all */
    bool page; /* the rows end with the one whose texts reach MX_PAGE_BYTES in all */
};

/* All statements, by index; mx_sql_n of them. Those of several rows stand behind each other, from
 * one row to most. */
extern const struct mx_sql mx_sql_all[];
extern const int mx_sql_n;

/* Handle of this process; connects nothing. Settings must outlive it. */
struct mx_db *mx_db_new(const struct mx_settings *conf);
/* Close the connections (a clean goodbye) and free. */
void mx_db_free(struct mx_db *db);
/* Worker, before anything is connected: tell `board` (shared memory) what is done, and obey
 * the master that watches it: see io/db_board.h. All signals but those of crashes are blocked. */
void mx_db_watch(struct mx_db *db, struct mx_db_board *board);
/* A request begins that has time until `deadline_ns` (monotonic): from then on no statement begins
 * and nothing is committed, MX_E_DEADLINE. It has ended: what was late is forgotten. */
void mx_db_deadline(struct mx_db *db, int64_t deadline_ns);
void mx_db_deadline_over(struct mx_db *db);
/* Use this arena for rows until the next call. */
void mx_db_begin_request(struct mx_db *db, struct mx_arena *a);

/* Run a statement; rows (structs of s->row_size) go to *ret_rows in the request's arena. Called
 * through the generated q_<noun>_<verb> functions only. */
enum mx_err mx_db_query(struct mx_db *db, const struct mx_sql *s, const void *in,
                        struct mx_list *ret_rows) MX_MUST_CHECK;
/* Run a statement without rows; *ret_changed (may be NULL) is the number of rows it changed or
 * found as they should be. Outside a transaction it is one by itself: repeated like mx_db_tx, and
 * MX_E_COMMIT_UNKNOWN when the connection was lost after it was sent. */
enum mx_err mx_db_exec(struct mx_db *db, const struct mx_sql *s, const void *in,
                       int64_t *ret_changed) MX_MUST_CHECK;

/* Run fn(arg) as one transaction: commit when it returns MX_OK, roll back otherwise. On MX_E_RETRY
 * the arena is rewound and fn runs again whole, up to 5 times with jitter and within
 * db_statement_timeout_ms, then MX_E_UNAVAILABLE. A connection lost before COMMIT was sent is
 * retried once; lost during COMMIT gives MX_E_COMMIT_UNKNOWN. A failed statement that fn hides
 * (by returning MX_OK) is returned all the same; fn may itself ask for another run by MX_E_RETRY.
 * fn must be pure SQL and memory, and what it leaves outside the arena it must set anew in each
 * run. Not nestable. */
enum mx_err mx_db_tx(struct mx_db *db, enum mx_err (*fn)(void *arg), void *arg) MX_MUST_CHECK;
bool mx_db_in_tx(const struct mx_db *db);
/* State of a transaction ends with it: each run of fn begins without any of the following,
 * which live in the arena.
 *
 * Inside fn: run hook(arg) when everything else is written, last before COMMIT, in the order of
 * these calls. Work that takes the hottest locks goes here, so that they are held shortest. The
 * value that hook returns counts like what fn returns. */
void mx_db_before_commit(struct mx_db *db, enum mx_err (*hook)(void *arg), void *arg);
/* Run hook(arg, certain) after a COMMIT that took effect, or may have (MX_E_COMMIT_UNKNOWN:
 * `certain` is false); outside of a transaction at once. For memory that follows the database; runs
 * no statement. */
void mx_db_after_commit(struct mx_db *db, void (*hook)(void *arg, bool certain), void *arg);
/* Inside fn: run hook(arg) when this run of it is certain not to take effect. For memory that was
 * changed ahead of the database; runs no statement. */
void mx_db_after_rollback(struct mx_db *db, void (*hook)(void *arg), void *arg);
/* One transaction of a request is what it is for, and what is kept of the request commits along
 * with that effect. mx_db_on_effect, before it: `hook` goes to the end of that transaction like
 * one of mx_db_before_commit, until mx_db_begin_request. mx_db_effect, inside fn: the present
 * transaction is it, and its outcome is settled but for what COMMIT may bring. */
void mx_db_on_effect(struct mx_db *db, enum mx_err (*hook)(void *arg), void *arg);
void mx_db_effect(struct mx_db *db);
/* Inside fn: memory for what a module has read in this run, zeroed at first; the same for the same
 * `owner`, which is the address of something of that module's own. */
void *mx_db_memo(struct mx_db *db, const void *owner, size_t size);
/* Inside fn: has an earlier run of it been rolled back? What was left to be compared at the end may
 * then better be locked at the beginning. */
bool mx_db_tx_again(const struct mx_db *db);

/* The last statement that failed since the last mx_db_tx (or mx_db_begin_request) began, and the
 * database's number for it. */
struct mx_db_failure {
    const char *statement; /* "order.insert"; "" none */
    unsigned no;           /* 0: none, or not the database's doing */
};
struct mx_db_failure mx_db_last_failure(const struct mx_db *db);

/* Database answers and a table can be read. *ret_version is the schema's version, 0 before the
 * first migration. */
enum mx_err mx_db_ready(struct mx_db *db, int64_t *ret_version) MX_MUST_CHECK;

/* The last error of a statement outside of transactions, or of the attempt to connect for it. */
struct mx_db_error {
    unsigned no;
    const char *why; /* the server's or the library's own words; valid until the next statement */
    bool configuration; /* only a change of settings, accounts or grants helps */
    bool grants;        /* a privilege of the account is missing */
};
struct mx_db_error mx_db_last_error(const struct mx_db *db);

/* Does the server have room for all prepared statements that the workers (workers_max) and the job
 * runner may keep? *ret_needed and *ret_room are numbers of statements. */
enum mx_err mx_db_room(struct mx_db *db, int64_t *ret_needed, int64_t *ret_room) MX_MUST_CHECK;

/* Cost of one statement to a request, all its runs together; preparing counts. */
struct mx_db_use {
    const char *statement; /* "cart.load", "COMMIT"; "others": all for which there was no room */
    int trips;
    int64_t ns;
};
#define MX_DB_USES 32

/* Cost of the database since mx_db_begin_request. */
struct mx_db_spent {
    int trips;          /* round trips that carried a statement */
    int64_t ns;         /* in statements, whether they succeeded or not */
    int64_t connect_ns; /* in attempts to connect */
    int retries;        /* transactions and statements alone that ran again: deadlocks, lock waits,
                         * connections that were lost */
    int n_uses;
    struct mx_db_use uses[MX_DB_USES]; /* in the order of their first runs */
};
/* Valid until the next statement. */
const struct mx_db_spent *mx_db_spent(const struct mx_db *db);

/* Prepare every statement against the live schema; the name and reason of each failure go to `out`,
 * and MX_E_INTERNAL is returned. For `merx check-sql`. */
enum mx_err mx_db_check_all(struct mx_db *db, struct mx_buf *out) MX_MUST_CHECK;

/* Run the statements of one of our own files, one by one, each in autocommit, on a connection of
 * its own. Stops at the first failure; *ret_why is then the database's reason, valid until the next
 * call. For io/migrate.c and the demo loader alone. */
enum mx_err mx_db_script(struct mx_db *db, struct mx_str sql, const char **ret_why) MX_MUST_CHECK;

#endif
