#include "codec/cbor_scan.h"

#define INFO_BITS 5
#define INFO_MAX 27 /* beyond: reserved, and indefinite lengths */

/* Major types (RFC 8949 section 3.1). */
enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

struct head {
    enum major major;
    uint64_t count; /* what it announces: a value, bytes, elements or pairs */
};

/* Take the head off the front of *rest. */
static bool take_head(struct mx_str *rest, struct head *ret_head)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    unsigned info;
    size_t more;

    if (rest->n == 0)
        return false;
    info = p[0] & ((1U << INFO_BITS) - 1);
    more = info < 24 || info > INFO_MAX ? 0 : (size_t)1 << (info - 24);
    if (info > INFO_MAX || more >= rest->n)
        return false;
    *ret_head = (struct head){(enum major)(p[0] >> INFO_BITS), more == 0 ? info : 0};
    for (size_t i = 1; i <= more; i++)
        ret_head->count = ret_head->count << 8 | p[i];
    *rest = mx_str_sub(*rest, 1 + more, rest->n);
    return true;
}

/* Take what stands behind a head and is no item by itself; the items of an array or a map are still
 * to come, *ret_items of them. */
static bool take_content(struct mx_str *rest, const struct head *h, uint64_t *ret_items)
{
    *ret_items = 0;
    switch (h->major) {
    case BYTES:
    case TEXT:
        if (h->count > rest->n)
            return false;
        *rest = mx_str_sub(*rest, (size_t)h->count, rest->n);
        return true;
    case ARRAY:
        *ret_items = h->count;
        return h->count <= rest->n;
    case MAP:
        *ret_items = 2 * h->count;
        return h->count <= rest->n / 2;
    case TAG:
        return false;
    case UNSIGNED:
    case NEGATIVE:
    case SIMPLE:
        return true;
    }
    return false;
}

size_t mx_cbor_scan(struct mx_str in)
{
    uint64_t wanted[1 + MX_CBOR_DEPTH] = {1}; /* items still to come, at each depth */
    uint64_t items;
    struct mx_str rest = in;
    struct head h;
    int depth = 0;

    while (wanted[depth] > 0 || depth > 0) {
        if (wanted[depth] == 0) {
            depth--;
            continue;
        }
        wanted[depth]--;
        if (!take_head(&rest, &h) || !take_content(&rest, &h, &items))
            return 0;
        if (h.major != ARRAY && h.major != MAP)
            continue;
        if (depth == MX_CBOR_DEPTH)
            return 0;
        wanted[++depth] = items;
    }
    return in.n - rest.n;
}
