#include "api/examples.h"

const char *mx_example(const char *operation, const char *kind)
{
    for (const struct mx_example *e = mx_examples; e->operation; e++) {
        if (strcmp(e->operation, operation) == 0 && strcmp(e->kind, kind) == 0)
            return e->json;
    }
    return NULL;
}
