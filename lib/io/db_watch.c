#include "io/db_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/err.h"

static struct mx_db_board *watched;
static volatile sig_atomic_t sockets[MX_BOARD_LINKS] = {-1, -1, -1};

/* A client library that waits for bytes finds the end of the stream. */
static void on_cut(int sig)
{
    int saved = errno;

    (void)sig;
    for (int k = 0; mx_board_is_overdue(watched) && k < MX_BOARD_LINKS; k++)
        if (sockets[k] >= 0)
            (void)shutdown(sockets[k], SHUT_RDWR);
    errno = saved;
}

void mx_watch_start(struct mx_db_board *board)
{
    struct sigaction cut = {.sa_handler = on_cut, .sa_flags = SA_RESTART};

    watched = board;
    if (sigaction(MX_DB_CUT, &cut, NULL) != 0)
        MX_BUG("sigaction: %s", strerror(errno));
}

void mx_watch_opened(int kind, int socket, uint64_t id)
{
    if (!watched)
        return;
    sockets[kind] = socket;
    atomic_store(&watched->ids[kind], id);
}

void mx_watch_closed(int kind)
{
    mx_watch_opened(kind, -1, 0);
}

static void let_through(int how)
{
    sigset_t cut;

    sigemptyset(&cut);
    sigaddset(&cut, MX_DB_CUT);
    sigprocmask(how, &cut, NULL);
}

void mx_watch_begins(int kind, int what)
{
    if (!watched)
        return;
    atomic_store(&watched->on, kind);
    atomic_store(&watched->running, what);
    let_through(SIG_UNBLOCK);
}

void mx_watch_ends(void)
{
    if (!watched)
        return;
    let_through(SIG_BLOCK);
    atomic_store(&watched->running, 0);
}
