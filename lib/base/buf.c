#include "base/buf.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/arena.h"

#define BUF_FIRST 256

void mx_buf_init(struct mx_buf *b, struct mx_arena *a, size_t max)
{
    size_t cap = max < BUF_FIRST ? max : BUF_FIRST;

    *b = (struct mx_buf){.arena = a, .p = mx_arena_alloc(a, cap + 1), .cap = cap, .max = max};
    b->p[0] = 0;
}

char *mx_buf_reserve(struct mx_buf *b, size_t n)
{
    size_t need, cap;
    char *p;

    if (b->overflow || n > b->max - b->n) {
        b->overflow = true;
        return NULL;
    }
    need = b->n + n;
    if (need <= b->cap)
        return b->p + b->n;
    cap = b->cap > b->max / 2 ? b->max : 2 * b->cap;
    if (cap < need)
        cap = need;
    p = mx_arena_alloc(b->arena, cap + 1);
    memcpy(p, b->p, b->n + 1);
    b->p = p;
    b->cap = cap;
    return p + b->n;
}

void mx_buf_advance(struct mx_buf *b, size_t n)
{
    MX_ASSERT(n <= b->cap - b->n);
    b->n += n;
    b->p[b->n] = 0;
}

void mx_buf_add(struct mx_buf *b, const void *p, size_t n)
{
    char *to = mx_buf_reserve(b, n);

    if (!to || n == 0)
        return;
    memcpy(to, p, n);
    mx_buf_advance(b, n);
}

void mx_buf_str(struct mx_buf *b, struct mx_str s)
{
    mx_buf_add(b, s.p, s.n);
}

void mx_buf_c(struct mx_buf *b, const char *c)
{
    mx_buf_add(b, c, strlen(c));
}

void mx_buf_byte(struct mx_buf *b, char c)
{
    char *to = mx_buf_reserve(b, 1);

    if (!to)
        return;
    *to = c;
    mx_buf_advance(b, 1);
}

void mx_buf_i64(struct mx_buf *b, int64_t v)
{
    char text[MX_I64_TEXT];
    struct mx_str digits = mx_str_i64_text(v, text);

    mx_buf_add(b, digits.p, digits.n);
}

void mx_buf_hex(struct mx_buf *b, const void *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = p;
    char *to = mx_buf_reserve(b, 2 * n);

    if (!to)
        return;
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
    mx_buf_advance(b, 2 * n);
}

void mx_buf_fmt(struct mx_buf *b, const char *fmt, ...)
{
    va_list ap;
    char *to;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        MX_BUG("bad format: %s", fmt);
    to = mx_buf_reserve(b, (size_t)n);
    if (!to)
        return;
    va_start(ap, fmt);
    vsnprintf(to, (size_t)n + 1, fmt, ap);
    va_end(ap);
    mx_buf_advance(b, (size_t)n);
}

void mx_buf_clear(struct mx_buf *b)
{
    b->n = 0;
    b->p[0] = 0;
    b->overflow = false;
}

struct mx_str mx_buf_view(const struct mx_buf *b)
{
    return (struct mx_str){b->p, b->n};
}

struct mx_str mx_hex(struct mx_arena *a, const void *p, size_t n)
{
    struct mx_buf b;

    mx_buf_init(&b, a, 2 * n);
    mx_buf_hex(&b, p, n);
    return mx_buf_view(&b);
}
