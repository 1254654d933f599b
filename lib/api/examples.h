/* Examples of the OpenAPI document, as the HTTP tests recorded them (lib/api/examples.txt, which
 * `make examples` writes). They are part of the program's constant data: pages of it that nobody
 * reads take no memory. */
#ifndef MX_API_EXAMPLES_H
#define MX_API_EXAMPLES_H

#include "base/prelude.h"

struct mx_example {
    const char *operation, *kind, *json;
};

/* By operation and kind; ends with one without an operation. */
extern const struct mx_example mx_examples[];

/* JSON text of the example of an operation: `kind` is "request" or a status such as "200". NULL:
 * there is none. */
const char *mx_example(const char *operation, const char *kind);

#endif
