/* Randomness from the kernel (getrandom), buffered per process and dropped after fork. */
#ifndef MX_BASE_RND_H
#define MX_BASE_RND_H

#include "base/prelude.h"

/* Fill `p` with `n` random bytes. Aborts when the kernel gives none. */
void mx_rnd(void *p, size_t n);
/* Uniform in [0, bound), bound > 0, no modulo bias. */
uint64_t mx_rnd_below(uint64_t bound);

#endif
