/* Streaming JSON writer. */
#include "codec/jsonw.h"

#include "codec/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Every value and name begins here. */
static void separate(struct mx_jsonw *w)
{
    if (w->comma)
        mx_buf_byte(w->out, ',');
    w->comma = true;
}

static void open_with(struct mx_jsonw *w, char bracket)
{
    separate(w);
    mx_buf_byte(w->out, bracket);
    w->comma = false;
}

static void close_with(struct mx_jsonw *w, char bracket)
{
    mx_buf_byte(w->out, bracket);
    w->comma = true;
}

/* A byte that cannot stand for itself in a string. */
static void escape(struct mx_buf *out, unsigned char c)
{
    static const char letter[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                  ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    static const char hex[] = "0123456789abcdef";

    if (c < sizeof(letter) && letter[c]) {
        mx_buf_add(out, (char[]){'\\', letter[c]}, 2);
    } else if (c < 0x20) {
        mx_buf_add(out, "\\u00", 4);
        mx_buf_add(out, (char[]){hex[c >> 4], hex[c & 15]}, 2);
    } else {
        mx_buf_add(out, REPLACEMENT, sizeof(REPLACEMENT) - 1);
    }
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* True when one of eight bytes is none of ASCII that is copied as it is: in a byte that is less
 * than another the subtraction borrows from its highest bit. */
static bool any_special(const char *p)
{
    uint64_t x, quote, backslash;

    memcpy(&x, p, sizeof x);
    quote = x ^ EACH('"');
    backslash = x ^ EACH('\\');
    return (x | ((x - EACH(0x20)) & ~x) | ((quote - EACH(1)) & ~quote) |
            ((backslash - EACH(1)) & ~backslash)) &
           EACH(0x80);
}

static size_t plain_step(struct mx_str s, size_t at)
{
    unsigned char c = (unsigned char)s.p[at];

    return c < 0x80 ? c >= 0x20 && c != '"' && c != '\\' : mx_utf8_step(s, at);
}

/* The first byte from `at` on that is not copied as it is, or the end. */
static size_t plain_end(struct mx_str s, size_t at)
{
    size_t len = 1;

    while (at < s.n && len > 0) {
        len = s.n - at >= 8 && !any_special(s.p + at) ? 8 : plain_step(s, at);
        at += len;
    }
    return at;
}

/* Names and nearly all values. */
static void quoted_plain(struct mx_buf *out, struct mx_str s)
{
    char *to = mx_buf_reserve(out, s.n + 2);

    if (!to)
        return;
    to[0] = '"';
    memcpy(to + 1, s.p, s.n);
    to[s.n + 1] = '"';
    mx_buf_advance(out, s.n + 2);
}

static void quoted(struct mx_buf *out, struct mx_str s)
{
    size_t from = 0, end = plain_end(s, 0);

    if (end == s.n) {
        quoted_plain(out, s);
        return;
    }
    mx_buf_byte(out, '"');
    while (end < s.n) {
        mx_buf_add(out, s.p + from, end - from);
        escape(out, (unsigned char)s.p[end]);
        from = end + 1;
        end = plain_end(s, from);
    }
    mx_buf_add(out, s.p + from, end - from);
    mx_buf_byte(out, '"');
}

static void literal(struct mx_jsonw *w, struct mx_str text)
{
    separate(w);
    mx_buf_str(w->out, text);
}

void mx_jsonw_init(struct mx_jsonw *w, struct mx_buf *out)
{
    *w = (struct mx_jsonw){.out = out};
}

void mx_jsonw_open(struct mx_jsonw *w)
{
    open_with(w, '{');
}

void mx_jsonw_close(struct mx_jsonw *w)
{
    close_with(w, '}');
}

void mx_jsonw_array(struct mx_jsonw *w)
{
    open_with(w, '[');
}

void mx_jsonw_array_end(struct mx_jsonw *w)
{
    close_with(w, ']');
}

void mx_jsonw_name(struct mx_jsonw *w, const char *name)
{
    mx_jsonw_name_str(w, mx_str_c(name));
}

void mx_jsonw_name_str(struct mx_jsonw *w, struct mx_str name)
{
    separate(w);
    quoted(w->out, name);
    mx_buf_byte(w->out, ':');
    w->comma = false;
}

void mx_jsonw_str(struct mx_jsonw *w, struct mx_str s)
{
    if (!s.p) {
        mx_jsonw_null(w);
        return;
    }
    separate(w);
    quoted(w->out, s);
}

void mx_jsonw_c(struct mx_jsonw *w, const char *c)
{
    mx_jsonw_str(w, mx_str_c(c));
}

void mx_jsonw_int(struct mx_jsonw *w, int64_t v)
{
    separate(w);
    mx_buf_i64(w->out, v);
}

void mx_jsonw_bool(struct mx_jsonw *w, bool v)
{
    literal(w, v ? MX_S("true") : MX_S("false"));
}

void mx_jsonw_null(struct mx_jsonw *w)
{
    literal(w, MX_S("null"));
}

void mx_jsonw_id(struct mx_jsonw *w, struct mx_id id)
{
    char text[MX_ID_TEXT];

    if (mx_id_none(id)) {
        mx_jsonw_null(w);
        return;
    }
    mx_id_text(id, text);
    mx_jsonw_str(w, (struct mx_str){text, sizeof(text)});
}

void mx_jsonw_hex(struct mx_jsonw *w, const void *p, size_t n)
{
    separate(w);
    mx_buf_byte(w->out, '"');
    mx_buf_hex(w->out, p, n);
    mx_buf_byte(w->out, '"');
}

void mx_jsonw_time(struct mx_jsonw *w, struct mx_time t)
{
    char text[MX_TIME_TEXT];

    if (t.ms == 0) {
        mx_jsonw_null(w);
        return;
    }
    mx_time_text(t, text);
    mx_jsonw_str(w, (struct mx_str){text, sizeof(text)});
}

void mx_jsonw_money(struct mx_jsonw *w, struct mx_money m)
{
    mx_jsonw_open(w);
    mx_jsonw_name(w, "amount");
    mx_jsonw_int(w, m.minor);
    mx_jsonw_name(w, "currency");
    mx_jsonw_str(w, mx_currency_str(&m.currency));
    mx_jsonw_close(w);
}

void mx_jsonw_raw(struct mx_jsonw *w, struct mx_str json)
{
    if (!json.p)
        mx_jsonw_null(w);
    else
        literal(w, json);
}
