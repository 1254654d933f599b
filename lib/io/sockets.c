#include "io/sockets.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "io/net.h"

#define OWN "own."

/* Setting of the pool's socket. */
static const char *where(const struct mx_settings *conf, int pool)
{
    return pool == MX_POOL_FAST ? conf->socket : conf->socket_slow;
}

static const char *own_name(struct mx_arena *a, int pool)
{
    return mx_arena_printf(a, OWN "%s", mx_pool_names[pool]);
}

/* NULL, or why not. */
static const char *open_one(struct mx_sockets *s, struct mx_arena *a,
                            const struct mx_settings *conf, int pool, bool *ret_made)
{
    int mode = (int)strtol(conf->socket_mode, NULL, 8), backlog = (int)conf->backlog;
    int fd = mx_passed_take(mx_pool_names[pool]);
    const char *why = NULL;

    s->lent[pool] = fd >= 0;
    if (fd < 0)
        fd = mx_passed_take(own_name(a, pool));
    *ret_made = fd < 0;
    if (fd >= 0)
        why = mx_net_adopt(a, fd, where(conf, pool));
    else
        fd = mx_net_listen(a, where(conf, pool), backlog, mode, conf->socket_group, &why);
    s->fd[pool] = fd;
    if (!why)
        mx_log(MX_LOG_INFO, "listening", MX_KC("pool", mx_pool_names[pool]),
               MX_KC("socket", where(conf, pool)),
               MX_KC("from", s->lent[pool] ? "service manager"
                             : *ret_made   ? ""
                                           : "upgrade"));
    return why;
}

const char *mx_sockets_open(struct mx_sockets *s, struct mx_arena *a,
                            const struct mx_settings *conf)
{
    bool made[MX_POOLS] = {false};
    const char *why = NULL;
    int n = 0;

    while (n < MX_POOLS && !why) {
        why = open_one(s, a, conf, n, &made[n]);
        n++;
    }
    for (int p = 0; why && p < n; p++) {
        if (s->fd[p] >= 0)
            close(s->fd[p]);
        if (made[p] && s->fd[p] >= 0)
            mx_net_unlink(where(conf, p));
    }
    return why;
}

void mx_sockets_shut(struct mx_sockets *s, const struct mx_settings *conf)
{
    for (int p = 0; p < MX_POOLS; p++) {
        if (s->lent[p])
            continue;
        if (shutdown(s->fd[p], SHUT_RDWR) != 0 && errno != ENOTCONN)
            mx_log(MX_LOG_WARN, "shutdown", MX_KC("socket", where(conf, p)),
                   MX_KC("why", strerror(errno)));
        mx_net_unlink(where(conf, p));
    }
}

int mx_sockets_passes(const struct mx_sockets *s, struct mx_arena *a, struct mx_pass *pass)
{
    for (int p = 0; p < MX_POOLS; p++)
        pass[p] = (struct mx_pass){s->lent[p] ? mx_pool_names[p] : own_name(a, p), s->fd[p]};
    return MX_POOLS;
}
