/* Listening sockets, open for the whole life of the master. */
#ifndef MX_IO_NET_H
#define MX_IO_NET_H

#include "base/str.h"

/* Bind and listen on `where`: a path (unix; an existing socket is first connected to, and unlinked
 * only when nobody answers; mode and group set before use), or host:port / [v6]:port. O_NONBLOCK
 * and O_CLOEXEC. -1 with *ret_why in `a`. */
int mx_net_listen(struct mx_arena *a, const char *where, int backlog, int mode, const char *group,
                  const char **ret_why);
/* Use a listening socket that was passed to this process (io/passed.h). NULL, or why it is none for
 * `where`, in `a`. Its backlog, mode and group stay as they are. */
const char *mx_net_adopt(struct mx_arena *a, int fd, const char *where);
/* Remove the socket file of a path; nothing for host:port. */
void mx_net_unlink(const char *where);
/* Connect (unix path) for the control socket's clients; -1 with errno. */
int mx_net_connect(const char *path);
/* Does a process listen at the unix path? *ret_pid is the one that began to, 0 when its queue is
 * full. Never waits. */
bool mx_net_listened(const char *path, int *ret_pid);
/* Connections that wait to be accepted on the listener `fd`, and how many may wait. False when the
 * kernel does not tell. */
bool mx_net_queue(int fd, int *ret_waiting, int *ret_limit);
/* Tell the service manager (NOTIFY_SOCKET), if there is one: "READY=1", "STOPPING=1" … */
void mx_net_notify(const char *state);

#endif
