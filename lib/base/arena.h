/* Memory of one request. Everything that a request allocates comes from here and goes at once by
 * mx_arena_reset; nothing is freed singly. Not thread safe: one arena a worker.
 *
 * Under AddressSanitizer each allocation is its own malloc, so that overruns and use after reset
 * are seen; in other builds the first block is kept between requests. Built with MX_TEST, freed
 * bytes are overwritten with 0xA5. */
#ifndef MX_BASE_ARENA_H
#define MX_BASE_ARENA_H

#include <stdarg.h>

#include "base/err.h"

struct mx_arena;

/* A point that mx_arena_rewind can go back to. */
struct mx_arena_mark {
    size_t opaque[3];
};

/* New arena that may hold `cap` bytes at once (more aborts: the edges limit input long before).
 * `first` bytes are allocated now and kept across resets. */
struct mx_arena *mx_arena_new(size_t first, size_t cap);

/* Free everything. NULL is allowed. */
void mx_arena_free(struct mx_arena *a);

/* Forget all allocations; keeps the first block. */
void mx_arena_reset(struct mx_arena *a);

/* `n` uninitialised bytes aligned for any type (n may be 0). Never NULL. */
void *mx_arena_alloc(struct mx_arena *a, size_t n);

/* `n` elements of `size` zeroed bytes. Aborts on overflow. Never NULL. */
void *mx_arena_zalloc(struct mx_arena *a, size_t n, size_t size);

/* Copy of `n` bytes with a NUL behind them. */
char *mx_arena_dup(struct mx_arena *a, const void *p, size_t n);

/* printf into the arena; the result is NUL-terminated. */
char *mx_arena_printf(struct mx_arena *a, const char *fmt, ...) MX_PRINTF(2, 3);
char *mx_arena_vprintf(struct mx_arena *a, const char *fmt, va_list ap) MX_PRINTF(2, 0);

/* Remember the present state; rewinding frees all that came after it. */
struct mx_arena_mark mx_arena_mark(struct mx_arena *a);
void mx_arena_rewind(struct mx_arena *a, struct mx_arena_mark m);

/* One zeroed object of type T. */
#define MX_NEW(a, T) ((T *)mx_arena_zalloc((a), 1, sizeof(T)))
#define MX_NEW_N(a, n, T) ((T *)mx_arena_zalloc((a), (n), sizeof(T)))

#endif
