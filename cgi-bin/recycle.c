#include "recycle.h"

#include "base/clock.h"
#include "base/rnd.h"
#include "io/memory.h"

#define LOOK_MS 10000 /* at least, and at most twice that */
#define JITTER 8      /* an eighth of what it may own */

static int64_t next_look(void)
{
    return mx_mono_ms() + LOOK_MS + (int64_t)mx_rnd_below(LOOK_MS);
}

struct mx_recycle mx_recycle_new(int64_t max_mb)
{
    int64_t max = max_mb << 20;

    return (struct mx_recycle){.max = max - (int64_t)mx_rnd_below((uint64_t)(max / JITTER) + 1),
                               .look_ms = next_look()};
}

bool mx_recycle_due(struct mx_recycle *r, int64_t *ret_own)
{
    if (r->max == 0 || mx_mono_ms() < r->look_ms)
        return false;
    r->look_ms = next_look();
    *ret_own = mx_memory_own();
    return *ret_own > r->max;
}
