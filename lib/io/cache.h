/* Rendered answers of public routes, shared by all processes of a host: what is asked often never
 * reaches the database. Slots of fixed size in shared memory, four to a set, each guarded by a
 * count of its writes and its writer's pid, so that readers never wait and a writer may die at any
 * instruction: its slot is taken over. An entry is valid for one generation of the catalog and a
 * short time. */
#ifndef MX_IO_CACHE_H
#define MX_IO_CACHE_H

#include "base/str.h"

#define MX_CACHE_SLOT_BYTES 16384

struct mx_cache;

/* Key that an entry must match to be used. */
struct mx_cache_key {
    struct mx_str text; /* compared byte for byte */
    uint64_t generation;
    int64_t now_ms; /* any steady clock, the same for all callers */
};

/* Map room for `slots` (rounded down to whole sets). Inherited by fork; pages are taken when used.
 */
struct mx_cache *mx_cache_new(size_t slots);

/* Copy a valid entry into `a`. False when there is none. */
bool mx_cache_get(struct mx_cache *c, const struct mx_cache_key *k, struct mx_arena *a,
                  struct mx_str *ret_value);

/* Keep `value` for `ttl_ms`. False, and nothing done, when it is too large for a slot or another
 * writer is there. */
bool mx_cache_put(struct mx_cache *c, const struct mx_cache_key *k, struct mx_str value,
                  int64_t ttl_ms);

#endif
