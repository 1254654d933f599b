#include "io/killer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#define AGAIN_NS INT64_C(1000000000)
#define STOP_NS INT64_C(5000000000)
#define POLL_MS 20

MX_NORETURN static void be_killer(struct mx_killer *k, int orders)
{
    prctl(PR_SET_NAME, "merx killer");
    mx_killer_forget(k);
    k->in_child(k->arg);
    _exit(mx_db_killer(k->conf, orders));
}

static void spawn(struct mx_killer *k)
{
    int ends[2];

    k->due_ns = mx_mono_ns() + AGAIN_NS;
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
        MX_BUG("pipe: %s", strerror(errno));
    k->orders = ends[1];
    fflush(NULL);
    k->pid = fork();
    if (k->pid == 0)
        be_killer(k, ends[0]);
    close(ends[0]);
    if (k->pid > 0)
        return;
    mx_log(MX_LOG_ERROR, "fork failed", MX_KC("why", strerror(errno)));
    k->pid = 0;
    mx_killer_forget(k);
}

void mx_killer_forget(struct mx_killer *k)
{
    if (k->orders >= 0)
        close(k->orders);
    k->orders = -1;
}

void mx_killer_start(struct mx_killer *k, const struct mx_settings *conf)
{
    mx_killer_forget(k);
    k->conf = conf;
    spawn(k);
}

void mx_killer_order(struct mx_killer *k, enum mx_kill what, uint64_t id, int worker)
{
    struct mx_kill_order o = {.id = id, .what = what, .worker = worker};

    if (id == 0)
        return;
    if (k->orders < 0 || write(k->orders, &o, sizeof o) != (ssize_t)sizeof o)
        mx_log(MX_LOG_WARN, "cannot be ended in the database, and may go on there",
               MX_KI("worker", worker), MX_KI("connection", id), MX_KI("killer", k->pid));
}

bool mx_killer_reaped(struct mx_killer *k, pid_t pid)
{
    if (k->pid == 0 || pid != k->pid)
        return false;
    mx_log(MX_LOG_ERROR, "the process that ends statements in the database died");
    k->pid = 0;
    mx_killer_forget(k);
    return true;
}

void mx_killer_tick(struct mx_killer *k)
{
    if (k->pid == 0 && mx_mono_ns() >= k->due_ns)
        spawn(k);
}

void mx_killer_stop(struct mx_killer *k)
{
    int64_t end_ns = mx_mono_ns() + STOP_NS;

    mx_killer_forget(k);
    if (k->pid == 0)
        return;
    while (waitpid(k->pid, NULL, WNOHANG) == 0) {
        if (mx_mono_ns() > end_ns)
            kill(k->pid, SIGKILL);
        (void)poll(NULL, 0, POLL_MS);
    }
    k->pid = 0;
}
