/* Encodings of messages. */
#include "tap.h"

#include "base/arena.h"
#include "codec/mime.h"

static struct mx_arena *arena;

static struct mx_str quoted(struct mx_str text)
{
    struct mx_buf out;

    mx_buf_init(&out, arena, 65536);
    mx_mime_quoted(&out, text);
    return mx_buf_view(&out);
}

static void test_quoted(void)
{
    char text[200];
    struct mx_str s, line;
    bool fits;
    size_t n;

    tap_str(quoted(MX_S("a=b\n")), "a=3Db\n", "equals sign");
    tap_str(quoted(MX_S("\xc3\xa9\r")), "=C3=A9=0D\n", "bytes; a last line ends");
    tap_str(quoted(MX_S("a \n b\t")), "a=20\n b=09\n", "blanks at the end of a line");
    tap_str(quoted(MX_S("")), "", "nothing");
    memset(text, '=', sizeof text);
    s = quoted((struct mx_str){text, sizeof text});
    fits = true;
    n = 0;
    while (s.n > 0 && mx_str_split(&s, '\n', &line)) {
        fits = fits && line.n <= 76;
        for (size_t i = 0; i + 2 < line.n; i += 3)
            n += memcmp(line.p + i, "=3D", 3) == 0;
    }
    tap_ok(fits && n == sizeof text, "long lines are broken, not inside a byte");
}

static struct mx_str text_header(struct mx_str value)
{
    struct mx_buf out;

    mx_buf_init(&out, arena, 65536);
    mx_mime_text(&out, "Subject", value);
    return mx_buf_view(&out);
}

static void test_headers(void)
{
    struct mx_buf out;
    char bad[100];

    tap_str(text_header(MX_S("a b")), "Subject: a b\n", "plain");
    tap_str(text_header(MX_S("a\r\nBcc: b\177")), "Subject: a  Bcc: b \n", "[REG-6] no other line");
    tap_str(text_header(MX_S("=?utf-8?B?YQ==?=")),
            "Subject: =?utf-8?B?PT91dGYtOD9CP1lRPT0/PQ==?=\n", "what looks encoded is");
    tap_str(text_header(MX_S("\xff")), "Subject: =?utf-8?B?/w==?=\n", "any bytes");
    memset(bad, '\x80', sizeof bad);
    tap_ok(text_header((struct mx_str){bad, sizeof bad}).n > sizeof bad,
           "no whole character at all");
    mx_buf_init(&out, arena, 65536);
    mx_mime_address(&out, "From", MX_S("A \"B\\\" C"), MX_S("a@x.test\n>"));
    tap_str(mx_buf_view(&out), "From: \"A \\\"B\\\\\\\" C\"\n <a@x.test >>\n", "quoted name");
    mx_buf_clear(&out);
    mx_mime_address(&out, "From", MX_S("\xc3\x84"), MX_S("a@x.test"));
    tap_str(mx_buf_view(&out), "From: =?utf-8?B?w4Q=?=\n <a@x.test>\n", "encoded name");
    mx_buf_clear(&out);
    mx_mime_line(&out, "To", MX_S("a@x.test\r\nBcc: b"));
    tap_str(mx_buf_view(&out), "To: a@x.test  Bcc: b\n", "[REG-6] no other line");
}

int main(void)
{
    arena = mx_arena_new(65536, 1 << 22);
    test_quoted();
    test_headers();
    mx_arena_free(arena);
    return tap_done();
}
