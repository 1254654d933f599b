/* The pools as the master runs them: how many workers each should have, and what
 * decides that: the settings, the load (io/scaling.h), or a command. Part of the master: see
 * io/prefork.h. */
#ifndef MX_IO_POOLS_H
#define MX_IO_POOLS_H

#include <poll.h>

#include "io/workers.h"

struct mx_pool_run {
    int want;    /* workers it should have */
    bool pinned; /* by a command */
    struct mx_scaling scaling;
    int next_want; /* of the generation that boots */
    bool next_pinned;
};

struct mx_pools_run {
    struct mx_workers *workers;
    const struct mx_plan *plan; /* of the present generation */
    struct mx_pool_run at[MX_POOLS_MAX];
};

/* Set the numbers that the pools begin with. */
void mx_pools_begin(struct mx_pools_run *r);

/* Take seats and fork for what is missing of a generation: the present one, or the `next`. */
void mx_pools_fill(struct mx_pools_run *r, const struct mx_plan *plan, int generation, bool next);
/* All workers of a generation that are wanted serve. */
bool mx_pools_ready(const struct mx_pools_run *r, int generation, bool next);
/* Workers wanted of all pools. */
int mx_pools_total(const struct mx_pools_run *r, bool next);

/* Bring the pools of new settings into the order of those that there are; those that are gone stay
 * as they were. */
void mx_pools_align(const struct mx_pools_run *r, struct mx_pools *next);
/* Decide what the next generation begins with: what a command set stays, unless the setting itself
 * has changed; what the load asked for stays within the new bounds. False: two generations do not
 * find seats. */
bool mx_pools_next(struct mx_pools_run *r, const struct mx_plan *next);
/* The next generation is the present one. */
void mx_pools_switch(struct mx_pools_run *r, const struct mx_plan *plan);

/* The most workers that the pool can have beside what the others need. */
int mx_pools_room(const struct mx_pools_run *r, int pool);
/* Give the pool `n` workers until another command. NULL, or why not (in `a`). */
const char *mx_pools_pin(struct mx_pools_run *r, struct mx_arena *a, int generation, int pool,
                         int64_t n);
/* The settings and the load decide again. */
const char *mx_pools_release(struct mx_pools_run *r, struct mx_arena *a, int generation, int pool);

/* Take no new requests from that moment on, 0: take them again. NULL, or why not (in `a`). */
const char *mx_pools_drain(struct mx_pools_run *r, struct mx_arena *a, int pool, int64_t from_ns);
/* The number of requests that draining pools have in hand still, each named in `out`, and of
 * draining pools that serve on until load balancers have left. */
int mx_pools_draining(const struct mx_pools_run *r, struct mx_buf *out);

/* Put the listeners of pools without workers into `p`; the number of them. */
int mx_pools_poll(const struct mx_pools_run *r, struct pollfd *p);
/* Start the first worker of a pool on demand whose listener is among the `n` and has a connection.
 * True: there is one. */
bool mx_pools_demand(struct mx_pools_run *r, const struct pollfd *p, int n);
/* Measure all pools and let those that follow the load do so. True: one of them grows. */
bool mx_pools_follow(struct mx_pools_run *r, int generation);

#endif
