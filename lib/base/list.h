/* Counted array of equal elements, in an arena. */
#ifndef MX_BASE_LIST_H
#define MX_BASE_LIST_H

#include "base/arena.h"

struct mx_list {
    void *at;
    size_t n;
};

/* Element `i` of the list as a T*. */
#define MX_AT(list, T, i) (&((T *)(list).at)[i])

#endif
