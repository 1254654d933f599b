#include "io/sockets.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "io/net.h"

#define OWN "own."

static const char *own_name(struct mx_arena *a, const struct mx_pool *pool)
{
    return mx_arena_printf(a, OWN "%s", pool->name);
}

/* NULL, or why not. */
static const char *open_one(struct mx_sockets *s, struct mx_arena *a,
                            const struct mx_settings *conf, const struct mx_pools *pools, int p,
                            bool *ret_made)
{
    const struct mx_pool *pool = &pools->at[p];
    int mode = (int)strtol(conf->socket_mode, NULL, 8), backlog = (int)pool->backlog;
    int fd = mx_passed_take(pool->name);
    const char *why = NULL;

    s->lent[p] = fd >= 0;
    if (fd < 0)
        fd = mx_passed_take(own_name(a, pool));
    *ret_made = fd < 0;
    if (fd >= 0)
        why = mx_net_adopt(a, fd, pool->socket);
    else
        fd = mx_net_listen(a, pool->socket, backlog, mode, conf->socket_group, &why);
    s->fd[p] = fd;
    if (!why)
        mx_log(MX_LOG_INFO, "listening", MX_KC("pool", pool->name), MX_KC("socket", pool->socket),
               MX_KC("from", s->lent[p]  ? "service manager"
                             : *ret_made ? ""
                                         : "upgrade"));
    return why;
}

const char *mx_sockets_open(struct mx_sockets *s, struct mx_arena *a,
                            const struct mx_settings *conf, const struct mx_pools *pools)
{
    bool made[MX_POOLS_MAX] = {false};
    const char *why = NULL;
    int n = 0;

    for (int p = 0; p < MX_POOLS_MAX; p++)
        s->fd[p] = -1;
    while (n < pools->n && !why) {
        if (pools->at[n].socket)
            why = open_one(s, a, conf, pools, n, &made[n]);
        n++;
    }
    for (int p = 0; why && p < n; p++) {
        if (s->fd[p] >= 0)
            close(s->fd[p]);
        if (made[p] && s->fd[p] >= 0)
            mx_net_unlink(pools->at[p].socket);
    }
    return why;
}

void mx_sockets_shut(struct mx_sockets *s, const struct mx_pools *pools)
{
    for (int p = 0; p < pools->n; p++) {
        if (s->lent[p] || s->fd[p] < 0)
            continue;
        if (shutdown(s->fd[p], SHUT_RDWR) != 0 && errno != ENOTCONN)
            mx_log(MX_LOG_WARN, "shutdown", MX_KC("socket", pools->at[p].socket),
                   MX_KC("why", strerror(errno)));
        mx_net_unlink(pools->at[p].socket);
    }
}

int mx_sockets_passes(const struct mx_sockets *s, struct mx_arena *a, const struct mx_pools *pools,
                      struct mx_pass *pass)
{
    int n = 0;

    for (int p = 0; p < pools->n; p++)
        if (s->fd[p] >= 0)
            pass[n++] = (struct mx_pass){
                s->lent[p] ? pools->at[p].name : own_name(a, &pools->at[p]), s->fd[p]};
    return n;
}
