#include "base/pace.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

#define LONG_MS 10000

/* How often the process has slept so far. */
static long sleeps(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return used.ru_nvcsw;
}

/* Compute until the process has slept `n` times, or for `ms`. */
static bool computes(long n, int64_t ms)
{
    long before = sleeps();
    int64_t end = mx_mono_ms() + ms;

    while (sleeps() - before < n && mx_mono_ms() < end)
        ;
    return sleeps() - before >= n;
}

/* ---- beside others ---- */

#define OTHERS 8
#define TURN_MS 1000

/* How much is computed in TURN_MS. */
static long work(void)
{
    long done;
    int64_t end = mx_mono_ms() + TURN_MS;
    volatile int spin;

    for (done = 0; mx_mono_ms() < end; done++) {
        for (spin = 0; spin < 1000; spin++)
            ;
    }
    return done;
}

/* On one processor with processes that compute all the time and have the higher priority. */
static void test_beside_others(void)
{
    pid_t others[OTHERS];
    cpu_set_t here;
    long plain, paced;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    tap_ok(sched_setaffinity(0, sizeof here, &here) == 0, "on one processor");
    for (int i = 0; i < OTHERS; i++) {
        others[i] = fork();
        while (others[i] == 0)
            ;
    }
    setpriority(PRIO_PROCESS, 0, 10);
    plain = work();
    mx_pace_start();
    paced = work();
    mx_pace_stop();
    for (int i = 0; i < OTHERS; i++) {
        kill(others[i], SIGKILL);
        waitpid(others[i], NULL, 0);
    }
    tap_ok(paced > plain / 4, "paced it gets on too: %ld, not paced %ld", paced, plain);
}

int main(void)
{
    tap_ok(!computes(1, 20), "what computes does not sleep by itself");
    mx_pace_start();
    tap_ok(computes(20, LONG_MS), "paced, it sleeps again and again");
    mx_pace_stop();
    computes(1, 1); /* one alarm may be under way */
    tap_ok(!computes(1, 20), "and stops to");
    mx_pace_start();
    tap_ok(computes(20, LONG_MS), "and again when asked again");
    mx_pace_stop();
    test_beside_others();
    return tap_done();
}
