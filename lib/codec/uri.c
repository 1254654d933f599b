/* Percent-decoding, query splitting, base64url. */
#include "codec/uri.h"

#include "base/arena.h"
#include "codec/secret.h"
#include "codec/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Byte of the escape at s.p[at] (the '%'), or -1. */
static int escape_value(struct mx_str s, size_t at)
{
    int high, low;

    if (s.n - at < 3)
        return -1;
    high = hex_value(s.p[at + 1]);
    low = hex_value(s.p[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool mx_uri_decode(struct mx_arena *a, struct mx_str s, bool plus, struct mx_str *ret_out)
{
    char *out = mx_arena_alloc(a, s.n + 1);
    struct mx_str got;
    size_t at, n = 0;
    int c;

    for (at = 0; at < s.n; at++) {
        c = (unsigned char)s.p[at];
        if (c == '%') {
            c = escape_value(s, at);
            at += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c <= 0)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    got = (struct mx_str){out, n};
    if (!mx_utf8_valid(got))
        return false;
    *ret_out = got;
    return true;
}

/* One `name=value` piece; a piece without '=' is a name with an empty value. */
static bool decode_pair(struct mx_arena *a, struct mx_str piece, struct mx_pair *ret_pair)
{
    struct mx_str name = {0};

    if (!mx_str_split(&piece, '=', &name))
        return false;
    if (!piece.p)
        piece = MX_S("");
    return mx_uri_decode(a, name, true, &ret_pair->name) &&
           mx_uri_decode(a, piece, true, &ret_pair->value);
}

enum mx_err mx_uri_query(struct mx_arena *a, struct mx_str query, int max,
                         struct mx_pair **ret_pairs, int *ret_n)
{
    struct mx_pair *pairs = MX_NEW_N(a, (size_t)max, struct mx_pair);
    struct mx_str piece = {0};
    int n = 0;

    while (mx_str_split(&query, '&', &piece)) {
        if (piece.n == 0)
            continue;
        if (n == max || !decode_pair(a, piece, &pairs[n]))
            return MX_E_BAD_REQUEST;
        n++;
    }
    *ret_pairs = pairs;
    *ret_n = n;
    return MX_OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void mx_uri_encode(struct mx_buf *out, struct mx_str s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t i;

    for (i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (is_unreserved(s.p[i]))
            mx_buf_byte(out, s.p[i]);
        else
            mx_buf_add(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
}

struct mx_str mx_b64url(struct mx_arena *a, const void *p, size_t n)
{
    size_t size = MX_BASE64_SIZE(n);
    char *out = mx_arena_alloc(a, size);

    mx_base64(MX_BASE64_URL, p, n, out, size);
    return mx_str_c(out);
}

bool mx_b64url_decode(struct mx_arena *a, struct mx_str s, struct mx_str *ret_bytes)
{
    size_t size = s.n / 4 * 3 + 3, n;
    char *out = mx_arena_alloc(a, size);

    if (!mx_base64_decode(MX_BASE64_URL, s, out, size - 1, &n))
        return false;
    out[n] = '\0';
    *ret_bytes = (struct mx_str){out, n};
    return true;
}

struct mx_str mx_pair_value(const struct mx_list *pairs, struct mx_str name)
{
    for (size_t i = 0; i < pairs->n; i++) {
        const struct mx_pair *p = MX_AT(*pairs, const struct mx_pair, i);

        if (mx_str_eq(p->name, name))
            return p->value;
    }
    return (struct mx_str){0};
}
