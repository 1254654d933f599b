/* One connection and its prepared statements: the part of the database driver that knows the client
 * library. It opens, runs and ends, and says what went wrong; whether anything is tried again is
 * decided above it, in io/db_tx.c. Private to io/db*.c.
 *
 * A link that is of no more use closes itself; mx_link_open gives it a new connection. */
#ifndef MX_IO_DB_LINK_H
#define MX_IO_DB_LINK_H

#include "io/db.h"
#include "io/db_errno.h"

enum mx_link_kind {
    MX_LINK_READ,  /* autocommit */
    MX_LINK_WRITE, /* autocommit off: a transaction begins with the first statement */
    MX_LINK_SCRIPT /* autocommit, no time limit but on waiting for table locks */
};
#define MX_LINK_KINDS 3

/* The last error of a link. */
struct mx_link_error {
    struct mx_db_errno is;
    char why[MX_DB_WHY_MAX]; /* for a person; may quote data of the statement */
};

struct mx_link;

/* Closed link. `conf` and `spent`, to which its statements are added, must outlive it. */
struct mx_link *mx_link_new(const struct mx_settings *conf, enum mx_link_kind kind,
                            struct mx_db_spent *spent);
/* Close with a goodbye and free. NULL is allowed. */
void mx_link_free(struct mx_link *l);
bool mx_link_is_open(const struct mx_link *l);
/* One attempt to connect and set up the session, bounded by db_connect_timeout_s. */
enum mx_err mx_link_open(struct mx_link *l) MX_MUST_CHECK;
void mx_link_close(struct mx_link *l);
/* The last error; valid until the next call on this link. */
const struct mx_link_error *mx_link_error(const struct mx_link *l);

/* Rows of a statement (in the arena `a`), or the number of rows it changed or found unchanged. */
struct mx_link_result {
    struct mx_list rows;
    int64_t changed;
};

/* ns that the client waits for an answer before it gives the connection up. */
int64_t mx_link_patience_ns(const struct mx_link *l);
/* End in the server what the connection that this link had last is still doing: a server does not
 * see that its client has gone before the statement ends. From a connection of its own, which waits
 * two seconds at most. 0, or the error by which the server could not be told. */
unsigned mx_link_kill_last(const struct mx_link *l) MX_MUST_CHECK;

/* Prepare unless that is done, and compare with the signature. At most db_prepared_statements stay
 * prepared; the one that was used least recently goes first. */
enum mx_err mx_link_prepare(struct mx_link *l, const struct mx_sql *s) MX_MUST_CHECK;
/* Give up the server's side of all prepared statements; they are prepared again when they are used.
 */
void mx_link_unprepare_all(struct mx_link *l);
/* Run `s` once; the link is open. */
enum mx_err mx_link_run(struct mx_link *l, const struct mx_sql *s, const void *in,
                        struct mx_arena *a, struct mx_link_result *ret) MX_MUST_CHECK;
/* Run one statement of our own files, without parameters and rows; the link is open. */
enum mx_err mx_link_text(struct mx_link *l, struct mx_str sql) MX_MUST_CHECK;
/* COMMIT; MX_E_COMMIT_UNKNOWN when it was sent and no certain answer came. */
enum mx_err mx_link_commit(struct mx_link *l) MX_MUST_CHECK;
/* ROLLBACK; closes the link when that fails, which makes the server roll back. */
void mx_link_rollback(struct mx_link *l);

#endif
