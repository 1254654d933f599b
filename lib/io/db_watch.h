/* The worker's side of io/db_board.h: what the one database handle of the process writes there, and
 * how the master makes it hang up. Nothing happens in a process that nobody watches. Private to
 * io/db*.c. */
#ifndef MX_IO_DB_WATCH_H
#define MX_IO_DB_WATCH_H

#include "io/db_board.h"

/* Write to `board` from now on, and obey MX_DB_CUT, which is blocked. */
void mx_watch_start(struct mx_db_board *board);
/* Connection `kind` was made, or is about to be closed. */
void mx_watch_opened(int kind, int socket, uint64_t id);
void mx_watch_closed(int kind);
/* The server is waited for, on that connection. `what`: see struct mx_db_board. MX_DB_CUT gets
 * through until mx_watch_ends: anywhere else it would interrupt what has nothing to do with it. */
void mx_watch_begins(int kind, int what);
void mx_watch_ends(void);

#endif
