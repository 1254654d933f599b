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

bool mx_write_begin(mx_guard *g)
{
    uint64_t seen = atomic_load_explicit(g, memory_order_acquire), count = (seen >> 32) + 1;
    int writer = (int)(uint32_t)seen;

    if (writer != 0 && writer != (int)getpid() && mx_pid_alive(writer))
        return false;
    if (!atomic_compare_exchange_strong(g, &seen, count << 32 | (uint32_t)getpid()))
        return false;
    atomic_thread_fence(memory_order_release);
    return true;
}

void mx_write_end(mx_guard *g)
{
    uint64_t mine = atomic_load_explicit(g, memory_order_relaxed);

    atomic_store_explicit(g, ((mine >> 32) + 1) << 32, memory_order_release);
}
