#include "io/scaling.h"

#include "tap.h"

#define MS INT64_C(1000000)
#define QUIET (30000 * MS)

static struct mx_scaling s;
static struct mx_load load;
static int want;

static void begin(int workers)
{
    s = (struct mx_scaling){0};
    load = (struct mx_load){.now_ns = 5000 * MS};
    want = workers;
}

/* Looks at the pool for `ms`, while `busy` hundredths of a worker are busy and `rate` requests come
 * in a look, each having waited `waited_ms`; all workers that are wanted are ready. */
static void pass(struct mx_range range, int ms, int busy, unsigned rate, int waited_ms)
{
    for (int t = 0; t < ms; t += 100) {
        load.now_ns += 100 * MS;
        load.busy_ns += busy * MS;
        load.taken += rate;
        load.waited_ns += (int64_t)rate * waited_ms * MS;
        load.ready = want;
        want = mx_scaling_want(&s, range, want, &load, QUIET);
    }
}

static void test_up(void)
{
    struct mx_range range = {1, 64};
    int before, steps = 0;

    begin(1);
    pass(range, 5000, 50, 10, 0);
    tap_int(want, 1, "half of the time is no reason for more");
    pass(range, 1000, 100, 10, 0);
    tap_ok(want > 1, "saturation is one within a second");
    begin(1);
    for (int ms = 0; ms < 10000 && want < 64; ms += 100) {
        before = want;
        pass(range, 100, 100 * want, 10, 0);
        tap_ok(want == before || want == 2 * before, "doubled");
        steps += want != before;
    }
    tap_int(steps, 6, "six steps to 64");
    pass(range, 5000, 100 * want, 10, 0);
    tap_int(want, 64, "and no further");
}

static void test_waiting(void)
{
    struct mx_range range = {2, 8};

    begin(2);
    pass(range, 1000, 120, 10, 30);
    tap_int(want, 4, "requests wait, though the workers are not always busy");
    begin(2);
    pass(range, 5000, 60, 10, 30);
    tap_int(want, 2, "a stamp that is late by itself is no waiting");
    begin(2);
    load.queued = 3;
    pass(range, 600, 0, 0, 0);
    tap_int(want, 4, "nobody accepts: more workers");
}

static void test_boot(void)
{
    struct mx_range range = {1, 8};

    begin(1);
    for (int i = 0; i < 50; i++) {
        load.now_ns += 100 * MS;
        load.busy_ns += 100 * MS;
        load.ready = 1;
        want = mx_scaling_want(&s, range, want, &load, QUIET);
    }
    tap_int(want, 2, "no further step until the workers of the last one serve");
}

static void test_down(void)
{
    struct mx_range range = {2, 16};
    int before = 8;

    begin(8);
    pass(range, 29000, 100, 10, 0);
    tap_int(want, 8, "not before the quiet time is over");
    pass(range, 500, 600, 10, 0);
    pass(range, 29000, 100, 10, 0);
    tap_int(want, 8, "which a burst begins anew");
    for (int t = 0; t < 60000; t += 100) {
        pass(range, 100, 100, 10, 0);
        tap_ok(want == before || want == before - 1, "one by one");
        before = want;
    }
    tap_int(want, 2, "to what the load needs");
    pass(range, 300000, 0, 0, 0);
    tap_int(want, 2, "and never below the least number");
}

static void test_steady(void)
{
    struct mx_range range = {1, 16};
    int changes = 0, before;

    begin(4);
    for (int t = 0; t < 600000; t += 100) {
        before = want;
        pass(range, 100, 230, 10, 1);
        changes += want != before;
    }
    tap_ok(changes == 0, "a load that fits changes nothing in ten minutes");
}

static void test_on_demand(void)
{
    struct mx_range range = {0, 4};

    begin(0);
    pass(range, 60000, 0, 0, 0);
    tap_int(want, 0, "nobody asks, nobody works");
    load.queued = 1;
    pass(range, 100, 0, 0, 0);
    tap_int(want, 1, "a connection is there");
    load.queued = 0;
    for (int i = 0; i < 100; i++) {
        pass(range, 900, 0, 0, 0);
        pass(range, 100, 1, 1, 0);
    }
    tap_int(want, 1, "a request a second keeps the worker");
    pass(range, 31000, 0, 0, 0);
    tap_int(want, 0, "after the quiet time it goes");
}

static void test_bounds(void)
{
    struct mx_range range = {3, 5};

    begin(1);
    load.now_ns += 100 * MS;
    tap_int(mx_scaling_want(&s, range, 1, &load, QUIET), 3, "the least number at once");
    load.now_ns += 1;
    tap_int(mx_scaling_want(&s, range, 9, &load, QUIET), 5, "the greatest, too");
    begin(4);
    pass((struct mx_range){1, 8}, 1000, 250, 10, 0);
    tap_int(mx_scaling_used(&s), 250, "busy workers, in hundredths");
}

int main(void)
{
    test_up();
    test_waiting();
    test_boot();
    test_down();
    test_steady();
    test_on_demand();
    test_bounds();
    return tap_done();
}
