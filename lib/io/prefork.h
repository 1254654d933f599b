/* The master: owns the listening sockets and the scoreboard, forks workers, respawns them with
 * back-off, reloads (a new generation is ready before the old one drains), scales, enforces the
 * request deadline, answers the control socket. Touches neither database nor request data: what
 * has to be ended in the database is ended by a process of its own (io/db_killer.h).
 *
 * Signals: TERM/QUIT graceful stop, a second one or INT fast; HUP reload; USR2 upgrade
 * (io/upgrade.h); TTIN/TTOU one worker more or less in the fast pool; USR1 reopen the log. */
#ifndef MX_IO_PREFORK_H
#define MX_IO_PREFORK_H

#include "base/buf.h"
#include "base/build.h"
#include "base/pool.h"
#include "base/settings.h"
#include "io/score.h"

/* Exit status of a worker, and then of the master: the configuration is no use. */
#define MX_EXIT_FATAL 2

/* Settings and pools of a generation of workers. */
struct mx_plan {
    const struct mx_settings *conf;
    struct mx_pools pools;
};

/* Where a worker works. */
struct mx_post {
    const struct mx_plan *plan;
    int pool;                    /* index into the plan's pools */
    int listeners[MX_POOLS_MAX]; /* that of the pool, and those of pools that it serves, too */
    int n_listeners;
    struct mx_score *score;
    int slot;
    struct mx_shared *shared;
};

struct mx_prefork {
    const char *settings_path; /* file read again at HUP; "" none */
    struct mx_build build;
    char *const *command_line; /* of this program, to start the one that is installed now */
    struct mx_shared *shared;
    /* Body of a worker; never returns to the master's code. It must report READY to the scoreboard
     * when it can serve. With MX_EXIT_FATAL the first generation ends the master, a reload is
     * refused, and later it is tried again every 30 s. */
    int (*worker)(const struct mx_post *post);
};

/* Run until stopped; returns the exit status. */
int mx_prefork_run(const struct mx_settings *conf, const struct mx_prefork *p);

/* Client of the control socket: send `verb` ("status", "status json", "metrics", "reload",
 * "upgrade", "stop", "scale [POOL] N", "drain [POOL]", "resume [POOL]" ...), print the answer to
 * `out`; false when the master says no or does not answer. reload and upgrade wait until the
 * workers of before have ended, scale until the new number serves and nothing is kept from before,
 * drain until nothing is in hand, stop until all have ended. */
bool mx_control(const char *path, const char *verb, FILE *out);

#endif
