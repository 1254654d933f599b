#include "io/cache.h"

#include "base/arena.h"
#include "io/region.h"
#include "io/seqlock.h"

#define WAYS 4

/* Of a slot: as it lies in its words. */
struct head {
    uint64_t text_hash, generation;
    int64_t expires_ms;
    uint32_t text_n, value_n;
};

#define HEAD_WORDS MX_WORDS(sizeof(struct head))
#define BODY_WORDS (MX_CACHE_SLOT_BYTES / sizeof(mx_word) - 1 - HEAD_WORDS)

struct slot {
    mx_guard guard;
    mx_word head[HEAD_WORDS];
    mx_word body[BODY_WORDS]; /* the text, and from the next word on the value */
};
_Static_assert(sizeof(struct slot) == MX_CACHE_SLOT_BYTES, "the guard is a word");

struct mx_cache {
    size_t sets;
    struct slot slots[];
};

struct mx_cache *mx_cache_new(size_t slots)
{
    size_t sets = slots / WAYS;
    size_t size = sizeof(struct mx_cache) + sets * WAYS * sizeof(struct slot);
    struct mx_cache *c = mx_region_map("answers.1", size);

    c->sets = sets;
    return c;
}

static struct slot *set_of(struct mx_cache *c, uint64_t text_hash)
{
    return &c->slots[(text_hash % c->sets) * WAYS];
}

static struct head head_of(const struct slot *s)
{
    struct head h;

    mx_words_get(&h, s->head, sizeof(h));
    return h;
}

static bool fits(size_t text_n, size_t value_n)
{
    size_t text = MX_WORDS(text_n);

    return text <= BODY_WORDS && value_n <= (BODY_WORDS - text) * sizeof(mx_word);
}

static bool same_text(const struct head *h, uint64_t text_hash, size_t text_n)
{
    return h->text_hash == text_hash && h->text_n == text_n;
}

/* Copy out under the guard: what a writer tore, be it the lengths, is thrown away. */
static bool read_slot(const struct slot *s, const struct mx_cache_key *k, uint64_t text_hash,
                      struct mx_arena *a, struct mx_str *ret_value)
{
    struct head h;
    uint64_t seen;
    char *text, *value;

    if (!mx_read_begin(&s->guard, &seen))
        return false;
    h = head_of(s);
    if (!same_text(&h, text_hash, k->text.n) || h.generation != k->generation ||
        h.expires_ms <= k->now_ms || !fits(h.text_n, h.value_n))
        return false;
    text = mx_arena_alloc(a, h.text_n);
    value = mx_arena_alloc(a, h.value_n);
    mx_words_get(text, s->body, h.text_n);
    mx_words_get(value, s->body + MX_WORDS(h.text_n), h.value_n);
    if (!mx_read_end(&s->guard, seen) || memcmp(text, k->text.p, k->text.n) != 0)
        return false;
    *ret_value = (struct mx_str){value, h.value_n};
    return true;
}

bool mx_cache_get(struct mx_cache *c, const struct mx_cache_key *k, struct mx_arena *a,
                  struct mx_str *ret_value)
{
    uint64_t text_hash = mx_str_hash(k->text);
    const struct slot *set = set_of(c, text_hash);

    for (int i = 0; i < WAYS; i++)
        if (read_slot(&set[i], k, text_hash, a, ret_value))
            return true;
    return false;
}

/* The slot to overwrite: the same text, else the one that ends first. */
static struct slot *victim(struct slot *set, uint64_t text_hash, size_t text_n)
{
    struct slot *first = &set[0];
    int64_t first_ms = INT64_MAX;

    for (int i = 0; i < WAYS; i++) {
        struct head h = head_of(&set[i]);

        if (same_text(&h, text_hash, text_n))
            return &set[i];
        if (h.expires_ms < first_ms) {
            first_ms = h.expires_ms;
            first = &set[i];
        }
    }
    return first;
}

bool mx_cache_put(struct mx_cache *c, const struct mx_cache_key *k, struct mx_str value,
                  int64_t ttl_ms)
{
    uint64_t text_hash = mx_str_hash(k->text);
    struct slot *s = victim(set_of(c, text_hash), text_hash, k->text.n);
    struct head h = {.text_hash = text_hash,
                     .generation = k->generation,
                     .expires_ms = k->now_ms + ttl_ms,
                     .text_n = (uint32_t)k->text.n,
                     .value_n = (uint32_t)value.n};

    if (!fits(k->text.n, value.n) || !mx_write_begin(&s->guard))
        return false;
    mx_words_put(s->head, &h, sizeof(h));
    mx_words_put(s->body, k->text.p, k->text.n);
    mx_words_put(s->body + MX_WORDS(k->text.n), value.p, value.n);
    mx_write_end(&s->guard);
    return true;
}
