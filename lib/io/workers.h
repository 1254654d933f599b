/* The workers of a master: forks them into slots of the scoreboard, reaps and replaces them, kills
 * the overdue. A seat belongs to one generation; a stopping worker keeps its seat until it is dead,
 * so that two generations fit beside each other. Part of the master: see io/prefork.h. */
#ifndef MX_IO_WORKERS_H
#define MX_IO_WORKERS_H

#include <sys/types.h>

#include "base/metric.h"
#include "io/killer.h"
#include "io/prefork.h"
#include "io/scaling.h"
#include "io/sockets.h"

/* A slot as the master sees it. */
struct mx_seat {
    bool taken;    /* somebody works here or is going to */
    bool stopping; /* told to end, or ends by itself; not replaced in this seat */
    bool told;     /* told to end */
    bool was_ready;
    bool killed;                    /* for its deadline, or as it was silent */
    enum mx_metric_exit killed_for; /* MX_EXIT_STOPPED: it was not killed */
    bool outgrown;                  /* it ends for its memory's sake */
    enum { OVERDUE_NOT, OVERDUE_KILLED, OVERDUE_CUT } overdue; /* the request in hand */
    int64_t late_ns;                                           /* when that was noticed; 0 not */
    pid_t pid;                                                 /* 0: dead, respawned at spawn_ns */
    int generation;
    int pool;
    const struct mx_plan *plan; /* of its generation; not for a stopping worker */
    int64_t request_timeout_ns, drain_ns;
    struct mx_slot_view base; /* the slot's counters at its birth */
    struct mx_slot_view seen; /* what of them has been added to the sums of its pool */
    int fails;                /* deaths in a row soon after birth */
    int64_t born_ns, spawn_ns;
    int64_t kill_ns; /* SIGKILL then; 0 never */
};

struct mx_workers {
    const struct mx_prefork *p;
    struct mx_score *score;
    struct mx_seat *seats;
    int n;
    struct mx_sockets sockets;
    struct mx_pools pools; /* as they were at the start: names and sockets */
    int64_t busy_ns[MX_POOLS_MAX], waited_ns[MX_POOLS_MAX]; /* sums of mx_workers_load */
    uint64_t begun[MX_POOLS_MAX];
    struct mx_killer killer;
    void (*in_child)(void *arg); /* closes what only the master needs */
    /* A child that is no worker has ended. */
    void (*other_ended)(void *arg, pid_t pid, int status);
    void *arg;
    /* Deaths before READY of this generation, for the master that waits for it. */
    int boot_generation, boot_deaths;
    bool boot_fatal;                   /* one of them found the configuration bad */
    uint64_t deaths, killed, recycled; /* unexpected ends; past a deadline; by max_requests */
    uint64_t outgrown;                 /* ends by worker_rss_max_mb; not among `recycled` */
    uint64_t statements_killed;        /* of requests past their deadline */
    int64_t ticked_ns, watched_ns;     /* the last tick; since when there was no gap in them */
};

/* No workers yet, `slots` seats, no listeners. */
void mx_workers_init(struct mx_workers *c, const struct mx_prefork *p, const struct mx_pools *pools,
                     int slots);
void mx_workers_release(struct mx_workers *c);

/* Seats of the pool and generation whose worker has reported READY and is not stopping. */
int mx_workers_ready(const struct mx_workers *c, int pool, int generation);
/* Seats that are not free. */
int mx_workers_taken(const struct mx_workers *c);
/* Seats of generations before that one that are not free. */
int mx_workers_before(const struct mx_workers *c, int generation);
/* Seats of the pool whose worker was told to end. */
int mx_workers_leaving(const struct mx_workers *c, int pool);
/* Working seats of the pool that keep a connection from before `ns`: 0 when what comes now can go
 * to any of them. */
int mx_workers_older(const struct mx_workers *c, int pool, int generation, int64_t ns);
/* The pool as it is now: ready workers of that generation, sums over all that ever worked there. */
struct mx_load mx_workers_load(struct mx_workers *c, int pool, int generation);
/* Requests that the pool's workers began before `ns` and have in hand; each is named in `out`. */
int mx_workers_in_hand(const struct mx_workers *c, int pool, int64_t ns, struct mx_buf *out);
/* Take seats and fork until `want` work in the pool. False: no seat is free. */
bool mx_workers_fill(struct mx_workers *c, const struct mx_plan *plan, int generation, int pool,
                     int want);
/* Stop the youngest workers, idle ones first, until `want` are left. */
void mx_workers_trim(struct mx_workers *c, int generation, int pool, int want);
/* Stop all workers of a generation (0: of all) with `sig`; those who live `grace_ns` later (-1:
 * their drain time) are killed. */
void mx_workers_stop(struct mx_workers *c, int generation, int sig, int64_t grace_ns);
void mx_workers_signal(struct mx_workers *c, int sig);
/* Collect the dead. */
void mx_workers_reap(struct mx_workers *c);
/* Fork again what is due, notice workers that end by themselves, kill the overdue and the silent.
 */
void mx_workers_tick(struct mx_workers *c);

#endif
