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
