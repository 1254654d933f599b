#include "base/pace.h"

#include <sys/resource.h>

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
    return tap_done();
}
