#include "io/shed.h"

#include "tap.h"

#define MS INT64_C(1000000)

static struct mx_shed s;
static int64_t now;
static int refused, served;
static int64_t longest; /* wait of one that was served */

static void begin(void)
{
    s = (struct mx_shed){0};
    now = 1000 * MS;
    refused = served = 0;
    longest = 0;
}

/* One worker that takes `took` for a request, while one comes every `every`, from now on for
 * `length`; what was not taken before has gone. */
static void run(int64_t every, int64_t took, int64_t length)
{
    int64_t arrival = now, end = now + length;

    for (; arrival < end; arrival += every) {
        int64_t waited;
        bool refuses;

        now = now > arrival ? now : arrival;
        waited = now - arrival;
        refuses = mx_shed_refuses(&s, now, waited, false);
        refused += refuses;
        served += !refuses;
        if (!refuses && waited > longest)
            longest = waited;
        now += refuses ? MS / 10 : took;
        mx_shed_done(&s, refuses ? MS / 10 : took, !refuses);
    }
}

static void test_normal(void)
{
    begin();
    run(25 * MS, 20 * MS, 10000 * MS);
    tap_int(refused, 0, "80 per cent of what it can is no overload");
    begin();
    for (int i = 0; i < 100; i++) { /* ten at once, then a pause */
        int64_t start = now;

        for (int k = 0; k < 10; k++) {
            refused += mx_shed_refuses(&s, now, now - start, false);
            now += 5 * MS;
            mx_shed_done(&s, 5 * MS, true);
        }
        now = start + 200 * MS;
    }
    tap_int(refused, 0, "nor is a burst");
}

/* As many clients as 20 requests, who come again as soon as they are served: each waits for 19. */
static void test_few_clients(void)
{
    begin();
    for (int i = 0; i < 5000; i++) {
        refused += mx_shed_refuses(&s, now, 19 * 2 * MS, false);
        now += 2 * MS;
        mx_shed_done(&s, 2 * MS, true);
    }
    tap_int(refused, 0, "a short queue that is always there is none");
}

static void test_overload(void)
{
    begin();
    run(7 * MS, 20 * MS, 1000 * MS);
    served = refused = 0;
    longest = 0;
    run(7 * MS, 20 * MS, 10000 * MS);
    tap_ok(s.on, "three times of what it can");
    tap_ok(longest <= 10 * MS, "those who are served have waited for half of a request at most");
    tap_ok(served >= 400, "%d were served, of 500 that could be", served);
    tap_ok(refused > 900, "the others were refused");
    run(40 * MS, 20 * MS, 1000 * MS);
    tap_ok(!s.on, "over within a second");
    refused = 0;
    run(25 * MS, 20 * MS, 5000 * MS);
    tap_int(refused, 0, "nobody is refused any more");
}

/* Twenty that come again together each 100 ms, of which the worker can serve five. */
static void test_waves(void)
{
    begin();
    for (int wave = 0; wave < 100; wave++) {
        int64_t start = now;

        for (int k = 0; k < 20; k++) {
            bool refuses = mx_shed_refuses(&s, now, now - start, false);
            int64_t took = refuses ? MS / 10 : 20 * MS;

            if (wave >= 10 && !refuses && now - start > longest)
                longest = now - start;
            now += took;
            mx_shed_done(&s, took, !refuses);
        }
        now = now > start + 100 * MS ? now : start + 100 * MS;
    }
    tap_ok(longest <= 10 * MS, "a pause between waves is no end of overload");
}

static void test_pause(void)
{
    begin();
    run(7 * MS, 20 * MS, 1000 * MS);
    tap_ok(s.on, "overload");
    now += 1000 * MS;
    tap_ok(!mx_shed_refuses(&s, now, 30 * MS, false), "and nobody for a second: it is over");
    now += 2000 * MS;
    mx_shed_done(&s, 2000 * MS, true);
    tap_ok(!mx_shed_refuses(&s, now, 2000 * MS, false), "one request that took long is none");
}

static void test_others(void)
{
    begin();
    run(40 * MS, 20 * MS, 1000 * MS);
    tap_ok(!mx_shed_refuses(&s, now, 15 * MS, false), "no overload here");
    tap_ok(mx_shed_refuses(&s, now, 15 * MS, true), "but beside it");
    tap_ok(!mx_shed_refuses(&s, now, 5 * MS, true), "who has not waited is served there, too");
}

static void test_late_stamps(void)
{
    begin();
    for (int i = 0; i < 1000; i++) {
        refused += mx_shed_refuses(&s, now, 500 * MS, false);
        now += 10 * MS;
        mx_shed_done(&s, 2 * MS, true);
    }
    tap_int(refused, 0, "an idle worker takes no stamp for a queue");
}

int main(void)
{
    test_normal();
    test_few_clients();
    test_overload();
    test_others();
    test_pause();
    test_waves();
    test_late_stamps();
    return tap_done();
}
