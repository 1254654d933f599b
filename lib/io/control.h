/* The master's sockets for questions: a client sends one text, up to a mark, and reads the answer
 * until the end. On the control socket the mark is the end of a line, and the first line of the
 * answer is "ok" or "error: …". The server never waits for a client. Part of the master: see
 * io/prefork.h, which declares the client's side of the control socket. */
#ifndef MX_IO_CONTROL_H
#define MX_IO_CONTROL_H

#include <poll.h>

#include "base/buf.h"

#define MX_CONTROL_CLIENTS 16
#define MX_CONTROL_LINE 128 /* of the control socket */
#define MX_CONTROL_TEXT 4096

struct mx_control_client {
    int fd; /* -1: free */
    char text[MX_CONTROL_TEXT];
    size_t n;
    struct mx_arena *arena; /* of the answer */
    struct mx_buf out;
    size_t sent;
    bool answered;
    int waits_for; /* set by the verb when the answer comes later; 0 it does not */
    int64_t since_ms;
};

struct mx_control_server {
    int fd;     /* -1: there is none */
    bool quiet; /* another master answers: take nobody in */
    const char *path;
    const char *mark; /* where what a client sends ends: "\n" */
    /* Carry out the text before the mark: fill c->out, or set c->waits_for. */
    void (*verb)(void *arg, struct mx_control_client *c, struct mx_str text);
    void *arg;
    struct mx_control_client at[MX_CONTROL_CLIENTS];
};

/* Listen at `path`, or at host:port; or with the socket that was passed by that name. NULL, or why
 * not (in `a`). */
const char *mx_control_open(struct mx_control_server *s, struct mx_arena *a, const char *name,
                            const char *path, int mode, const char *group);
/* Close all descriptors; `unlink_it`: and remove the socket (not in a worker). */
void mx_control_close(struct mx_control_server *s, bool unlink_it);
/* Put what to wait for into `p` (at most MX_CONTROL_CLIENTS + 1 entries); the number of them: 0 for
 * a server that does not listen. */
int mx_control_poll(const struct mx_control_server *s, struct pollfd *p);
/* Handle what poll reported. */
void mx_control_turn(struct mx_control_server *s);
/* Clients that wait for `from` wait for `to` from now on. */
void mx_control_pass(struct mx_control_server *s, int from, int to);
/* Answer all clients that wait for `what`. */
void mx_control_done(struct mx_control_server *s, int what, struct mx_str text);

#endif
