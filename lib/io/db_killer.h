/* The process that ends statements and connections in the database for workers that cannot, being
 * stuck or dead: a server goes on with a statement whose client is gone, and commits it. The master
 * gives it orders and touches no database itself; it has neither locks nor state that a worker
 * needs. */
#ifndef MX_IO_DB_KILLER_H
#define MX_IO_DB_KILLER_H

#include "base/settings.h"

enum mx_kill { MX_KILL_QUERY, MX_KILL_CONNECTION };

/* One write to the pipe, which is whole whatever its size is. */
struct mx_kill_order {
    uint64_t id; /* of the connection in the server */
    enum mx_kill what;
    int worker; /* whose it is or was, for the log */
};

/* Carry out the orders that come from `orders` until its other end is closed. Returns the exit
 * status. */
int mx_db_killer(const struct mx_settings *conf, int orders);

#endif
