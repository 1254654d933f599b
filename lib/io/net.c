#include "io/net.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"

static bool is_path(const char *where)
{
    return strchr(where, '/') != NULL;
}

static bool unix_address(const char *path, struct sockaddr_un *ret_sun)
{
    size_t n = strlen(path);

    *ret_sun = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n == 0 || n >= sizeof ret_sun->sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(ret_sun->sun_path, path, n + 1);
    return true;
}

static int connect_to(const struct sockaddr_un *sun, int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    int saved;

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int mx_net_connect(const char *path)
{
    struct sockaddr_un sun;

    return unix_address(path, &sun) ? connect_to(&sun, 0) : -1;
}

bool mx_net_listened(const char *path, int *ret_pid)
{
    struct sockaddr_un sun;
    struct ucred peer = {.pid = 0};
    socklen_t n = sizeof peer;
    int fd = unix_address(path, &sun) ? connect_to(&sun, SOCK_NONBLOCK) : -1;

    *ret_pid = 0;
    if (fd < 0)
        return errno == EAGAIN;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0)
        *ret_pid = peer.pid;
    close(fd);
    return true;
}

/* Make way for a new socket file. NULL, or why not. A full queue (EAGAIN) means somebody listens.
 */
static const char *clear_stale(struct mx_arena *a, const char *path, const struct sockaddr_un *sun)
{
    struct stat st;
    int fd;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? NULL : mx_arena_printf(a, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return mx_arena_printf(a, "%s exists and is not a socket", path);
    fd = connect_to(sun, SOCK_NONBLOCK);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || errno != ECONNREFUSED)
        return mx_arena_printf(a, "%s is in use by another process", path);
    if (unlink(path) != 0)
        return mx_arena_printf(a, "%s: %s", path, strerror(errno));
    return NULL;
}

static const char *set_owner(struct mx_arena *a, const char *path, int mode, const char *group)
{
    const struct group *g;

    if (group && group[0]) {
        g = getgrnam(group);
        if (!g)
            return mx_arena_printf(a, "socket_group: no group %s", group);
        if (chown(path, (uid_t)-1, g->gr_gid) != 0)
            return mx_arena_printf(a, "%s: group %s: %s", path, group, strerror(errno));
    }
    if (chmod(path, (mode_t)mode) != 0)
        return mx_arena_printf(a, "%s: %s", path, strerror(errno));
    return NULL;
}

/* Why bind() failed (errno). */
static const char *cannot_bind(struct mx_arena *a, const char *path)
{
    int directory = (int)(strrchr(path, '/') - path);

    if (errno != ENOENT)
        return mx_arena_printf(a, "%s: %s", path, strerror(errno));
    return mx_arena_printf(a, "%s: the directory %.*s does not exist", path,
                           directory > 0 ? directory : 1, path);
}

static int listen_unix(struct mx_arena *a, const char *path, int backlog, int mode,
                       const char *group, const char **ret_why)
{
    struct sockaddr_un sun;
    mode_t old;
    int fd, bound;

    if (!unix_address(path, &sun)) {
        *ret_why = mx_arena_printf(a, "%s: path too long for a socket", path);
        return -1;
    }
    *ret_why = clear_stale(a, path, &sun);
    if (*ret_why)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *ret_why = mx_arena_printf(a, "socket: %s", strerror(errno));
        return -1;
    }
    old = umask(0777);
    bound = bind(fd, (const struct sockaddr *)&sun, sizeof sun);
    umask(old);
    if (bound != 0) {
        *ret_why = cannot_bind(a, path);
        close(fd);
        return -1;
    }
    *ret_why = set_owner(a, path, mode, group);
    if (!*ret_why && listen(fd, backlog) != 0)
        *ret_why = mx_arena_printf(a, "%s: %s", path, strerror(errno));
    if (*ret_why) {
        unlink(path);
        close(fd);
        return -1;
    }
    return fd;
}

static int bind_tcp(const struct addrinfo *ai, int backlog)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, saved;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, backlog) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* The address of host:port, to be freed. NULL with *ret_why. */
static struct addrinfo *resolve(struct mx_arena *a, const char *where, const char **ret_why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char *host = mx_arena_dup(a, where, strlen(where));
    char *colon = strrchr(host, ':');
    int rc;

    if (!colon || colon == host || !colon[1]) {
        *ret_why = mx_arena_printf(a, "%s: neither a path nor host:port", where);
        return NULL;
    }
    *colon = '\0';
    if (host[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    rc = getaddrinfo(host, colon + 1, &hints, &found);
    if (rc != 0)
        *ret_why = mx_arena_printf(a, "%s: %s", where, gai_strerror(rc));
    return found;
}

static int listen_tcp(struct mx_arena *a, const char *where, int backlog, const char **ret_why)
{
    struct addrinfo *found = resolve(a, where, ret_why);
    int fd;

    if (!found)
        return -1;
    fd = bind_tcp(found, backlog);
    if (fd < 0)
        *ret_why = mx_arena_printf(a, "%s: %s", where, strerror(errno));
    freeaddrinfo(found);
    return fd;
}

int mx_net_listen(struct mx_arena *a, const char *where, int backlog, int mode, const char *group,
                  const char **ret_why)
{
    *ret_why = NULL;
    if (is_path(where))
        return listen_unix(a, where, backlog, mode, group, ret_why);
    return listen_tcp(a, where, backlog, ret_why);
}

/* Is it a stream socket that listens? */
static bool listens(int fd)
{
    int type = 0, accepts = 0;
    socklen_t n = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0)
        return false;
    n = sizeof accepts;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &n) == 0 && type == SOCK_STREAM &&
           accepts == 1;
}

/* Is it bound to the path? */
static bool bound_to_path(int fd, const char *path)
{
    struct sockaddr_un sun = {.sun_family = AF_UNSPEC};
    socklen_t n = sizeof sun;

    return getsockname(fd, (struct sockaddr *)&sun, &n) == 0 && sun.sun_family == AF_UNIX &&
           n > offsetof(struct sockaddr_un, sun_path) &&
           strncmp(sun.sun_path, path, sizeof sun.sun_path) == 0;
}

/* Is it bound to that address? */
static bool bound_to(int fd, const struct addrinfo *ai)
{
    struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof ss;
    const struct sockaddr_in *have = (const struct sockaddr_in *)&ss;
    const struct sockaddr_in6 *have6 = (const struct sockaddr_in6 *)&ss;
    const struct sockaddr_in *want = (const struct sockaddr_in *)(const void *)ai->ai_addr;
    const struct sockaddr_in6 *want6 = (const struct sockaddr_in6 *)(const void *)ai->ai_addr;

    if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0 || ss.ss_family != ai->ai_family)
        return false;
    if (ss.ss_family == AF_INET)
        return have->sin_port == want->sin_port && have->sin_addr.s_addr == want->sin_addr.s_addr;
    return ss.ss_family == AF_INET6 && have6->sin6_port == want6->sin6_port &&
           memcmp(&have6->sin6_addr, &want6->sin6_addr, sizeof want6->sin6_addr) == 0;
}

const char *mx_net_adopt(struct mx_arena *a, int fd, const char *where)
{
    struct addrinfo *found = NULL;
    const char *why = NULL;
    bool there;

    if (!listens(fd))
        return mx_arena_printf(a, "what was passed for %s is no stream socket that listens", where);
    if (!is_path(where) && (found = resolve(a, where, &why)) == NULL)
        return why;
    there = found ? bound_to(fd, found) : bound_to_path(fd, where);
    if (found)
        freeaddrinfo(found);
    if (!there)
        return mx_arena_printf(a, "the socket that was passed listens elsewhere than at %s", where);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return mx_arena_printf(a, "the socket that was passed for %s: %s", where, strerror(errno));
    return NULL;
}

void mx_net_unlink(const char *where)
{
    if (is_path(where))
        unlink(where);
}

struct diag_request {
    struct nlmsghdr head;
    struct unix_diag_req body;
};

/* The length attribute of one answer to a unix_diag request. */
static bool diag_parse(struct nlmsghdr *h, size_t n, int *ret_waiting, int *ret_limit)
{
    struct unix_diag_msg *msg;
    struct rtattr *at;
    struct unix_diag_rqlen q;
    unsigned left;

    if (!NLMSG_OK(h, n) || h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        h->nlmsg_len < NLMSG_LENGTH(sizeof *msg))
        return false;
    msg = NLMSG_DATA(h);
    left = h->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *msg);
    for (at = (struct rtattr *)(msg + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type != UNIX_DIAG_RQLEN || RTA_PAYLOAD(at) < sizeof q)
            continue;
        memcpy(&q, RTA_DATA(at), sizeof q);
        *ret_waiting = (int)q.udiag_rqueue;
        *ret_limit = (int)q.udiag_wqueue;
        return true;
    }
    return false;
}

static bool queue_unix(int fd, int *ret_waiting, int *ret_limit)
{
    static int diag = -1;

    union {
        struct nlmsghdr head;
        char bytes[512];

    } reply;
    struct diag_request rq = {
        .head = {.nlmsg_len = sizeof rq,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_show = UDIAG_SHOW_RQLEN}};
    struct stat st;
    ssize_t n;

    if (diag < 0)
        diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (diag < 0 || fstat(fd, &st) != 0)
        return false;
    rq.body.udiag_ino = (__u32)st.st_ino;
    rq.body.udiag_cookie[0] = rq.body.udiag_cookie[1] = ~0u;
    if (send(diag, &rq, sizeof rq, 0) != (ssize_t)sizeof rq)
        return false;
    n = recv(diag, &reply, sizeof reply, 0);
    return n > 0 && diag_parse(&reply.head, (size_t)n, ret_waiting, ret_limit);
}

bool mx_net_queue(int fd, int *ret_waiting, int *ret_limit)
{
    struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof ss;
    struct tcp_info ti;
    socklen_t tn = sizeof ti;

    if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0)
        return false;
    if (ss.ss_family == AF_UNIX)
        return queue_unix(fd, ret_waiting, ret_limit);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &tn) != 0)
        return false;
    *ret_waiting = (int)ti.tcpi_unacked;
    *ret_limit = (int)ti.tcpi_sacked;
    return true;
}

void mx_net_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sun;
    socklen_t n;
    int fd;

    if (!path || (path[0] != '/' && path[0] != '@') || !unix_address(path, &sun))
        return;
    n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (sun.sun_path[0] == '@')
        sun.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* Nobody to tell when this fails: the service manager times out by itself. */
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&sun, n);
    close(fd);
}
