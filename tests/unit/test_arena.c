#include "base/arena.h"
#include "tap.h"

static void beyond_cap(void)
{
    mx_arena_alloc(mx_arena_new(64, 1000), 1001);
}

static void beyond_cap_in_steps(void)
{
    struct mx_arena *a = mx_arena_new(64, 1000);

    for (int i = 0; i < 11; i++)
        mx_arena_alloc(a, 100);
}

static void overflow(void)
{
    mx_arena_zalloc(mx_arena_new(64, SIZE_MAX), SIZE_MAX / 2, 3);
}

static void test_alloc(void)
{
    static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 100, 4096, 5000, 0, 1};
    struct mx_arena *a = mx_arena_new(64, 1 << 20);
    unsigned char *got[MX_LEN(sizes)];
    bool aligned = true, intact = true;

    for (size_t i = 0; i < MX_LEN(sizes); i++) {
        got[i] = mx_arena_alloc(a, sizes[i]);
        aligned = aligned && got[i] && (uintptr_t)got[i] % _Alignof(max_align_t) == 0;
        memset(got[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < MX_LEN(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            intact = intact && got[i][k] == i;
    tap_ok(aligned, "all allocations are aligned");
    tap_ok(intact, "allocations do not overlap");
    mx_arena_free(a);
    mx_arena_free(NULL);
}

static void test_reset(void)
{
    struct mx_arena *a = mx_arena_new(64, 1000);
    bool zero = true;

    for (int round = 0; round < 1000; round++) {
        unsigned char *p = mx_arena_zalloc(a, 9, 100);

        zero = zero && p[0] == 0 && p[899] == 0;
        memset(p, 0xFF, 900);
        mx_arena_reset(a);
    }
    tap_ok(zero, "the whole cap is there again after each reset, zeroed");
    mx_arena_free(a);
}

static void test_copies(void)
{
    struct mx_arena *a = mx_arena_new(16, 1 << 20);
    char *s = mx_arena_dup(a, "ab\0c", 4);

    tap_ok(memcmp(s, "ab\0c", 5) == 0, "dup keeps inner NULs and ends with one");
    tap_str(mx_str_c(mx_arena_dup(a, NULL, 0)), "", "dup of nothing");
    tap_str(mx_str_c(mx_arena_printf(a, "%s-%d", "x", 7)), "x-7", "printf");
    s = mx_arena_printf(a, "%0500d", 1);
    tap_ok(strlen(s) == 500 && s[499] == '1', "printf beyond a block");
    tap_str(mx_str_c(mx_arena_printf(a, "%s", "")), "", "printf of nothing");
    s = NULL;
    for (size_t n = 1; n <= 200 && !s; n++) {
        char *one = mx_arena_printf(a, "%0*d", (int)n, 7), *two = mx_arena_printf(a, "%d", 8);

        if (strlen(one) != n || one[n - 1] != '7' || strcmp(two, "8") != 0)
            s = one;
    }
    tap_ok(s == NULL, "printf up to, at and beyond what a block has left");
    mx_arena_free(a);
}

static void test_rewind(void)
{
    struct mx_arena *a = mx_arena_new(64, 1000);
    char *kept = mx_arena_dup(a, "kept", 4);
    struct mx_arena_mark outer = mx_arena_mark(a);
    struct mx_arena_mark inner;

    for (int round = 0; round < 100; round++) {
        mx_arena_alloc(a, 300);
        inner = mx_arena_mark(a);
        mx_arena_alloc(a, 600);
        mx_arena_rewind(a, inner);
        mx_arena_alloc(a, 600);
        mx_arena_rewind(a, outer);
    }
    tap_str(mx_str_c(kept), "kept", "what is older than the mark stays");
    mx_arena_free(a);
}

int main(void)
{
    test_alloc();
    test_reset();
    test_copies();
    test_rewind();
    tap_dies(beyond_cap, "one allocation beyond the cap aborts");
    tap_dies(beyond_cap_in_steps, "many allocations beyond the cap abort");
    tap_dies(overflow, "zalloc aborts on overflow");
    return tap_done();
}
