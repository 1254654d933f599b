/* Copies between plain memory and 64-bit words that several processes share under a sequence
 * number. Each word is moved atomically, so that a copy that loses the race is torn, which its
 * reader notices by the sequence number, but never undefined. */
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

    for (size_t i = 0; i < n; i += 8) {
        w = 0;
        memcpy(&w, p + i, n - i < 8 ? n - i : 8);
        atomic_store_explicit(&dst[i / 8], w, memory_order_relaxed);
    }
}

/* Get `n` bytes out of words. */
static inline void mx_words_get(void *dst, const mx_word *src, size_t n)
{
    char *p = dst;
    uint64_t w;

    for (size_t i = 0; i < n; i += 8) {
        w = atomic_load_explicit(&src[i / 8], memory_order_relaxed);
        memcpy(p + i, &w, n - i < 8 ? n - i : 8);
    }
}

/* The process of that pid has not ended yet (one that its parent has still to hear of has). */
bool mx_pid_alive(int pid);

#endif
