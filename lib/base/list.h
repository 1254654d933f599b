/* Counted array of equal elements, in an arena. */
#ifndef MX_BASE_LIST_H
#define MX_BASE_LIST_H

#include "base/arena.h"

struct mx_list {
    void *at;
    size_t n;
};

/* A page of rows ends with the one that reaches so many bytes, however few rows that are: 100 large
 * ones would fill a worker's memory. */
#define MX_PAGE_BYTES ((size_t)4 << 20)

/* Element `i` of the list as a T*. */
#define MX_AT(list, T, i) (&((T *)(list).at)[i])

#endif
