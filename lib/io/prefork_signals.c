#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/err.h"
#include "io/prefork_priv.h"

int mx_master_signals(void)
{
    static const int ours[] = {SIGTERM, SIGQUIT, SIGINT,  SIGHUP, SIGTTIN,
                               SIGTTOU, SIGUSR1, SIGUSR2, SIGCHLD};
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t blocked, read_here;
    int fd;

    sigfillset(&blocked);
    for (size_t i = 0; i < MX_LEN(crashes); i++)
        sigdelset(&blocked, crashes[i]);
    sigemptyset(&read_here);
    for (size_t i = 0; i < MX_LEN(ours); i++)
        sigaddset(&read_here, ours[i]);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    fd = signalfd(-1, &read_here, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        MX_BUG("signalfd: %s", strerror(errno));
    return fd;
}
