/* Descriptors that a process is started with, each by its name: sockets of the service manager, and
 * at an upgrade all that the master before hands on. The protocol is that of sd_listen_fds(3), by
 * hand: it is three variables, which is no reason for another library. */
#ifndef MX_IO_PASSED_H
#define MX_IO_PASSED_H

#include "base/prelude.h"

#define MX_PASSED_MAX 64
#define MX_PASSED_STDERR "stderr"

struct mx_pass {
    const char *name;
    int fd;
};

/* Note what was passed, and take the variables that tell of it out of the environment. One that is
 * called MX_PASSED_STDERR becomes standard error. Called once, at the start. */
void mx_passed_init(void);
/* The descriptor of that name, which is the caller's from now on and closed on exec; -1 there is
 * none. */
int mx_passed_take(const char *name);
/* Close and name in the log what nobody has taken. */
void mx_passed_close(void);

/* In a child that was forked for it: run `argv`, found as execvp does, with these descriptors
 * passed. Returns when that cannot be (errno). */
void mx_passed_exec(char *const *argv, const struct mx_pass *pass, int n);

#endif
