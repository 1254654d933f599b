#include "base/str.h"

#include <stdarg.h>

#include "base/arena.h"
#include "base/rnd.h"

static uint64_t hash_key[2];

struct mx_str mx_str_c(const char *c)
{
    return (struct mx_str){c, c ? strlen(c) : 0};
}

bool mx_str_eq(struct mx_str a, struct mx_str b)
{
    return a.n == b.n && !a.p == !b.p && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool mx_str_eqc(struct mx_str a, const char *c)
{
    return mx_str_eq(a, mx_str_c(c));
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool mx_str_ieq(struct mx_str a, struct mx_str b)
{
    if (!a.p || !b.p)
        return !a.p && !b.p;
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int mx_str_cmp(struct mx_str a, struct mx_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool mx_str_starts(struct mx_str s, struct mx_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool mx_str_ends(struct mx_str s, struct mx_str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

ptrdiff_t mx_str_find(struct mx_str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

    return at ? at - s.p : -1;
}

struct mx_str mx_str_sub(struct mx_str s, size_t from, size_t n)
{
    if (!s.p)
        return s;
    if (from > s.n)
        from = s.n;
    return (struct mx_str){s.p + from, n < s.n - from ? n : s.n - from};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct mx_str mx_str_trim(struct mx_str s)
{
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n && is_blank(*s.p)) {
        s.p++;
        s.n--;
    }
    return s;
}

bool mx_str_split(struct mx_str *rest, char sep, struct mx_str *ret_part)
{
    ptrdiff_t at = mx_str_find(*rest, sep);

    if (!rest->p)
        return false;
    if (at < 0) {
        *ret_part = *rest;
        *rest = (struct mx_str){0};
        return true;
    }
    *ret_part = mx_str_sub(*rest, 0, (size_t)at);
    *rest = mx_str_sub(*rest, (size_t)at + 1, rest->n);
    return true;
}

bool mx_str_i64(struct mx_str s, int64_t min, int64_t max, int64_t *ret_value)
{
    bool minus = s.n > 0 && *s.p == '-';
    size_t first = minus ? 1 : 0;
    int64_t v = 0;

    if (s.n == first || (s.p[first] == '0' && s.n > 1))
        return false;
    for (size_t i = first; i < s.n; i++) {
        int digit = s.p[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, minus ? -digit : digit, &v))
            return false;
    }
    if (v < min || v > max)
        return false;
    *ret_value = v;
    return true;
}

struct mx_str mx_str_i64_text(int64_t v, char out[MX_I64_TEXT])
{
    size_t at = MX_I64_TEXT;
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;

    do {
        out[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        out[--at] = '-';
    return (struct mx_str){out + at, MX_I64_TEXT - at};
}

struct mx_str mx_str_dup(struct mx_arena *a, struct mx_str s)
{
    return s.p ? (struct mx_str){mx_arena_dup(a, s.p, s.n), s.n} : s;
}

struct mx_str mx_str_fmt(struct mx_arena *a, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = mx_arena_vprintf(a, fmt, ap);
    va_end(ap);
    return mx_str_c(text);
}

const char *mx_str_z(struct mx_arena *a, struct mx_str s)
{
    return s.n ? mx_arena_dup(a, s.p, s.n) : "";
}

static size_t utf8_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* The range of the second byte is what keeps overlong forms, surrogates and code points beyond
 * U+10FFFF out (Unicode, table 3-7). */
static bool utf8_goes_on(unsigned char lead, unsigned char second)
{
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;

    return second >= low && second <= high;
}

size_t mx_str_utf8(struct mx_str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    size_t n = utf8_length(*p);

    if (n > s.n - at || (n > 1 && !utf8_goes_on(p[0], p[1])))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

struct mx_str mx_str_name(const char *const *names, int64_t value)
{
    int64_t i = 0;

    while (i < value && names[i])
        i++;
    return i == value ? mx_str_c(names[i]) : (struct mx_str){0};
}

__attribute__((constructor)) static void draw_hash_key(void)
{
    mx_rnd(hash_key, sizeof hash_key);
}

static uint64_t rotl(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t m)
{
    v[3] ^= m;
    sip_round(v);
    sip_round(v);
    v[0] ^= m;
}

static uint64_t little_endian(const char *p, size_t n)
{
    uint64_t word = 0;

    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return word;
}

uint64_t mx_str_siphash(const uint64_t key[2], struct mx_str s)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                     key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    size_t i = 0;

    for (; s.n - i >= 8; i += 8)
        sip_word(v, little_endian(s.p + i, 8));
    sip_word(v, (uint64_t)s.n << 56 | (s.n > i ? little_endian(s.p + i, s.n - i) : 0));
    v[2] ^= 0xff;
    for (int round = 0; round < 4; round++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void mx_str_hash_share(uint64_t key[2])
{
    if (key[0] == 0 && key[1] == 0)
        memcpy(key, hash_key, sizeof hash_key);
    memcpy(hash_key, key, sizeof hash_key);
}

uint64_t mx_str_hash(struct mx_str s)
{
    return mx_str_siphash(hash_key, s);
}
