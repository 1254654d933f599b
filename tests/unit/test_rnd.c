#include "base/rnd.h"
#include "tap.h"

static void below_zero(void)
{
    mx_rnd_below(0);
}

static void test_fill(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 255, 256, 257, 1024, 5000};
    static unsigned char bytes[5002];

    for (size_t i = 0; i < MX_LEN(sizes); i++) {
        bool seen[2] = {false, false};

        memset(bytes, 0, sizeof bytes);
        for (int round = 0; round < 100; round++) {
            mx_rnd(bytes + 1, sizes[i]);
            seen[0] = seen[0] || bytes[1];
            seen[1] = seen[1] || bytes[sizes[i]];
        }
        tap_ok(sizes[i] == 0 || (seen[0] && seen[1]), "%zu bytes are filled to the ends", sizes[i]);
        tap_ok(!bytes[0] && !bytes[sizes[i] + 1], "and not beyond");
    }
}

static void test_distinct(void)
{
    static uint64_t words[10000];
    uint64_t or = 0, and = UINT64_MAX;
    bool distinct = true;

    for (size_t i = 0; i < MX_LEN(words); i++) {
        mx_rnd(&words[i], sizeof words[i]);
        or |= words[i];
        and &= words[i];
        distinct = distinct && (i == 0 || words[i] != words[i - 1]);
    }
    tap_ok(distinct, "words differ");
    tap_ok(or == UINT64_MAX && and == 0, "every bit takes both values");
}

static void test_fork(void)
{
    unsigned char mine[16], theirs[16] = {0};
    int pipes[2];

    mx_rnd(mine, 1);
    if (pipe(pipes) == 0 && fork() == 0) {
        mx_rnd(theirs, sizeof theirs);
        _exit(write(pipes[1], theirs, sizeof theirs) != sizeof theirs);
    }
    mx_rnd(mine, sizeof mine);
    tap_ok(read(pipes[0], theirs, sizeof theirs) == sizeof theirs, "the child has its bytes");
    wait(NULL);
    tap_ok(memcmp(mine, theirs, sizeof mine) != 0, "parent and child get different bytes");
}

static void test_below(void)
{
    static const uint64_t bounds[] = {1, 2, 3, 10, 1000, (UINT64_C(1) << 63) + 1, UINT64_MAX};
    int counts[6] = {0};
    bool even = true;

    for (size_t i = 0; i < MX_LEN(bounds); i++) {
        bool inside = true;

        for (int round = 0; round < 1000; round++)
            inside = inside && mx_rnd_below(bounds[i]) < bounds[i];
        tap_ok(inside, "below %" PRIu64, bounds[i]);
    }
    for (int round = 0; round < 60000; round++)
        counts[mx_rnd_below(6)]++;
    for (size_t i = 0; i < MX_LEN(counts); i++)
        even = even && counts[i] > 9000 && counts[i] < 11000;
    tap_ok(even, "a die is fair");
}

int main(void)
{
    test_fill();
    test_distinct();
    test_fork();
    test_below();
    tap_dies(below_zero, "below 0 aborts");
    return tap_done();
}
