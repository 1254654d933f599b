#include "codec/utf8.h"
#include "tap.h"

int main(void)
{
    const struct {
        const char *name;
        struct mx_str bytes;
        bool valid;
    } cases[] = {
        {"empty", MX_S(""), true},
        {"ascii", MX_S("plain text, longer than eight bytes"), true},
        {"two bytes", MX_S("\xC2\x80 \xDF\xBF"), true},
        {"three bytes", MX_S("\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"), true},
        {"four bytes", MX_S("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"), true},
        {"NUL is a code point", MX_S("a\0b"), true},
        {"lone continuation", MX_S("\x80"), false},
        {"continuation after ascii", MX_S("12345678\xBF"), false},
        {"overlong slash, two bytes", MX_S("\xC0\xAF"), false},
        {"overlong two bytes, C1", MX_S("\xC1\xBF"), false},
        {"overlong three bytes", MX_S("\xE0\x9F\xBF"), false},
        {"overlong four bytes", MX_S("\xF0\x8F\xBF\xBF"), false},
        {"first surrogate", MX_S("\xED\xA0\x80"), false},
        {"last surrogate", MX_S("\xED\xBF\xBF"), false},
        {"beyond U+10FFFF", MX_S("\xF4\x90\x80\x80"), false},
        {"F5", MX_S("\xF5\x80\x80\x80"), false},
        {"FF", MX_S("\xFF"), false},
        {"cut after one of two", MX_S("abcdefgh\xC3"), false},
        {"cut after two of three", MX_S("\xE2\x82"), false},
        {"cut after three of four", MX_S("\xF0\x9F\x98"), false},
        {"bad third byte", MX_S("\xE2\x82 "), false},
        {"bad fourth byte", MX_S("\xF0\x9F\x98\xC0"), false},
    };
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++)
        tap_ok(mx_utf8_valid(cases[i].bytes) == cases[i].valid, "%s", cases[i].name);
    tap_ok(mx_utf8_valid((struct mx_str){0}), "absent is valid");
    tap_int((int64_t)mx_utf8_length(MX_S("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80")), 6, "length");
    tap_int((int64_t)mx_utf8_length(MX_S("")), 0, "length of nothing");
    tap_int((int64_t)mx_utf8_step(MX_S("a\xE2\x82\xAC"), 1), 3, "step of three");
    tap_int((int64_t)mx_utf8_step(MX_S("a\xE2\x82\xAC"), 2), 0, "step into the middle");
    tap_str(mx_utf8_trim(MX_S("\xE3\x80\x80 a b\xC2\xA0\n")), "a b", "blanks at both ends");
    tap_str(mx_utf8_trim(MX_S("\xC3\xA9")), "\xC3\xA9", "nothing to trim");
    tap_str(mx_utf8_trim(MX_S(" \xEF\xBB\xBF\t")), "", "blanks alone");
    return tap_done();
}
