#include "io/allowance.h"

#include "base/err.h"
#include "io/region.h"
#include "io/seqlock.h"

#define SETS 8192u
#define WAYS 4u

/* An entry: 22 bits of the hash, 16 bits of the second at which it ends, 10 bits of answers, 16
 * bits of their size in units. */
#define SIZE_MAX_UNITS INT64_C(0xffff)
#define ANSWERS_SHIFT 16
#define ANSWERS_MAX INT64_C(0x3ff)
#define TIME_SHIFT 26
#define TIME_MASK UINT64_C(0xffff)
#define LIFE_MAX 1000 /* seconds; they come round again after 18 hours */
#define TAG_SHIFT 42
#define UNIT 1024 /* bytes */

struct mx_allowance {
    mx_word sets[SETS][WAYS];
};

struct mx_allowance *mx_allowance_new(void)
{
    struct mx_allowance *t = mx_region_map("allowance.1", sizeof *t);

    return t;
}

static bool of(uint64_t word, uint64_t hash)
{
    return word != 0 && word >> TAG_SHIFT == hash >> TAG_SHIFT;
}

static bool over(uint64_t word, int64_t now_s)
{
    uint64_t left = ((word >> TIME_SHIFT) - (uint64_t)now_s) & TIME_MASK;

    return word == 0 || left == 0 || left > LIFE_MAX;
}

/* The entry of that hash, else one that is over, else any. */
static mx_word *place(mx_word *set, uint64_t hash, int64_t now_s)
{
    mx_word *at = &set[(hash >> 32) % WAYS];

    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t word = atomic_load(&set[i]);

        if (of(word, hash))
            return &set[i];
        if (over(word, now_s))
            at = &set[i];
    }
    return at;
}

static int64_t at_most(int64_t n, int64_t most)
{
    return n < most ? n : most;
}

static uint64_t entry(uint64_t hash, struct mx_share share, int64_t end_s)
{
    return hash >> TAG_SHIFT << TAG_SHIFT | ((uint64_t)end_s & TIME_MASK) << TIME_SHIFT |
           (uint64_t)at_most(share.answers, ANSWERS_MAX) << ANSWERS_SHIFT |
           (uint64_t)at_most(share.bytes / UNIT, SIZE_MAX_UNITS);
}

void mx_allowance_put(struct mx_allowance *t, uint64_t hash, struct mx_share share, int64_t now_s,
                      int64_t life_s)
{
    MX_ASSERT(share.answers >= 0 && share.bytes >= 0 && life_s <= LIFE_MAX);
    atomic_store(place(t->sets[hash % SETS], hash, now_s), entry(hash, share, now_s + life_s));
}

bool mx_allowance_take(struct mx_allowance *t, uint64_t hash, int64_t bytes, int64_t now_s,
                       struct mx_share first)
{
    int64_t units = (bytes + UNIT - 1) / UNIT;
    mx_word *at = place(t->sets[hash % SETS], hash, now_s);
    uint64_t word = atomic_load(at), from;

    do {
        from = of(word, hash) ? word : entry(hash, first, now_s + LIFE_MAX);
        if (over(from, now_s) || (int64_t)(from >> ANSWERS_SHIFT & (uint64_t)ANSWERS_MAX) < 1 ||
            (int64_t)(from & (uint64_t)SIZE_MAX_UNITS) < units)
            return false;
    } while (!atomic_compare_exchange_weak(
        at, &word, from - (UINT64_C(1) << ANSWERS_SHIFT) - (uint64_t)units));
    return true;
}
