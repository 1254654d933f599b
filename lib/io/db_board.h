/* The present doings of a worker's database handle, in shared memory, for the master that watches
 * over its deadline: which connections it has in the server and which statement runs. Written by
 * the worker without locks; the one word that both write says whose turn it is. */
#ifndef MX_IO_DB_BOARD_H
#define MX_IO_DB_BOARD_H

#include <signal.h>
#include <stdatomic.h>

#include "base/prelude.h"

/* The signal by which the master makes a worker whose request is overdue hang up on the server: the
 * statement that it waits for fails, as if the server had gone. */
#define MX_DB_CUT SIGALRM

#define MX_BOARD_LINKS 3   /* connections of a handle */
#define MX_BOARD_TEXT (-1) /* `running`: COMMIT, ROLLBACK or a script */

struct mx_db_board {
    _Atomic uint64_t ids[MX_BOARD_LINKS]; /* of the connections in the server; 0: closed */
    atomic_int running; /* 0: none; a statement of mx_sql_all, by index plus one; MX_BOARD_TEXT */
    atomic_int on;      /* the connection that runs it */
    _Atomic uint64_t request; /* count of requests, and the state of the present one */
};

/* Worker: a request begins, or has ended. False: the master took it for overdue, so that orders to
 * kill its statements may still be under way to the server. */
void mx_board_begin(struct mx_db_board *b);
bool mx_board_end(struct mx_db_board *b) MX_MUST_CHECK;
/* Is the request that runs overdue? Async-signal-safe. */
bool mx_board_is_overdue(const struct mx_db_board *b);

/* Master: what to give mx_board_overdue later, read before the time of the request is. */
uint64_t mx_board_look(const struct mx_db_board *b);
/* Master: the request that ran at mx_board_look is overdue. True when it still runs. */
bool mx_board_overdue(struct mx_db_board *b, uint64_t seen) MX_MUST_CHECK;
/* Name of the statement that runs, "" none. */
const char *mx_board_statement(const struct mx_db_board *b);
/* Nothing is open and nothing runs: for the next process. */
void mx_board_reset(struct mx_db_board *b);

#endif
