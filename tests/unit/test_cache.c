/* The answer cache: hit, generation, expiry, size, eviction. */
#include "io/cache.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

    (void)mx_cache_put(c, &k, mx_str_c(value), 1000);
}

#define SHORT 700
#define LONG 9001

/* As a worker: one value and another under the same text, again and again. */
static void write_for_ever(struct mx_cache *c)
{
    static char value[2][LONG + 1];

    memset(value[0], 'a', SHORT);
    memset(value[1], 'b', LONG);
    for (unsigned i = 0;; i++)
        put(c, "/contended", value[i % 2], 10);
}

static bool whole(struct mx_str v)
{
    size_t n = v.n == 0 || v.p[0] == 'a' ? SHORT : LONG;

    for (size_t i = 1; i < v.n; i++)
        if (v.p[i] != v.p[0])
            return false;
    return v.n == n;
}

static void while_another_writes(struct mx_cache *c)
{
    struct mx_cache_key k = {MX_S("/contended"), 7, 10};
    pid_t writer = fork();
    int hits = 0, torn = 0;
    struct mx_str v;

    if (writer == 0)
        write_for_ever(c);
    while (hits < 20000) {
        if (mx_cache_get(c, &k, a, &v)) {
            hits++;
            torn += !whole(v);
        }
        mx_arena_reset(a);
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    tap_int(torn, 0, "no value of two writes");
    put(c, "/contended", "C", 10);
    tap_ok(has(c, "/contended", 7, 10, "C"), "a slot whose writer died is taken over");
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
    while_another_writes(c);
    mx_arena_free(a);
    return tap_done();
}
