/* Data that several processes share without locks: words under a guard. The guard is a count of
 * writes with the writer's pid, so that a reader never waits and notices when its copy is torn, and
 * a writer may die at any instruction: the next one takes over. Each word is moved atomically, so
 * that a torn copy is never undefined. */
#ifndef MX_IO_SEQLOCK_H
#define MX_IO_SEQLOCK_H

#include <stdatomic.h>

#include "base/prelude.h"

/* Words that hold n bytes. */
#define MX_WORDS(n) (((n) + 7) / 8)

typedef _Atomic uint64_t mx_word;

/* Put `n` bytes into words; the rest of the last word is zeroed. */
static inline void mx_words_put(mx_word *dst, const void *src, size_t n)
{
    const char *p = src;
    uint64_t w;

    for (; n >= sizeof w; n -= sizeof w, p += sizeof w) {
        memcpy(&w, p, sizeof w);
        atomic_store_explicit(dst++, w, memory_order_relaxed);
    }
    if (n == 0)
        return;
    w = 0;
    memcpy(&w, p, n);
    atomic_store_explicit(dst, w, memory_order_relaxed);
}

/* Get `n` bytes out of words. */
static inline void mx_words_get(void *dst, const mx_word *src, size_t n)
{
    char *p = dst;
    uint64_t w;

    for (; n >= sizeof w; n -= sizeof w, p += sizeof w) {
        w = atomic_load_explicit(src++, memory_order_relaxed);
        memcpy(p, &w, sizeof w);
    }
    if (n == 0)
        return;
    w = atomic_load_explicit(src, memory_order_relaxed);
    memcpy(p, &w, n);
}

/* The count of writes in the high half; the low half is the pid of who is writing, or 0. */
typedef mx_word mx_guard;

/* Begin to read. False: nothing was ever written, or somebody is writing. */
static inline bool mx_read_begin(const mx_guard *g, uint64_t *ret_seen)
{
    *ret_seen = atomic_load_explicit(g, memory_order_acquire);
    return *ret_seen != 0 && (uint32_t)*ret_seen == 0;
}

/* True when the data read since is whole. */
static inline bool mx_read_end(const mx_guard *g, uint64_t seen)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(g, memory_order_relaxed) == seen;
}

/* Become the writer. False: another process that lives is. */
bool mx_write_begin(mx_guard *g) MX_MUST_CHECK;
/* The same where there is one writer at a time by other means: what a dead one left is taken over.
 */
static inline void mx_write_begin_alone(mx_guard *g)
{
    uint64_t seen = atomic_load_explicit(g, memory_order_relaxed);

    atomic_store_explicit(g, ((seen >> 32) + 1) << 32 | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}
/* End of a write: the data is whole. */
void mx_write_end(mx_guard *g);

/* The process of that pid has not ended yet (one that its parent has still to hear of has). */
bool mx_pid_alive(int pid);

#endif
