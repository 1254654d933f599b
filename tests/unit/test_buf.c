#include "base/arena.h"
#include "base/buf.h"
#include "tap.h"

static struct mx_arena *arena;

static void advance_too_far(void)
{
    struct mx_buf b;

    mx_buf_init(&b, arena, 10);
    mx_buf_reserve(&b, 5);
    mx_buf_advance(&b, 11);
}

static void test_append(void)
{
    struct mx_buf b;

    mx_buf_init(&b, arena, 1000);
    tap_str(mx_buf_view(&b), "", "empty at first");
    mx_buf_add(&b, "abc", 2);
    mx_buf_str(&b, MX_S("c"));
    mx_buf_str(&b, (struct mx_str){0});
    mx_buf_c(&b, "de");
    mx_buf_byte(&b, 'f');
    mx_buf_fmt(&b, "%d%s", 12, "x");
    mx_buf_fmt(&b, "%s", "");
    tap_str(mx_buf_view(&b), "abcdef12x", "all appends");
    tap_ok(b.p[b.n] == 0, "ends with NUL");
    mx_buf_clear(&b);
    tap_str(mx_buf_view(&b), "", "empty after clear");
}

static void test_i64(void)
{
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {{0, "0"},
                {7, "7"},
                {-7, "-7"},
                {1000, "1000"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_buf b;

        mx_buf_init(&b, arena, 20);
        mx_buf_i64(&b, rows[i].v);
        tap_str(mx_buf_view(&b), rows[i].text, "i64");
    }
}

static void test_growth(void)
{
    struct mx_buf b;
    bool same = true;

    mx_buf_init(&b, arena, 100000);
    for (int i = 0; i < 100000; i++)
        mx_buf_byte(&b, (char)('a' + i % 26));
    for (int i = 0; i < 100000; i++)
        same = same && b.p[i] == 'a' + i % 26;
    tap_ok(same && b.n == 100000 && b.p[b.n] == 0 && !b.overflow, "grows to the maximum");
    mx_buf_byte(&b, 'x');
    tap_ok(b.overflow && b.n == 100000, "one byte more is an overflow");
}

static void test_overflow(void)
{
    static const size_t maxima[] = {0, 1, 5, 255, 256, 257, 1000};

    for (size_t i = 0; i < MX_LEN(maxima); i++) {
        struct mx_buf b;

        mx_buf_init(&b, arena, maxima[i]);
        for (size_t k = 0; k < maxima[i]; k++)
            mx_buf_byte(&b, 'x');
        tap_ok(!b.overflow && b.n == maxima[i], "%zu bytes fit", maxima[i]);
        mx_buf_c(&b, "yy");
        mx_buf_str(&b, MX_S(""));
        tap_ok(b.overflow && b.n == maxima[i] && b.p[b.n] == 0, "%zu and two do not", maxima[i]);
        mx_buf_clear(&b);
        tap_ok(!b.overflow && b.n == 0, "clear forgets the overflow");
    }
}

static void test_overflow_kinds(void)
{
    struct mx_buf b;

    mx_buf_init(&b, arena, 4);
    mx_buf_fmt(&b, "%d", 12345);
    tap_ok(b.overflow && b.n == 0, "fmt is whole or not at all");
    mx_buf_i64(&b, 1);
    tap_ok(b.n == 0, "after an overflow nothing is appended");
    tap_ok(!mx_buf_reserve(&b, 0), "nor reserved");
    mx_buf_clear(&b);
    tap_ok(!mx_buf_reserve(&b, SIZE_MAX), "huge reserve");
}

static void test_reserve(void)
{
    struct mx_buf b;
    char *p;

    mx_buf_init(&b, arena, 1000);
    mx_buf_c(&b, "ab");
    p = mx_buf_reserve(&b, 998);
    tap_ok(p == b.p + 2, "reserve points behind the content");
    memset(p, 'z', 998);
    mx_buf_advance(&b, 3);
    tap_str(mx_buf_view(&b), "abzzz", "advance takes what was written");
    tap_ok(b.p[b.n] == 0, "and ends with NUL");
}

int main(void)
{
    arena = mx_arena_new(1024, 1 << 20);
    test_append();
    test_i64();
    test_growth();
    test_overflow();
    test_overflow_kinds();
    test_reserve();
    tap_dies(advance_too_far, "advance beyond what was reserved aborts");
    mx_arena_free(arena);
    return tap_done();
}
