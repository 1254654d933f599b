/* Answers that may be kept for a caller before the database is asked again. */
#include "tap.h"

#include "io/allowance.h"

#define HASH UINT64_C(0x123456789abcdef0)
#define LIFE_S 60

static void allowance(void)
{
    struct mx_allowance *t = mx_allowance_new();

    tap_ok(!mx_allowance_take(t, HASH, 1, 100), "nothing is known of a caller");
    mx_allowance_put(t, HASH, 2, 4096, 100, LIFE_S);
    tap_ok(!mx_allowance_take(t, ~HASH, 1, 100), "nor of another");
    tap_ok(!mx_allowance_take(t, HASH, 4097, 100), "more bytes than are left");
    tap_ok(mx_allowance_take(t, HASH, 1, 101), "one of two answers");
    tap_ok(!mx_allowance_take(t, HASH, 3073, 101), "what was begun of a unit is taken whole");
    tap_ok(mx_allowance_take(t, HASH, 3072, 101), "the second answer, and all that is left");
    tap_ok(!mx_allowance_take(t, HASH, 0, 101), "no third one");
    mx_allowance_put(t, HASH, INT64_MAX, INT64_MAX, 200, LIFE_S);
    tap_ok(mx_allowance_take(t, HASH, 1, 200 + LIFE_S - 1), "up to its end");
    tap_ok(!mx_allowance_take(t, HASH, 1, 200 + LIFE_S), "and not beyond");
    tap_ok(!mx_allowance_take(t, HASH, 1, 100000), "nor when the seconds come round again");
    mx_allowance_put(t, HASH, 1500, INT64_MAX, 300, LIFE_S);
    for (int i = 0; i < 1023; i++)
        if (!mx_allowance_take(t, HASH, 1, 300))
            tap_ok(false, "as many as an entry can hold");
    tap_ok(!mx_allowance_take(t, HASH, 1, 300), "and no more");
}

int main(void)
{
    allowance();
    return tap_done();
}
