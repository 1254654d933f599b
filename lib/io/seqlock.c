#include "io/seqlock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

bool mx_pid_alive(int pid)
{
    struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    bool ended;

    if (p.fd < 0)
        return errno != ESRCH && (kill(pid, 0) == 0 || errno != ESRCH);
    ended = poll(&p, 1, 0) > 0;
    close(p.fd);
    return !ended;
}
