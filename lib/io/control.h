/* The master's control socket: a client sends one line and reads text until the end; the first line
 * of the answer is "ok" or "error: …". The server never waits for a client. Part of the master: see
 * io/prefork.h, which declares the client's side. */
#ifndef MX_IO_CONTROL_H
#define MX_IO_CONTROL_H

#include <poll.h>

#include "base/buf.h"

#define MX_CONTROL_CLIENTS 16
#define MX_CONTROL_LINE 128

struct mx_control_client {
    int fd; /* -1: free */
    char line[MX_CONTROL_LINE];
    size_t n;
    struct mx_arena *arena; /* of the answer */
    struct mx_buf out;
    size_t sent;
    bool answered;
    int waits_for; /* set by the verb when the answer comes later; 0 it does not */
    int64_t since_ms;
};

struct mx_control_server {
    int fd;
    const char *path;
    /* Carry out the line: fill c->out, or set c->waits_for. */
    void (*verb)(void *arg, struct mx_control_client *c, struct mx_str line);
    void *arg;
    struct mx_control_client at[MX_CONTROL_CLIENTS];
};

/* Listen at `path` (mode 0600). False with *ret_why in `a`. */
bool mx_control_open(struct mx_control_server *s, struct mx_arena *a, const char *path,
                     const char **ret_why);
/* Close all descriptors; `unlink_it`: and remove the socket (not in a worker). */
void mx_control_close(struct mx_control_server *s, bool unlink_it);
/* Put what to wait for into `p` (at most MX_CONTROL_CLIENTS + 1 entries); the number of them. */
int mx_control_poll(const struct mx_control_server *s, struct pollfd *p);
/* Handle what poll reported. */
void mx_control_turn(struct mx_control_server *s);
/* Clients that wait for `from` wait for `to` from now on. */
void mx_control_pass(struct mx_control_server *s, int from, int to);
/* Answer all clients that wait for `what`. */
void mx_control_done(struct mx_control_server *s, int what, struct mx_str text);

#endif
