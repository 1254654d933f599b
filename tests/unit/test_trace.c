#include "base/arena.h"
#include "base/trace.h"
#include "tap.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static struct mx_arena *arena;

static bool is_hex(struct mx_str s, size_t n)
{
    bool zero = true;

    for (size_t i = 0; i < s.n; i++) {
        if (!strchr("0123456789abcdef", s.p[i]))
            return false;
        zero = zero && s.p[i] == '0';
    }
    return s.n == n && !zero;
}

static void test_goes_on(void)
{
    static const struct {
        const char *given;
        bool sampled;

    } rows[] = {{"00-" ID "-" SPAN "-00", false},       {"00-" ID "-" SPAN "-01", true},
                {"00-" ID "-" SPAN "-ff", true},        {"00-" ID "-" SPAN "-02", false},
                {"cc-" ID "-" SPAN "-01", true},        {"01-" ID "-" SPAN "-01-more", true},
                {"00-" ID "-0000000000000001-01", true}};

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_str out;
        struct mx_trace t;

        mx_trace_begin(arena, mx_str_c(rows[i].given), &t);
        tap_str(t.id, ID, rows[i].given);
        tap_ok(mx_str_eq(t.parent, mx_str_sub(mx_str_c(rows[i].given), 36, 16)), "its parent");
        tap_ok(is_hex(t.span, MX_SPAN_ID) && !mx_str_eq(t.span, t.parent), "a span of our own");
        out = mx_trace_parent(arena, &t);
        tap_ok(out.n == 55 && mx_str_starts(out, MX_S("00-" ID "-")) &&
                   mx_str_eq(mx_str_sub(out, 36, 16), t.span) &&
                   mx_str_ends(out, rows[i].sampled ? MX_S("-01") : MX_S("-00")),
               "what is told: %.*s", MX_FMT(out));
    }
}

static void test_begins(void)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-" ID "-" SPAN,
        "00-" ID "-" SPAN "-",
        "00-" ID "-" SPAN "-0",
        "00-" ID "-" SPAN "-01-",
        "00-" ID "-" SPAN "-01-more",
        "00-" ID "-" SPAN "-011",
        "cc-" ID "-" SPAN "-01more",
        "ff-" ID "-" SPAN "-01",
        "0-" ID "-" SPAN "-011",
        "0g-" ID "-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
        "00-" ID "-B7AD6B7169203331-01",
        "00-" ID "-" SPAN "-0A",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        " 00-" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "-01 ",
        "00-" ID "-" SPAN "-01, 00-" ID "-" SPAN "-01",
    };
    struct mx_trace before = {0}, t;

    for (size_t i = 0; i < MX_LEN(bad); i++) {
        mx_trace_begin(arena, mx_str_c(bad[i]), &t);
        tap_ok(is_hex(t.id, MX_TRACE_ID) && is_hex(t.span, MX_SPAN_ID) && !t.parent.p && !t.sampled,
               "\"%s\" counts as absent", bad[i]);
        tap_ok(!mx_str_eqc(t.id, ID) && !mx_str_eq(t.id, before.id), "a trace of its own");
        before = t;
    }
    mx_trace_begin(arena, (struct mx_str){0}, &t);
    tap_ok(is_hex(t.id, MX_TRACE_ID) && !t.parent.p, "absent");
    mx_trace_begin(arena, (struct mx_str){"00-" ID "-" SPAN "-0\0", 55}, &t);
    tap_ok(!t.parent.p, "a NUL among the flags");
}

int main(void)
{
    arena = mx_arena_new(1 << 16, 1 << 20);
    test_goes_on();
    test_begins();
    mx_arena_free(arena);
    return tap_done();
}
