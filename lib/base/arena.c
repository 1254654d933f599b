#include "base/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_EACH_ALONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_EACH_ALONE 1
#endif
#endif
#ifndef ARENA_EACH_ALONE
#define ARENA_EACH_ALONE 0
#endif

#define ARENA_ALIGN _Alignof(max_align_t)

struct block {
    struct block *prev;
    size_t cap, used;
    _Alignas(max_align_t) unsigned char data[];
};

/* Blocks are a stack: the first one is at the bottom, allocations come from the top one. `held`
 * counts the bytes handed out, whichever block they are in. */
struct mx_arena {
    struct block *top;
    size_t held, cap, first;
};

static struct block *block_new(struct block *prev, size_t cap)
{
    struct block *b = malloc(sizeof *b + cap);

    if (!b)
        MX_BUG("out of memory (%zu bytes)", cap);
    b->prev = prev;
    b->cap = cap;
    b->used = 0;
    return b;
}

/* Take back what a block gave out beyond `used`. */
static void block_trim(struct block *b, size_t used)
{
#ifdef MX_TEST
    memset(b->data + used, 0xA5, b->used - used);
#endif
    b->used = used;
}

struct mx_arena *mx_arena_new(size_t first, size_t cap)
{
    struct mx_arena *a = calloc(1, sizeof *a);

    if (!a)
        MX_BUG("out of memory");
    a->first = first;
    a->cap = cap;
    a->top = block_new(NULL, first);
    return a;
}

void mx_arena_free(struct mx_arena *a)
{
    if (!a)
        return;
    mx_arena_reset(a);
    free(a->top);
    free(a);
}

void *mx_arena_alloc(struct mx_arena *a, size_t n)
{
    struct block *b = a->top;
    size_t size;
    void *p;

    if (n > a->cap || a->held > a->cap - n)
        MX_BUG("arena of %zu bytes is full: %zu more wanted", a->cap, n);
    size = ARENA_EACH_ALONE ? n : (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (ARENA_EACH_ALONE)
        b = a->top = block_new(b, size);
    else if (b->cap - b->used < size)
        b = a->top = block_new(b, size + a->first);
    p = b->data + b->used;
    b->used += size;
    a->held += n;
    return p;
}

void *mx_arena_zalloc(struct mx_arena *a, size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total))
        MX_BUG("allocation overflows: %zu times %zu bytes", n, size);
    return memset(mx_arena_alloc(a, total), 0, total);
}

char *mx_arena_dup(struct mx_arena *a, const void *p, size_t n)
{
    char *copy = mx_arena_alloc(a, n + 1);

    if (n)
        memcpy(copy, p, n);
    copy[n] = 0;
    return copy;
}

/* The first try writes where the text will most often be: into what the block has left. */
char *mx_arena_vprintf(struct mx_arena *a, const char *fmt, va_list ap)
{
    char *rest = (char *)a->top->data + a->top->used, *text;
    size_t room = ARENA_EACH_ALONE ? 0 : a->top->cap - a->top->used;
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(room ? rest : NULL, room, fmt, ap);
    if (n < 0)
        MX_BUG("bad format: %s", fmt);
    text = mx_arena_alloc(a, (size_t)n + 1);
    if (text != rest || (size_t)n >= room)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

char *mx_arena_printf(struct mx_arena *a, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = mx_arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}

struct mx_arena_mark mx_arena_mark(struct mx_arena *a)
{
    return (struct mx_arena_mark){{(size_t)a->top, a->top->used, a->held}};
}

void mx_arena_rewind(struct mx_arena *a, struct mx_arena_mark m)
{
    while ((size_t)a->top != m.opaque[0]) {
        struct block *b = a->top;

        a->top = b->prev;
        block_trim(b, 0);
        free(b);
    }
    block_trim(a->top, m.opaque[1]);
    a->held = m.opaque[2];
}

void mx_arena_reset(struct mx_arena *a)
{
    struct block *first = a->top;

    while (first->prev)
        first = first->prev;
    mx_arena_rewind(a, (struct mx_arena_mark){{(size_t)first, 0, 0}});
}
