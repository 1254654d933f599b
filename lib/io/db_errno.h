/* The meaning of the database's error numbers, as a table, and how a file of SQL is
 * split. Private to io/db*.c; knows no client library. */
#ifndef MX_IO_DB_ERRNO_H
#define MX_IO_DB_ERRNO_H

#include "base/str.h"

#define MX_DB_WHY_MAX 256
#define MX_DB_TOO_MANY_STATEMENTS 1461 /* max_prepared_stmt_count of the server is reached */

/* One error of the database. */
struct mx_db_errno {
    unsigned no;
    enum mx_err err;
    bool drop;   /* the connection is of no more use */
    bool lost;   /* the connection went away: the same work may succeed on a new one */
    bool unsent; /* the server never got what was to be sent */
};

/* Meaning of error `no`; an unknown one is MX_E_INTERNAL. */
struct mx_db_errno mx_db_errno(unsigned no);

/* The same of an error that has just come: it is counted. */
struct mx_db_errno mx_db_errno_met(unsigned no);

/* True when only a change of settings, accounts or grants helps against error `no`. */
bool mx_db_is_configuration(unsigned no);

/* True when error `no` says that the account lacks a privilege. */
bool mx_db_lacks_grant(unsigned no);

/* True when error `no` in answer to COMMIT says for certain that nothing was committed. */
bool mx_db_commit_refused(unsigned no);

/* True when the message of this error may quote stored data and must not be logged. */
bool mx_db_quotes_data(unsigned no, const char *sqlstate);

/* Take the next statement (without its ';') off *rest. Knows quotes and comments; a statement of
 * comments and space alone is skipped. False at the end. */
bool mx_db_split(struct mx_str *rest, struct mx_str *ret_statement);

#endif
