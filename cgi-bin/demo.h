/* Declarations that the files of `merx demo` share. */
#ifndef MX_DEMO_H
#define MX_DEMO_H

#include "base/ctx.h"

/* The loader's state. */
struct mx_demo {
    struct mx_ctx cx; /* its arena is emptied between transactions */
    struct mx_faults faults;
    int64_t rows; /* written by the generator, all tables */
};

/* Run fn as one transaction of its own with a fresh arena, clock and faults. Prints a failure on
 * standard error, with the name `what`. */
bool mx_demo_tx(struct mx_demo *d, const char *what, enum mx_err (*fn)(void *arg), void *arg);

/* Make generated products until there are `n` of them. */
bool mx_demo_generate(struct mx_demo *d, int64_t n);

#endif
