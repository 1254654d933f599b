/* Counted array of equal elements, in an arena. It knows the size of an element, so that what is
 * read as another type than it was made of is found at once. */
#ifndef MX_BASE_LIST_H
#define MX_BASE_LIST_H

#include "base/arena.h"
#include "base/err.h"

struct mx_list {
    size_t size; /* of an element; 0: an empty list that was never filled */
    size_t n;
    void *at;
};

/* A page of rows ends with the one that reaches so many bytes, however few rows that are: 100 large
 * ones would fill a worker's memory. */
#define MX_PAGE_BYTES ((size_t)4 << 20)

/* The list of the `n` elements at `p`, a pointer to their type. */
#define MX_LIST(p, n) MX_LIST_OF((p), (n), sizeof *(p))
/* The same where only the size of an element is known. */
#define MX_LIST_OF(p, count, bytes) ((struct mx_list){.size = (bytes), .n = (count), .at = (p)})

/* `list.at`, whose elements have that size; another size is a bug. */
static inline void *mx_list_at(struct mx_list list, size_t size)
{
    MX_ASSERT(list.size == size);
    return list.at;
}

/* Element `i` of the list as a T*. */
#define MX_AT(list, T, i) (&((T *)mx_list_at((list), sizeof(T)))[i])

#endif
