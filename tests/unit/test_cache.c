/* The answer cache: hit, generation, expiry, size, eviction. */
#include "io/cache.h"

#include "base/arena.h"
#include "tap.h"

static struct mx_arena *a;

static bool has(struct mx_cache *c, const char *text, uint64_t generation, int64_t now_ms,
                const char *want)
{
    struct mx_str v;
    struct mx_cache_key k = {mx_str_c(text), generation, now_ms};

    return mx_cache_get(c, &k, a, &v) && mx_str_eqc(v, want);
}

static void put(struct mx_cache *c, const char *text, const char *value, int64_t now_ms)
{
    struct mx_cache_key k = {mx_str_c(text), 7, now_ms};

    mx_cache_put(c, &k, mx_str_c(value), 1000);
}

int main(void)
{
    struct mx_cache *c;
    char large[MX_CACHE_SLOT_BYTES + 1];

    a = mx_arena_new(1 << 16, 1 << 24);
    c = mx_cache_new(8);
    tap_ok(!has(c, "/a", 7, 10, "A"), "empty at first");
    put(c, "/a", "A", 10);
    tap_ok(has(c, "/a", 7, 10, "A"), "a hit");
    tap_ok(has(c, "/a", 7, 1009, "A"), "until it ends");
    tap_ok(!has(c, "/a", 7, 1010, "A"), "and no longer");
    tap_ok(!has(c, "/a", 8, 10, "A"), "another generation is a miss");
    tap_ok(!has(c, "/b", 7, 10, "A"), "another text is a miss");
    put(c, "/a", "B", 20);
    tap_ok(has(c, "/a", 7, 20, "B"), "overwritten");
    put(c, "/empty", "", 20);
    tap_ok(has(c, "/empty", 7, 20, ""), "an empty value is a value");
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    put(c, "/large", large, 20);
    tap_ok(!has(c, "/large", 7, 20, large), "too large is not kept");
    for (int i = 0; i < 100; i++) {
        char text[16];

        snprintf(text, sizeof(text), "/%d", i);
        put(c, text, text, 30 + i);
        tap_ok(has(c, text, 7, 30 + i, text), "the newest entry is there (%d)", i);
    }
    mx_arena_free(a);
    return tap_done();
}
