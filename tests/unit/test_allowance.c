/* Answers that may be kept for a caller before the database is asked again. */
#include "tap.h"

#include "io/allowance.h"

#define HASH UINT64_C(0x123456789abcdef0)
#define LIFE_S 60

static void allowance(void)
{
    struct mx_allowance *t = mx_allowance_new();
    struct mx_share none = {0, 0};

    tap_ok(!mx_allowance_take(t, HASH, 1, 100, none), "nothing is known of a caller");
    mx_allowance_put(t, HASH, (struct mx_share){2, 4096}, 100, LIFE_S);
    tap_ok(!mx_allowance_take(t, ~HASH, 1, 100, none), "nor of another");
    tap_ok(!mx_allowance_take(t, HASH, 4097, 100, none), "more bytes than are left");
    tap_ok(mx_allowance_take(t, HASH, 1, 101, none), "one of two answers");
    tap_ok(!mx_allowance_take(t, HASH, 3073, 101, none), "what was begun of a unit is taken whole");
    tap_ok(mx_allowance_take(t, HASH, 3072, 101, none), "the second answer, and all that is left");
    tap_ok(!mx_allowance_take(t, HASH, 0, 101, none), "no third one");
    mx_allowance_put(t, HASH, (struct mx_share){INT64_MAX, INT64_MAX}, 200, LIFE_S);
    tap_ok(mx_allowance_take(t, HASH, 1, 200 + LIFE_S - 1, none), "up to its end");
    tap_ok(!mx_allowance_take(t, HASH, 1, 200 + LIFE_S, none), "and not beyond");
    tap_ok(!mx_allowance_take(t, HASH, 1, 100000, none), "nor when the seconds come round again");
    mx_allowance_put(t, HASH, (struct mx_share){1500, INT64_MAX}, 300, LIFE_S);
    for (int i = 0; i < 1023; i++)
        if (!mx_allowance_take(t, HASH, 1, 300, none))
            tap_ok(false, "as many as an entry can hold");
    tap_ok(!mx_allowance_take(t, HASH, 1, 300, none), "and no more");
}

static void strangers(void)
{
    struct mx_allowance *t = mx_allowance_new();
    struct mx_share first = {2, 2048};

    tap_ok(!mx_allowance_take(t, HASH, 2049, 100, first), "more than a stranger has");
    tap_ok(mx_allowance_take(t, HASH, 1024, 100, first), "the first answer of a stranger");
    tap_ok(mx_allowance_take(t, HASH, 1024, 101, first), "the second");
    tap_ok(!mx_allowance_take(t, HASH, 0, 102, first), "who is known by now, and has no more");
    tap_ok(!mx_allowance_take(t, HASH, 0, 5000, first), "nor after the entry has ended");
    mx_allowance_put(t, HASH, (struct mx_share){0, 0}, 6000, LIFE_S);
    tap_ok(!mx_allowance_take(t, HASH, 0, 6001, first),
           "nor one who has been counted, and has none left");
}

int main(void)
{
    allowance();
    strangers();
    return tap_done();
}
