/* The listening sockets of the pools. Each is passed to the program, by the service manager or by
 * the master before (io/passed.h), or opened. Part of the master: see io/prefork.h. */
#ifndef MX_IO_SOCKETS_H
#define MX_IO_SOCKETS_H

#include "base/pool.h"
#include "io/passed.h"

struct mx_sockets {
    int fd[MX_POOLS_MAX];    /* -1: nobody listens for the pool */
    bool lent[MX_POOLS_MAX]; /* the service manager's: it stays open when we end */
};

/* The passed ones first: the service manager's has the name of its pool (FileDescriptorName=), one
 * that the master before had opened another. NULL, or why one cannot be had, in `a`; then none is
 * left open. */
const char *mx_sockets_open(struct mx_sockets *s, struct mx_arena *a,
                            const struct mx_settings *conf, const struct mx_pools *pools);
/* From now on nobody can connect to those that are not lent, not even to a worker's copy, and their
 * files are gone. */
void mx_sockets_shut(struct mx_sockets *s, const struct mx_pools *pools);
/* Put all of them into `pass` (MX_POOLS_MAX entries) for a program that takes over; their number.
 */
int mx_sockets_passes(const struct mx_sockets *s, struct mx_arena *a, const struct mx_pools *pools,
                      struct mx_pass *pass);

#endif
