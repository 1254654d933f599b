#include "base/arena.h"
#include "tap.h"

#define ABSENT ((struct mx_str){0})

static struct mx_arena *arena;

static void test_compare(void)
{
    static const struct {
        const char *a, *b;
        int order;
        bool same, same_ignoring_case;
    } rows[] = {
        {"", "", 0, true, true},
        {"a", "a", 0, true, true},
        {"a", "A", 1, false, true},
        {"A", "a", -1, false, true},
        {"a", "b", -1, false, false},
        {"ab", "a", 1, false, false},
        {"a", "ab", -1, false, false},
        {"\x80", "a", 1, false, false},
        {"", "a", -1, false, false},
        {"[", "{", -1, false, false},
        {"@", "`", -1, false, false},
        {"Content-TYPE", "content-type", -1, false, true},
        {NULL, NULL, 0, true, true},
        {NULL, "", 0, false, false},
        {"", NULL, 0, false, false},
        {NULL, "a", -1, false, false},
        {"\xc3\x84", "\xc3\xa4", -1, false, false},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_str a = mx_str_c(rows[i].a), b = mx_str_c(rows[i].b);
        int order = mx_str_cmp(a, b);

        tap_ok((order > 0) - (order < 0) == rows[i].order, "cmp %zu", i);
        tap_ok(mx_str_eq(a, b) == rows[i].same, "eq %zu", i);
        tap_ok(mx_str_eqc(a, rows[i].b) == rows[i].same, "eqc %zu", i);
        tap_ok(mx_str_ieq(a, b) == rows[i].same_ignoring_case, "ieq %zu", i);
    }
    tap_ok(!mx_str_eq(MX_S("a\0b"), MX_S("a\0c")), "eq looks behind a NUL");
}

static void test_parts(void)
{
    struct mx_str s = MX_S("abcdef");

    tap_ok(mx_str_starts(s, MX_S("abc")) && mx_str_starts(s, s) && mx_str_starts(s, ABSENT),
           "starts");
    tap_ok(!mx_str_starts(s, MX_S("b")) && !mx_str_starts(s, MX_S("abcdefg")) &&
               !mx_str_starts(ABSENT, MX_S("a")),
           "does not start");
    tap_ok(mx_str_ends(s, MX_S("def")) && mx_str_ends(s, s) && mx_str_ends(ABSENT, ABSENT), "ends");
    tap_ok(!mx_str_ends(s, MX_S("e")) && !mx_str_ends(ABSENT, MX_S("e")), "does not end");
    tap_int(mx_str_find(s, 'a'), 0, "find the first");
    tap_int(mx_str_find(s, 'f'), 5, "find the last");
    tap_int(mx_str_find(s, 'x'), -1, "find nothing");
    tap_int(mx_str_find(MX_S("a\0b"), 'b'), 2, "find behind a NUL");
    tap_int(mx_str_find(ABSENT, 'x'), -1, "find in absent");
    tap_str(mx_str_sub(s, 2, 3), "cde", "sub");
    tap_str(mx_str_sub(s, 4, SIZE_MAX), "ef", "sub is clamped");
    tap_str(mx_str_sub(s, 6, 1), "", "sub at the end");
    tap_str(mx_str_sub(s, SIZE_MAX, 1), "", "sub behind the end");
    tap_str(mx_str_sub(ABSENT, 1, 1), NULL, "sub of absent");
    tap_str(mx_str_trim(MX_S(" \t a b\t ")), "a b", "trim");
    tap_str(mx_str_trim(MX_S(" \t ")), "", "trim blanks only");
    tap_str(mx_str_trim(MX_S("\na\n")), "\na\n", "trim leaves line ends");
    tap_str(mx_str_trim(ABSENT), NULL, "trim absent");
}

static void test_split(void)
{
    static const struct {
        const char *text, *parts; /* parts joined by '|' */
    } rows[] = {{"a,b,c", "a|b|c|"}, {"a", "a|"},   {"", "|"},
                {",", "||"},         {"a,", "a||"}, {NULL, ""}};

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_str rest = mx_str_c(rows[i].text), part;
        char joined[32];
        size_t n = 0;

        while (mx_str_split(&rest, ',', &part))
            n += (size_t)snprintf(joined + n, sizeof joined - n, "%.*s|", MX_FMT(part));
        joined[n] = 0;
        tap_str(mx_str_c(joined), rows[i].parts, "split");
        tap_ok(!rest.p, "the rest is absent");
    }
}

static void test_i64(void)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool good;
        int64_t value;
    } rows[] = {
        {"0", 0, 0, true, 0},
        {"7", 0, 9, true, 7},
        {"-7", -9, 9, true, -7},
        {"10", 0, 9, false, 0},
        {"-1", 0, 9, false, 0},
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
        {"00", 0, 9, false, 0},
        {"07", 0, 9, false, 0},
        {"-0", -9, 9, false, 0},
        {"-07", -9, 9, false, 0},
        {"+7", 0, 9, false, 0},
        {" 7", 0, 9, false, 0},
        {"7 ", 0, 9, false, 0},
        {"7x", 0, 9, false, 0},
        {"0x7", 0, 9, false, 0},
        {"1e3", 0, 9999, false, 0},
        {"-", -9, 9, false, 0},
        {"--1", -9, 9, false, 0},
        {"", 0, 9, false, 0},
        {NULL, 0, 9, false, 0},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        int64_t value = 42;
        bool good = mx_str_i64(mx_str_c(rows[i].text), rows[i].min, rows[i].max, &value);

        tap_ok(good == rows[i].good, "i64 of \"%s\"", rows[i].text ? rows[i].text : "absent");
        tap_int(value, rows[i].good ? rows[i].value : 42, "its value, untouched on error");
    }
}

static void test_i64_text(void)
{
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {10, "10"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    char out[MX_I64_TEXT];

    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_str(mx_str_i64_text(rows[i].value, out), rows[i].text, "an integer as text");
}

static void test_copies(void)
{
    struct mx_str s = mx_str_dup(arena, mx_str_sub(MX_S("abc"), 0, 2));

    tap_str(s, "ab", "dup");
    tap_ok(s.p[s.n] == 0, "dup ends with NUL");
    tap_str(mx_str_dup(arena, MX_S("")), "", "dup of empty");
    tap_str(mx_str_dup(arena, ABSENT), NULL, "dup of absent");
    tap_str(mx_str_fmt(arena, "%d%s", 1, "x"), "1x", "fmt");
    tap_str(mx_str_c(mx_str_z(arena, mx_str_sub(MX_S("abc"), 0, 1))), "a", "z");
    tap_str(mx_str_c(mx_str_z(arena, ABSENT)), "", "z of absent");
}

static void test_utf8(void)
{
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xc2", 0},
        {"\xc2\x41", 0},
        {"\xdf\xbf", 2},
        {"\xe0\x80\x80", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xe2\x82\xac", 3},
        {"\xe2\x82", 0},
        {"\xe2\x82\x41", 0},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf0\x9f\x98", 0},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_ok(mx_str_utf8(mx_str_c(rows[i].text), 0) == rows[i].n, "utf8 %zu", i);
    tap_int((int64_t)mx_str_utf8(MX_S("\0"), 0), 1, "NUL is a character");
    tap_int((int64_t)mx_str_utf8(MX_S("a\xc3\xa4"), 1), 2, "utf8 inside");
}

/* Vectors of the authors of SipHash: key 00 01 … 0f, message 00 01 … (n - 1). */
static void test_hash(void)
{
    static const struct {
        size_t n;
        uint64_t hash;
    } rows[] = {{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
                {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572}};
    static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char message[64];
    uint64_t mine, theirs = 0;
    int pipes[2];

    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (char)i;
    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_ok(mx_str_siphash(key, (struct mx_str){message, rows[i].n}) == rows[i].hash,
               "SipHash-2-4 of %zu bytes", rows[i].n);
    if (pipe(pipes) == 0 && fork() == 0) {
        mine = mx_str_hash(MX_S("same"));
        _exit(write(pipes[1], &mine, sizeof mine) != sizeof mine);
    }
    mine = mx_str_hash(MX_S("same"));
    tap_ok(read(pipes[0], &theirs, sizeof theirs) == sizeof theirs && mine == theirs,
           "parent and child hash alike");
    wait(NULL);
    tap_ok(mine != mx_str_hash(MX_S("other")), "other text, other hash");
    tap_ok(mx_str_hash(ABSENT) == mx_str_hash(MX_S("")), "absent hashes as empty");
}

int main(void)
{
    arena = mx_arena_new(1024, 1 << 20);
    test_compare();
    test_parts();
    test_split();
    test_i64();
    test_i64_text();
    test_copies();
    test_utf8();
    test_hash();
    mx_arena_free(arena);
    return tap_done();
}
