/* The stack of a process that a signal ends, left in shared memory for the one that reaps it: that
 * one has the same program at the same addresses, since the other was forked from it, and may write
 * logs and look up names, which a signal handler may not. */
#ifndef MX_IO_STACK_H
#define MX_IO_STACK_H

#include <stdatomic.h>

#include "base/prelude.h"

#define MX_STACK_FRAMES 48

struct mx_stack {
    atomic_int n; /* frames; 0: none was left */
    _Atomic uintptr_t at[MX_STACK_FRAMES];
};

/* From now on a signal that tells of a crash (ABRT among them) leaves the stack in `where` before
 * it ends this process as ever. Signals that have a handler already keep it. */
void mx_stack_catch(struct mx_stack *where);
/* The frames as text, innermost first, in `out`: "merx+0x1b2c (mx_dispatch) ...", of which the
 * first part is for addr2line; "" none. */
void mx_stack_text(const struct mx_stack *s, char *out, size_t size);

#endif
