/* Limits that an attempt stands under together. */
#include "shop/limit.h"

#include "io/shm.h"
#include "tap.h"

static struct mx_faults faults;
static struct mx_proc proc;
static struct mx_ctx cx = {.proc = &proc, .faults = &faults};
static struct mx_rate rate;

#define NARROW ((struct mx_limit){MX_S("narrow"), 2, 1, 0})
#define WIDE ((struct mx_limit){MX_S("wide"), 3, 1, 0})

static bool take(struct mx_limit one)
{
    return mx_limits_take(&cx, &one, 1, &rate);
}

static void test_together(void)
{
    const struct mx_limit both[] = {NARROW, WIDE};
    const struct mx_limit turned[] = {WIDE, NARROW};

    proc.shared = mx_shared_new();
    tap_ok(mx_limits_take(&cx, both, 2, &rate), "one of each");
    tap_int(rate.limit, 3, "the last one is told");
    tap_int(rate.left, 2, "with what is left");
    tap_ok(mx_limits_take(&cx, both, 2, &rate), "another");
    tap_ok(!mx_limits_take(&cx, both, 2, &rate), "the narrow one is empty");
    tap_int(rate.limit, 2, "and is told");
    tap_int(rate.left, 0, "as empty");
    tap_ok(rate.reset_s > 0 && rate.reset_s <= 60, "until one is back");
    for (int i = 0; i < 5; i++)
        tap_ok(!mx_limits_take(&cx, turned, 2, &rate), "refused by the second of two");
    tap_ok(take(WIDE), "refusals took none of the first");
    tap_ok(!take(WIDE), "which is empty now");
    mx_limits_give(&cx, both, 2);
    tap_ok(mx_limits_take(&cx, both, 2, &rate), "what is given back is there again");
    tap_ok(!take(NARROW) && !take(WIDE), "once");
}

static void test_exceeded(void)
{
    tap_int(mx_limit_exceeded(&cx, (struct mx_rate){10, 0, 7}), MX_E_RATE_LIMITED, "refused");
    tap_ok(cx.rate.limit == 10 && cx.rate.left == 0 && cx.rate.reset_s == 7, "the answer tells");
    tap_int(faults.retry_after_s, 7, "when to come back");
    tap_int(mx_limit_exceeded(&cx, (struct mx_rate){10, 0, 0}), MX_E_RATE_LIMITED, "refused");
    tap_int(faults.retry_after_s, 1, "never at once");
}

int main(void)
{
    test_together();
    test_exceeded();
    return tap_done();
}
