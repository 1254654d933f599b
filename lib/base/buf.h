/* Growable bytes with a mandatory maximum (after curl's dynbuf and git's strbuf). Lives in an
 * arena; growth leaves the old block to the arena. Invariant: p[n] == 0 and n <= max. Passing the
 * maximum sets `overflow`, after which all appends are ignored: check it once at the end. Whoever
 * finds that the content cannot be written sets it too. */
#ifndef MX_BASE_BUF_H
#define MX_BASE_BUF_H

#include "base/str.h"

struct mx_buf {
    struct mx_arena *arena;
    char *p;
    size_t n, cap, max;
    bool overflow;
};

/* Empty buffer in `a` that may grow to `max` bytes. */
void mx_buf_init(struct mx_buf *b, struct mx_arena *a, size_t max);
void mx_buf_add(struct mx_buf *b, const void *p, size_t n);
void mx_buf_str(struct mx_buf *b, struct mx_str s);
void mx_buf_c(struct mx_buf *b, const char *c);
void mx_buf_byte(struct mx_buf *b, char c);
void mx_buf_i64(struct mx_buf *b, int64_t v);
/* Two lower-case hexadecimal digits a byte. */
void mx_buf_hex(struct mx_buf *b, const void *p, size_t n);
void mx_buf_fmt(struct mx_buf *b, const char *fmt, ...) MX_PRINTF(2, 3);
/* Room for `n` more bytes: pointer to write to, then mx_buf_advance. NULL on overflow. */
char *mx_buf_reserve(struct mx_buf *b, size_t n);
void mx_buf_advance(struct mx_buf *b, size_t n);
/* Forget the content, keep the memory. */
void mx_buf_clear(struct mx_buf *b);
struct mx_str mx_buf_view(const struct mx_buf *b);
/* The bytes as lower-case hexadecimal digits, NUL-terminated in `a`. */
struct mx_str mx_hex(struct mx_arena *a, const void *p, size_t n);

#endif
