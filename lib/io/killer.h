/* The master's hand on the process of io/db_killer.h: starts it, starts it again when it dies,
 * gives it orders. Part of the master: see io/prefork.h. */
#ifndef MX_IO_KILLER_H
#define MX_IO_KILLER_H

#include <sys/types.h>

#include "io/db_killer.h"

struct mx_killer {
    const struct mx_settings *conf;
    void (*in_child)(void *arg); /* closes what only the master and its workers need */
    void *arg;
    pid_t pid;      /* 0: none runs */
    int orders;     /* our end of the pipe; -1 none */
    int64_t due_ns; /* no other start before */
};

/* Start one with these settings, which must outlive it, instead of the one that runs: that one ends
 * when it has carried out its orders. */
void mx_killer_start(struct mx_killer *k, const struct mx_settings *conf);
/* In a child that is to be something else: close our end. */
void mx_killer_forget(struct mx_killer *k);
/* Never waits. */
void mx_killer_order(struct mx_killer *k, enum mx_kill what, uint64_t id, int worker);
/* A child has ended: true when it was this one. */
bool mx_killer_reaped(struct mx_killer *k, pid_t pid);
void mx_killer_tick(struct mx_killer *k);
/* Let it carry out its orders and end, within a few seconds. */
void mx_killer_stop(struct mx_killer *k);

#endif
