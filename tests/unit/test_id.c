#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "tap.h"

#define MANY 20000

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mx_id));
}

static int64_t ms_of(struct mx_id id)
{
    int64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.b[i];
    return ms;
}

static void test_new(void)
{
    static struct mx_id ids[MANY];
    int64_t before = mx_wall_ms(), after;
    bool shaped = true, rising = true;

    for (size_t i = 0; i < MANY; i++) {
        ids[i] = mx_id_new();
        shaped = shaped && ids[i].b[6] >> 4 == 7 && ids[i].b[8] >> 6 == 2;
        rising = rising && (i == 0 || by_bytes(&ids[i - 1], &ids[i]) < 0);
    }
    after = mx_wall_ms();
    tap_ok(shaped, "version 7 and variant 10");
    tap_ok(rising, "each id is greater than the one before");
    tap_ok(ms_of(ids[0]) >= before && ms_of(ids[MANY - 1]) <= after + 1000, "made of the clock");
    tap_ok(!mx_id_none(ids[0]), "a new id is not none");
    tap_ok(mx_id_none((struct mx_id){0}), "all zero is none");
    tap_ok(mx_id_eq(ids[1], ids[1]) && !mx_id_eq(ids[1], ids[2]), "eq");
}

/* Parent and child go on from the same last id and must still part. */
static void test_fork(void)
{
    static struct mx_id ids[2 * 100];
    bool differ = true;
    int pipes[2];

    if (pipe(pipes) == 0 && fork() == 0) {
        for (size_t i = 0; i < 100; i++)
            ids[i] = mx_id_new();
        _exit(write(pipes[1], ids, sizeof ids / 2) != sizeof ids / 2);
    }
    for (size_t i = 0; i < 100; i++)
        ids[100 + i] = mx_id_new();
    tap_ok(read(pipes[0], ids, sizeof ids / 2) == sizeof ids / 2, "the child made its ids");
    wait(NULL);
    qsort(ids, 200, sizeof *ids, by_bytes);
    for (size_t i = 1; i < 200; i++)
        differ = differ && !mx_id_eq(ids[i - 1], ids[i]);
    tap_ok(differ, "parent and child make different ids");
}

static void test_text(void)
{
    struct mx_arena *a = mx_arena_new(1024, 1 << 16);
    struct mx_id id = {
        {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x7d, 0xef, 0x80, 0xff, 0, 1, 2, 3, 4, 5}};
    struct mx_str text = mx_id_str(a, id);
    struct mx_id back;

    tap_str(text, "01234567-89ab-7def-80ff-000102030405", "text");
    tap_ok(text.p[text.n] == 0, "NUL-terminated");
    tap_ok(mx_id_parse(text, &back) && mx_id_eq(id, back), "and back");
    mx_arena_free(a);
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"00000000-0000-0000-0000-000000000000", true},
        {"ffffffff-ffff-ffff-ffff-ffffffffffff", true},
        {"01234567-89ab-4def-80ff-000102030405", true},
        {"01234567-89AB-7def-80FF-000102030405", true},
        {"01234567-89aG-7def-80ff-000102030405", false},
        {"01234567-89a@-7def-80ff-000102030405", false},
        {"01234567-89ag-7def-80ff-000102030405", false},
        {"0123456789ab-7def-80ff-0001020304050", false},
        {"012345678-9ab-7def-80ff-000102030405", false},
        {"01234567-89ab-7def-80ff-00010203040", false},
        {"01234567-89ab-7def-80ff-0001020304050", false},
        {"{1234567-89ab-7def-80ff-00010203040}", false},
        {" 1234567-89ab-7def-80ff-000102030405", false},
        {"01234567_89ab-7def-80ff-000102030405", false},
        {"------------------------------------", false},
        {"", false},
        {NULL, false},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_id id = {{42}};
        bool good = mx_id_parse(mx_str_c(rows[i].text), &id);

        tap_ok(good == rows[i].good && (good || id.b[0] == 42), "parse \"%s\"",
               rows[i].text ? rows[i].text : "absent");
    }
}

int main(void)
{
    test_new();
    test_fork();
    test_text();
    test_parse();
    return tap_done();
}
