/* How many answers may be kept for a caller before the database has to be asked again how many
 * there are. In shared memory, without locks: an entry is one word, which may be lost, or taken by
 * another caller, at any time; then its caller is one of whom nothing is known. */
#ifndef MX_IO_ALLOWANCE_H
#define MX_IO_ALLOWANCE_H

#include "base/prelude.h"

struct mx_allowance;

/* So many answers, of so many bytes in all. */
struct mx_share {
    int64_t answers, bytes;
};

/* Map an empty table, inherited by fork. */
struct mx_allowance *mx_allowance_new(void);

/* The caller of that hash may keep `share` more for `life_s` (1000 at most). It may come out less.
 * `now_s` is of any steady clock, the same for all callers. */
void mx_allowance_put(struct mx_allowance *t, uint64_t hash, struct mx_share share, int64_t now_s,
                      int64_t life_s);
/* Take one answer of `bytes` of it. A caller of whom nothing is known has `first`. False, and
 * nothing is taken: there is not so much. */
bool mx_allowance_take(struct mx_allowance *t, uint64_t hash, int64_t bytes, int64_t now_s,
                       struct mx_share first) MX_MUST_CHECK;

#endif
