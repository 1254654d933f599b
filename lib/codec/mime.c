#include "codec/mime.h"

#include "base/arena.h"
#include "codec/secret.h"

#define LINE_MAX_HEADER 78
#define LINE_MAX_QUOTED 76
#define PERSON_MAX 60
/* A line with an encoded-word has at most 76 characters (RFC 2047 2), one of them the blank that
 * begins it; the frame of a word takes 12. */
#define WORD_LINE 75
#define WORD_FRAME 12
#define BASE64_RUN 57 /* a multiple of three */

struct mx_str mx_mime_one_line(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            p[i] = ' ';
    return (struct mx_str){p, s.n};
}

/* ---- headers ---- */

static void add_base64(struct mx_buf *out, struct mx_str s)
{
    char text[MX_BASE64_SIZE(BASE64_RUN)];

    for (size_t i = 0; i < s.n; i += BASE64_RUN) {
        struct mx_str run = mx_str_sub(s, i, BASE64_RUN);

        mx_base64(MX_BASE64_PADDED, run.p, run.n, text, sizeof(text));
        mx_buf_c(out, text);
    }
}

/* ASCII that nobody takes for an encoded-word. */
static bool is_plain(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80 || (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
            return false;
    return true;
}

/* Encoded-words behind a header's name, each on a line of its own. */
static void add_words(struct mx_buf *out, const char *name, struct mx_str s)
{
    size_t room = WORD_LINE - WORD_FRAME - (strlen(name) + 2);

    for (size_t at = 0; at < s.n; room = WORD_LINE - WORD_FRAME) {
        size_t n = s.n - at < room / 4 * 3 ? s.n - at : room / 4 * 3;

        while (n > 1 && at + n < s.n && ((unsigned char)s.p[at + n] & 0xc0) == 0x80)
            n--;
        mx_buf_c(out, at == 0 ? "=?utf-8?B?" : "\n =?utf-8?B?");
        add_base64(out, mx_str_sub(s, at, n));
        mx_buf_c(out, "?=");
        at += n;
    }
}

void mx_mime_text(struct mx_buf *out, const char *name, struct mx_str value)
{
    struct mx_str text = mx_mime_one_line(out->arena, value);

    mx_buf_fmt(out, "%s: ", name);
    if (is_plain(text) && strlen(name) + 2 + text.n <= LINE_MAX_HEADER)
        mx_buf_str(out, text);
    else
        add_words(out, name, text);
    mx_buf_byte(out, '\n');
}

/* A name in quotes, or as encoded-words. */
static void add_person(struct mx_buf *out, const char *name, struct mx_str person)
{
    if (!is_plain(person) || person.n > PERSON_MAX) {
        add_words(out, name, person);
        return;
    }
    mx_buf_byte(out, '"');
    for (size_t i = 0; i < person.n; i++) {
        if (person.p[i] == '"' || person.p[i] == '\\')
            mx_buf_byte(out, '\\');
        mx_buf_byte(out, person.p[i]);
    }
    mx_buf_byte(out, '"');
}

void mx_mime_line(struct mx_buf *out, const char *name, struct mx_str value)
{
    struct mx_str text = mx_mime_one_line(out->arena, value);

    mx_buf_fmt(out, "%s: %.*s\n", name, MX_FMT(text));
}

void mx_mime_address(struct mx_buf *out, const char *name, struct mx_str person,
                     struct mx_str address)
{
    struct mx_str to = mx_mime_one_line(out->arena, address);

    mx_buf_fmt(out, "%s: ", name);
    add_person(out, name, mx_mime_one_line(out->arena, person));
    mx_buf_fmt(out, "\n <%.*s>\n", MX_FMT(to));
}

/* ---- bodies ---- */

/* Blanks at the end of a line, '=', and whatever is not printable ASCII. */
static bool needs_code(struct mx_str s, size_t i)
{
    char c = s.p[i];

    if (c == ' ' || c == '\t')
        return i + 1 == s.n || s.p[i + 1] == '\n';
    return c < '!' || c > '~' || c == '=';
}

void mx_mime_quoted(struct mx_buf *out, struct mx_str text)
{
    size_t column = 0;

    for (size_t i = 0; i < text.n; i++) {
        size_t n;

        if (text.p[i] == '\n') {
            mx_buf_byte(out, '\n');
            column = 0;
            continue;
        }
        n = needs_code(text, i) ? 3 : 1;
        if (column + n > LINE_MAX_QUOTED - 1) {
            mx_buf_c(out, "=\n");
            column = 0;
        }
        if (n == 3)
            mx_buf_fmt(out, "=%02X", (unsigned char)text.p[i]);
        else
            mx_buf_byte(out, text.p[i]);
        column += n;
    }
    if (column > 0)
        mx_buf_byte(out, '\n');
}
