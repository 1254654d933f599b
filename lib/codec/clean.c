#include "codec/clean.h"

#include "base/arena.h"
#include "base/buf.h"
#include "codec/text_norm.h"
#include "codec/utf8.h"

#define DROP 0 /* instead of a code point: nothing */

static bool is_ascii(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static bool between(uint32_t c, uint32_t first, uint32_t last)
{
    return c >= first && c <= last;
}

/* Embeddings and isolates, which change nothing of what they are around. */
static bool is_bidi(uint32_t c)
{
    return between(c, 0x202a, 0x202c) || between(c, 0x2066, 0x2069);
}

/* Overrides show text in another order than it is stored. */
static bool is_override(uint32_t c)
{
    return c == 0x202d || c == 0x202e;
}

/* Marks of direction, and what has no width. */
static bool is_unseen(uint32_t c)
{
    return is_bidi(c) || is_override(c) || c == 0x61c || between(c, 0x200b, 0x200f) ||
           c == 0x2060 || c == 0xfeff;
}

static bool is_blank(uint32_t c)
{
    return c == 0xa0 || c == 0x1680 || between(c, 0x2000, 0x200a) || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

static bool is_hyphen(uint32_t c)
{
    return between(c, 0x2010, 0x2015) || c == 0x2212 || c == 0xfe63 || c == 0xff0d;
}

/* Replacement of a code point; itself where nothing is to be done. */
static uint32_t in_line(uint32_t c)
{
    return is_bidi(c) ? DROP : c;
}

static uint32_t in_phone(uint32_t c)
{
    if (is_unseen(c))
        return DROP;
    if (is_blank(c))
        return ' ';
    if (is_hyphen(c))
        return '-';
    if (c == 0xff0b)
        return '+';
    return between(c, 0xff10, 0xff19) ? c - 0xff10 + '0' : c;
}

/* Code points other than themselves become ASCII or nothing. */
static struct mx_str mapped(struct mx_arena *a, struct mx_str s, uint32_t (*map)(uint32_t c))
{
    struct mx_buf out;
    size_t n;

    if (is_ascii(s))
        return s;
    mx_buf_init(&out, a, s.n);
    for (size_t at = 0; at < s.n; at += n) {
        uint32_t c, to;

        n = mx_utf8_next(s, at, &c);
        to = map(c);
        if (to == c)
            mx_buf_add(&out, s.p + at, n);
        else if (to != DROP)
            mx_buf_byte(&out, (char)to);
    }
    return mx_buf_view(&out);
}

struct mx_str mx_clean_line(struct mx_arena *a, struct mx_str s)
{
    return mapped(a, s, in_line);
}

struct mx_str mx_clean_phone(struct mx_arena *a, struct mx_str s)
{
    return mx_str_trim(mapped(a, s, in_phone));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

struct mx_str mx_clean_upper(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);

    for (size_t i = 0; i < s.n; i++)
        p[i] = upper(p[i]);
    return (struct mx_str){p, s.n};
}

/* RFC 5646 2.1.1: all in lower case but regions (two letters) and scripts (four, title case) behind
 * the language; an extension's parts, behind a single letter, too. */
static void set_case(char *p, size_t n, bool first, bool extension)
{
    bool region = !first && !extension && n == 2;
    bool script = !first && !extension && n == 4;

    for (size_t i = 0; i < n; i++)
        p[i] = region || (script && i == 0) ? upper(p[i]) : lower(p[i]);
}

struct mx_str mx_clean_locale(struct mx_arena *a, struct mx_str s)
{
    bool extension = false;
    size_t n = 0, from = 0;
    char *p;

    while (n < s.n && s.p[n] != '.' && s.p[n] != '@')
        n++;
    p = mx_arena_dup(a, s.p, n);
    for (size_t i = 0; i <= n; i++) {
        if (i < n && p[i] != '_' && p[i] != '-')
            continue;
        set_case(p + from, i - from, from == 0, extension);
        extension |= i - from == 1;
        from = i + 1;
        if (i < n)
            p[i] = '-';
    }
    return (struct mx_str){p, n};
}

struct mx_str mx_clean_email(struct mx_arena *a, struct mx_str s)
{
    size_t at = s.n;
    struct mx_str domain;

    while (at > 0 && s.p[at - 1] != '@')
        at--;
    if (at == 0 || is_ascii(mx_str_sub(s, at, s.n)) ||
        !mx_text_domain(a, mx_str_sub(s, at, s.n), &domain))
        return s;
    return mx_str_fmt(a, "%.*s%.*s", (int)at, s.p, MX_FMT(domain));
}
