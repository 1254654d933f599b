#include "io/cache.h"

#include <sys/mman.h>

#include "base/arena.h"
#include "io/seqlock.h"

#define WAYS 4

struct head {
    mx_guard guard;
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
    uint64_t seen;
    uint32_t n;
    const char *copy;

    if (!mx_read_begin(&s->h.guard, &seen) || !matches(s, k))
        return false;
    n = s->h.value_n;
    if (n > sizeof(s->bytes) - k->text.n)
        return false;
    copy = mx_arena_dup(a, s->bytes + k->text.n, n);
    if (!mx_read_end(&s->h.guard, seen))
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

void mx_cache_put(struct mx_cache *c, const struct mx_cache_key *k, struct mx_str value,
                  int64_t ttl_ms)
{
    struct slot *s = victim(set_of(c, k->text), k);

    if (k->text.n + value.n > sizeof(s->bytes) || !mx_write_begin(&s->h.guard))
        return;
    memcpy(s->bytes, k->text.p, k->text.n);
    memcpy(s->bytes + k->text.n, value.p, value.n);
    s->h.text_n = (uint32_t)k->text.n;
    s->h.value_n = (uint32_t)value.n;
    s->h.generation = k->generation;
    s->h.expires_ms = k->now_ms + ttl_ms;
    mx_write_end(&s->h.guard);
}
