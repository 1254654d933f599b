/* Strict UTF-8, after table 3-7 of the Unicode standard. */
#include "codec/utf8.h"

static bool within(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

/* The lead byte fixes the length and, by excluding overlong forms, surrogates and what lies beyond
 * U+10FFFF, the range of the second byte. */
size_t mx_utf8_step(struct mx_str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    unsigned char low = 0x80, high = 0xBF;
    size_t len, i;

    if (p[0] < 0x80)
        return 1;
    if (!within(p[0], 0xC2, 0xF4))
        return 0;
    len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (s.n - at < len)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (!within(p[1], low, high))
        return 0;
    for (i = 2; i < len; i++)
        if (!within(p[i], 0x80, 0xBF))
            return 0;
    return len;
}

/* End of the run of ASCII bytes that starts at `at`, eight bytes at a time. */
static size_t skip_ascii(struct mx_str s, size_t at)
{
    uint64_t word;

    for (; s.n - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, s.p + at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < s.n && (unsigned char)s.p[at] < 0x80)
        at++;
    return at;
}

bool mx_utf8_valid(struct mx_str s)
{
    size_t at, len;

    for (at = skip_ascii(s, 0); at < s.n; at = skip_ascii(s, at + len)) {
        len = mx_utf8_step(s, at);
        if (len == 0)
            return false;
    }
    return true;
}

size_t mx_utf8_length(struct mx_str s)
{
    size_t i, n = 0;

    for (i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

bool mx_utf8_control(struct mx_str s, const char *but)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool c1 = c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0;

        if (c1 || ((c < 0x20 || c == 0x7f) && (c == 0 || !strchr(but, c))))
            return true;
    }
    return false;
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* Code point of the well-formed sequence of `n` bytes at `p`. */
static uint32_t code_point(const char *p, size_t n)
{
    static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = (unsigned char)p[0] & lead[n];

    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    return c;
}

size_t mx_utf8_next(struct mx_str s, size_t at, uint32_t *ret_c)
{
    size_t n = mx_utf8_step(s, at);

    if (n > 0)
        *ret_c = code_point(s.p + at, n);
    return n;
}

static bool is_blank(uint32_t c)
{
    static const struct range blank[] = {
        {0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200d},
        {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x2060}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};

    return in_ranges(c, blank, MX_LEN(blank));
}

struct mx_str mx_utf8_trim(struct mx_str s)
{
    size_t from = 0, to = 0, n;

    for (size_t at = 0; at < s.n; at += n) {
        n = mx_utf8_step(s, at);
        if (!is_blank(code_point(s.p + at, n)))
            to = at + n;
        else if (to == 0)
            from = at + n;
    }
    return to == 0 ? mx_str_sub(s, 0, 0) : mx_str_sub(s, from, to - from);
}

bool mx_utf8_line(struct mx_str s)
{
    static const struct range bidi[] = {{0x202a, 0x202e}, {0x2066, 0x2069}};
    bool seen = s.n == 0;
    size_t n;

    for (size_t at = 0; at < s.n; at += n) {
        uint32_t c;

        n = mx_utf8_step(s, at);
        c = code_point(s.p + at, n);
        if (in_ranges(c, bidi, MX_LEN(bidi)))
            return false;
        seen |= !is_blank(c);
    }
    return seen && !mx_utf8_control(s, "");
}
