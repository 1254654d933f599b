/* Cursors: round trips, and refusal of all that was not made here. */
#include "tap.h"

#include "base/arena.h"
#include "codec/uri.h"
#include "http/page.h"

static struct mx_arena *arena;

static enum mx_err decode(uint32_t tag, struct mx_str text, struct mx_cursor *c)
{
    struct mx_faults faults;
    enum mx_err e;

    mx_faults_init(&faults, arena);
    e = mx_cursor_decode(arena, tag, text, &faults, c);
    if (e != MX_OK)
        tap_str(faults.at[0].parameter, "cursor", "the fault names the parameter");
    return e;
}

static void round_trip(uint32_t tag, int64_t number, struct mx_str text)
{
    struct mx_cursor c = {.number = number, .text = text, .id = mx_id_new()}, got;
    struct mx_str s = mx_cursor_encode(arena, tag, &c);

    tap_ok(s.n <= MX_CURSOR_MAX, "length %zu", s.n);
    tap_err(decode(tag, s, &got), MX_OK, "decodes");
    tap_ok(got.set && got.number == number && mx_id_eq(got.id, c.id), "number and id");
    tap_ok(mx_str_eq(got.text, text), "text");
    tap_err(decode(tag + 1, s, &got), MX_E_VALIDATION_FAILED, "not for another order");
    tap_err(decode(tag, mx_str_sub(s, 0, s.n - 1), &got), MX_E_VALIDATION_FAILED, "not when cut");
}

static void test_bytes(const char *bytes, size_t n, const char *name)
{
    struct mx_cursor got;

    tap_err(decode(7, mx_b64url(arena, bytes, n), &got), MX_E_VALIDATION_FAILED, name);
}

int main(void)
{
    static char longest[MX_CURSOR_TEXT_MAX];
    char b[40] = {2, 0, 0, 0, 0, 7};
    struct mx_cursor got = {.set = true};

    arena = mx_arena_new(65536, 1 << 20);
    memset(longest, 'x', sizeof(longest));
    round_trip(0, 0, (struct mx_str){0});
    round_trip(7, INT64_MIN, MX_S("\xc3\x84"));
    round_trip(UINT32_MAX, INT64_MAX, (struct mx_str){longest, sizeof(longest)});
    round_trip(9, -1, MX_S("ab"));
    tap_err(decode(7, (struct mx_str){0}, &got), MX_OK, "absent text");
    tap_ok(!got.set, "is no cursor");
    tap_err(decode(7, mx_b64url(arena, b, 30), &got), MX_OK, "the least cursor");
    test_bytes(b, 29, "too short");
    test_bytes(b, 31, "text that is not announced");
    b[0] = 1;
    test_bytes(b, 30, "another version");
    b[0] = 2;
    b[1] = 2;
    test_bytes(b, 30, "an unknown flag");
    b[1] = 1;
    b[30] = '\xff';
    test_bytes(b, 31, "no UTF-8");
    b[30] = 0;
    test_bytes(b, 31, "NUL");
    tap_ok(mx_cursor_tag(MX_S("me.sessions.list"), 0) != mx_cursor_tag(MX_S("orders.list"), 0) &&
               mx_cursor_tag(MX_S("orders.list"), 0) != mx_cursor_tag(MX_S("orders.list"), 1),
           "no two lists, and no two orders of one, have the same tag");
    tap_err(decode(7, MX_S(""), &got), MX_E_VALIDATION_FAILED, "empty text");
    tap_err(decode(7, MX_S("%%%%"), &got), MX_E_VALIDATION_FAILED, "no base64url");
    tap_err(decode(7, (struct mx_str){longest, sizeof(longest)}, &got), MX_E_VALIDATION_FAILED,
            "letters");
    mx_arena_free(arena);
    return tap_done();
}
