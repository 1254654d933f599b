/* Keys that processes are working on, and the guard of what they share. */
#include "tap.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/running.h"
#include "io/seqlock.h"

#define KEY UINT64_C(0x123456789abcdef0)
#define LIFE_S 30

/* A child that has begun with the key and waits. */
static pid_t holder(struct mx_running *r, int64_t now_s)
{
    int ready[2];
    char byte = 0;
    pid_t pid;

    if (pipe(ready) != 0 || (pid = fork()) < 0)
        MX_BUG("no child");
    if (pid == 0) {
        byte = mx_running_take(r, KEY, now_s, LIFE_S) ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    if (read(ready[0], &byte, 1) != 1)
        MX_BUG("no answer of the child");
    tap_ok(byte == 'y', "a child takes the key");
    return pid;
}

static void running(void)
{
    struct mx_running *r = mx_running_new();
    pid_t pid;

    tap_ok(mx_running_take(r, KEY, 100, LIFE_S), "a free key");
    mx_running_give(r, KEY);
    pid = holder(r, 100);
    tap_ok(!mx_running_take(r, KEY, 101, LIFE_S), "another process is at it");
    tap_ok(mx_running_take(r, KEY + 1, 101, LIFE_S), "not at that one");
    tap_ok(mx_running_take(r, KEY, 100 + LIFE_S, LIFE_S), "it is over after its time");
    mx_running_give(r, KEY);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    pid = holder(r, 200);
    kill(pid, SIGKILL);
    (void)waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
    tap_ok(!mx_pid_alive(pid), "who has ended is not alive, though nobody has waited for it");
    tap_ok(mx_running_take(r, KEY, 201, LIFE_S), "what the dead held is free at once");
    waitpid(pid, NULL, 0);
}

static void guard(void)
{
    mx_guard *g = mmap(NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t seen;
    pid_t pid;

    if (g == MAP_FAILED)
        MX_BUG("no shared memory");
    tap_ok(!mx_read_begin(g, &seen), "nothing was written yet");
    tap_ok(mx_write_begin(g), "a writer");
    tap_ok(!mx_read_begin(g, &seen), "nobody reads meanwhile");
    mx_write_end(g);
    tap_ok(mx_read_begin(g, &seen) && mx_read_end(g, seen), "what was read is whole");
    pid = fork();
    if (pid == 0)
        _exit(mx_write_begin(g) ? 0 : 1);
    waitpid(pid, NULL, 0);
    tap_ok(!mx_read_end(g, seen), "what a writer touched meanwhile is not");
    tap_ok(mx_write_begin(g), "a dead writer is taken over");
    mx_write_end(g);
    tap_ok(mx_read_begin(g, &seen), "and its data is whole again");
}

int main(void)
{
    running();
    guard();
    return tap_done();
}
