/* Upgrade: a master starts the program as it is installed now, its successor, which takes over the
 * same sockets and memory and boots its workers beside ours. When they are ready it says so, the
 * predecessor lets go of the control socket, drains and ends; whatever else happens, the successor
 * goes and the predecessor serves on. They talk by messages over one socket:
 *
 *   predecessor, first of all: "scaled POOL WANT CONFIGURED" for each pool that a command scaled,
 *   "draining POOL" for each that is out of service;
 *   successor: "ready PROGRAM" or "failed WHY";
 *   predecessor: "take over" and, when the service manager knows it, "main process".
 *
 * Part of the master: see io/prefork.h. */
#ifndef MX_IO_UPGRADE_H
#define MX_IO_UPGRADE_H

#include <sys/types.h>

#include "base/str.h"
#include "io/passed.h"

#define MX_UPGRADE_MESSAGE 600

/* ---- the predecessor's side ---- */

enum mx_upgrade_state {
    MX_UPGRADE_NONE,
    MX_UPGRADE_BOOTS,
    MX_UPGRADE_FAILS,  /* told to end, and has not yet */
    MX_UPGRADE_FAILED, /* it is gone: mx_successor_forget */
    MX_UPGRADE_READY,  /* waits for mx_successor_give */
    MX_UPGRADE_GIVEN
};

struct mx_successor {
    enum mx_upgrade_state state;
    pid_t pid;
    int fd;         /* to it; -1 none */
    int errors;     /* what it writes to standard error until its settings are known; -1 none */
    int64_t end_ns; /* it has to be ready then, or else to have ended */
    int64_t grace_ns;
    char why[MX_UPGRADE_MESSAGE];     /* it fails */
    char program[MX_UPGRADE_MESSAGE]; /* is ready */
};

struct mx_upgrade {
    char *const *argv;
    const struct mx_pass *pass; /* what it takes over */
    int n;
    const char *sizes; /* lines of "scaled ..."; "" none */
    int64_t boot_ns;   /* to be ready */
    int64_t grace_ns;  /* to end when it is not, before it is killed */
};

/* Start it. NULL, or why not, in `a`. */
const char *mx_successor_start(struct mx_successor *s, struct mx_arena *a,
                               const struct mx_upgrade *up);
/* A child has ended; nothing happens if it was another one. */
void mx_successor_reaped(struct mx_successor *s, pid_t pid, int status);
/* Hear what it says, and kill it when its time is over. */
void mx_successor_tick(struct mx_successor *s);
/* Let it end. */
void mx_successor_refuse(struct mx_successor *s, const char *why);
/* Let it take over. False: it is gone. */
bool mx_successor_give(struct mx_successor *s);
/* The service manager knows it. */
void mx_successor_named(struct mx_successor *s);
/* Close our ends: also in a worker. */
void mx_successor_forget(struct mx_successor *s);

/* ---- the successor's side ---- */

/* The socket to the predecessor; -1 there is none. */
int mx_predecessor(void);
/* Its next message, in `text`. False: none now; *ret_gone: and none will come. */
bool mx_predecessor_hear(int fd, char text[MX_UPGRADE_MESSAGE], bool *ret_gone);
void mx_predecessor_say(int fd, const char *message);

#endif
