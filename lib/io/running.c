#include "io/running.h"

#include <unistd.h>

#include "io/region.h"
#include "io/seqlock.h"

#define SETS 4096u
#define WAYS 8u

/* An entry: 21 bits of the hash, 21 bits of the second at which it ends, 22 bits of the pid. */
#define PID_BITS 22
#define PID_MASK ((UINT64_C(1) << PID_BITS) - 1)
#define TIME_BITS 21
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define TAG_SHIFT (PID_BITS + TIME_BITS)

struct mx_running {
    mx_word sets[SETS][WAYS];
};

struct mx_running *mx_running_new(void)
{
    struct mx_running *r = mx_region_map("running.1", sizeof *r);

    return r;
}

static bool of(uint64_t word, uint64_t hash)
{
    return word != 0 && word >> TAG_SHIFT == hash >> TAG_SHIFT;
}

static bool over(uint64_t word, int64_t now_s)
{
    uint64_t left = ((word >> PID_BITS) - (uint64_t)now_s) & TIME_MASK;

    return word == 0 || left == 0 || left > TIME_MASK / 2;
}

static bool others(uint64_t word)
{
    int pid = (int)(word & PID_MASK);

    return pid != (int)getpid() && mx_pid_alive(pid);
}

/* The entry of that hash, or else the first that is free, or NULL. */
static mx_word *find(mx_word *set, uint64_t hash, int64_t now_s, uint64_t *ret_word)
{
    mx_word *free_at = NULL;

    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t word = atomic_load(&set[i]);

        if (of(word, hash)) {
            *ret_word = word;
            return &set[i];
        }
        if (!free_at && (over(word, now_s) || !mx_pid_alive((int)(word & PID_MASK)))) {
            *ret_word = word;
            free_at = &set[i];
        }
    }
    return free_at;
}

bool mx_running_take(struct mx_running *r, uint64_t hash, int64_t now_s, int64_t life_s)
{
    uint64_t mine = hash >> TAG_SHIFT << TAG_SHIFT |
                    ((uint64_t)(now_s + life_s) & TIME_MASK) << PID_BITS | (uint64_t)getpid();
    mx_word *at;
    uint64_t word = 0;

    do {
        at = find(r->sets[hash % SETS], hash, now_s, &word);
        if (!at)
            return true;
        if (of(word, hash) && !over(word, now_s) && others(word))
            return false;
    } while (!atomic_compare_exchange_strong(at, &word, mine));
    return true;
}

void mx_running_give(struct mx_running *r, uint64_t hash)
{
    mx_word *set = r->sets[hash % SETS];

    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t word = atomic_load(&set[i]);

        if (of(word, hash) && (word & PID_MASK) == (uint64_t)getpid())
            atomic_compare_exchange_strong(&set[i], &word, 0);
    }
}
