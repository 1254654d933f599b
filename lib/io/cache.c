#include "io/cache.h"

#include "base/arena.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define WAYS 4

struct head {
    _Atomic uint64_t guard; /* high half: count of writes; low half: pid of the writer, 0 none */
    uint32_t text_n, value_n;
    uint64_t generation;
    int64_t expires_ms;
};

struct slot {
    struct head h;
    char bytes[MX_CACHE_SLOT_BYTES - sizeof(struct head)]; /* text, then value */
};

struct mx_cache {
    size_t sets;
    struct slot slots[];
};

struct mx_cache *mx_cache_new(size_t slots)
{
    size_t sets = slots / WAYS;
    size_t size = sizeof(struct mx_cache) + sets * WAYS * sizeof(struct slot);
    struct mx_cache *c =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (c == MAP_FAILED)
        MX_BUG("no memory for the answer cache");
    c->sets = sets;
    return c;
}

static struct slot *set_of(struct mx_cache *c, struct mx_str text)
{
    return &c->slots[(mx_str_hash(text) % c->sets) * WAYS];
}

static bool matches(const struct slot *s, const struct mx_cache_key *k)
{
    return s->h.text_n == k->text.n && s->h.generation == k->generation &&
           s->h.expires_ms > k->now_ms && memcmp(s->bytes, k->text.p, k->text.n) == 0;
}

/* Copy out under the guard: what a writer tore is thrown away. */
static bool read_slot(struct slot *s, const struct mx_cache_key *k, struct mx_arena *a,
                      struct mx_str *ret_value)
{
    uint64_t before = atomic_load_explicit(&s->h.guard, memory_order_acquire);
    uint32_t n;
    const char *copy;

    if ((uint32_t)before != 0 || !matches(s, k))
        return false;
    n = s->h.value_n;
    if (n > sizeof(s->bytes) - k->text.n)
        return false;
    copy = mx_arena_dup(a, s->bytes + k->text.n, n);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&s->h.guard, memory_order_relaxed) != before)
        return false;
    *ret_value = (struct mx_str){copy, n};
    return true;
}

bool mx_cache_get(struct mx_cache *c, const struct mx_cache_key *k, struct mx_arena *a,
                  struct mx_str *ret_value)
{
    struct slot *set = set_of(c, k->text);

    for (int i = 0; i < WAYS; i++)
        if (read_slot(&set[i], k, a, ret_value))
            return true;
    return false;
}

/* The slot to overwrite: the same text, else the one that ends first. */
static struct slot *victim(struct slot *set, const struct mx_cache_key *k)
{
    struct slot *first = &set[0];

    for (int i = 0; i < WAYS; i++) {
        if (set[i].h.text_n == k->text.n && memcmp(set[i].bytes, k->text.p, k->text.n) == 0)
            return &set[i];
        if (set[i].h.expires_ms < first->h.expires_ms)
            first = &set[i];
    }
    return first;
}

/* Become the slot's writer. A paused writer still holds its slot; only that of a dead one is taken
 * over. */
static bool lock(struct slot *s, uint64_t *ret_count)
{
    uint64_t seen = atomic_load_explicit(&s->h.guard, memory_order_acquire);
    pid_t holder = (pid_t)(uint32_t)seen;

    if (holder != 0 && (kill(holder, 0) == 0 || errno != ESRCH))
        return false;
    *ret_count = (seen >> 32) + 1;
    return atomic_compare_exchange_strong(&s->h.guard, &seen,
                                          *ret_count << 32 | (uint32_t)getpid());
}

void mx_cache_put(struct mx_cache *c, const struct mx_cache_key *k, struct mx_str value,
                  int64_t ttl_ms)
{
    uint64_t count;
    struct slot *s = victim(set_of(c, k->text), k);

    if (k->text.n + value.n > sizeof(s->bytes) || !lock(s, &count))
        return;
    atomic_thread_fence(memory_order_release);
    memcpy(s->bytes, k->text.p, k->text.n);
    memcpy(s->bytes + k->text.n, value.p, value.n);
    s->h.text_n = (uint32_t)k->text.n;
    s->h.value_n = (uint32_t)value.n;
    s->h.generation = k->generation;
    s->h.expires_ms = k->now_ms + ttl_ms;
    atomic_store_explicit(&s->h.guard, count << 32, memory_order_release);
}
