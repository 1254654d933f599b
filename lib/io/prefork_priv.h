/* The master's state, shared by the files that it is made of. */
#ifndef MX_IO_PREFORK_PRIV_H
#define MX_IO_PREFORK_PRIV_H

#include "io/control.h"
#include "io/pools.h"
#include "io/upgrade.h"

/* Names of sockets that are passed at an upgrade, beside those of the pools. */
#define MX_NAME_CONTROL "control"
#define MX_NAME_METRICS "metrics"
#define NS_PER_S INT64_C(1000000000)
#define TEXT_MAX ((size_t)64 << 10)
#define SCALE_MAX 1000000 /* far beyond workers_max, which decides */

/* Events that clients of the control socket wait for. A reload reads the settings when it begins: a
 * client that asks later waits for the next one. WAIT_ALONE and a generation: until no worker of an
 * earlier one is left. */
enum wait {
    WAIT_NOTHING,
    WAIT_RELOAD,
    WAIT_GENERATION,
    WAIT_SCALE,
    WAIT_DRAIN,
    WAIT_STOP,
    WAIT_UPGRADE,
    WAIT_ALONE
};

struct master {
    const struct mx_prefork *p;
    const struct mx_plan *started; /* what the sockets were made from */
    const struct mx_plan *plan;    /* of the present generation */
    struct mx_arena *plan_arena;   /* holds `plan`; NULL when it is `started` */
    const struct mx_plan *next;    /* of the generation that boots; NULL: no reload under way */
    struct mx_arena *next_arena;
    struct mx_workers workers;
    struct mx_pools_run pools;
    struct mx_control_server control;
    struct mx_control_server scrape; /* metrics over HTTP, where the settings say so */
    struct mx_successor successor;
    int before;  /* to the master that we take over from; -1 there is none, or it has ended */
    bool beside; /* it has not let go of the sockets yet */
    bool told_ready;
    bool unnamed; /* the service manager does not know yet that it let go */
    int64_t notified_ns;
    const char *notified;   /* the phase that the service manager was told of */
    struct mx_arena *texts; /* of one turn */
    int signals;
    int generation;
    int alone; /* the last generation that WAIT_ALONE was answered for */
    int exit_status;
    bool was_ready, stopping;
    bool reload_asked, reload_waits;
    int64_t born_ns, started_ms, boot_end_ns;
    int64_t full_ns;       /* when all were ready that the last scaling wanted; 0 not yet */
    int64_t settle_end_ns; /* until then a scaling may settle */
    int64_t drain_end_ns;  /* until then what is in hand may end */
};

/* ---- prefork.c ---- */

/* Nothing new is begun from here on; `why` goes to those who wait for something. */
void mx_master_begin_to_stop(struct master *m, const char *why);
/* The program and its process, in words, until the end of the turn. */
const char *mx_master_program(const struct master *m);

/* ---- prefork_pools.c ---- */

/* Answer those who wait for a scaling or for a pool to drain. */
void mx_master_pools_tick(struct master *m);
/* One worker more or less in the fast pool. */
void mx_master_step(struct master *m, int by);
/* Commands of the control socket, without the verb. */
void mx_master_scale(struct master *m, struct mx_control_client *c, struct mx_str arg);
void mx_master_drain(struct master *m, struct mx_control_client *c, struct mx_str arg);
void mx_master_resume(struct master *m, struct mx_control_client *c, struct mx_str arg);

/* ---- prefork_signals.c ---- */

/* Block all signals but those that tell of a crash, here and in the workers. A descriptor that
 * reads the ones that mean something to the master. */
int mx_master_signals(void);

/* ---- prefork_notify.c ---- */

/* Tell the service manager, if this is the process that it hears. */
void mx_master_notify(const struct master *m, const char *state);
void mx_master_notify_reloading(struct master *m);
/* Tell it from time to time that the master goes on, and what it does. */
void mx_master_notify_tick(struct master *m, const char *phase);

/* ---- prefork_upgrade.c ---- */

/* Others accept from the sockets beside us, or when we are gone; they may also do when we are
 * alone, if the sockets are lent. */
void mx_master_set_others(struct master *m, bool others);
/* Start a successor. NULL, or why not. */
const char *mx_master_upgrade(struct master *m);
void mx_master_upgrade_tick(struct master *m);
/* Hear the master that we take over from. */
void mx_master_before_tick(struct master *m);
/* A child of the master `arg` that is no worker has ended. */
void mx_master_other_ended(void *arg, pid_t pid, int status);

#endif
