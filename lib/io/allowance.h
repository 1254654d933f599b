/* How many answers may be kept for a caller before the database has to be asked again how many
 * there are. In shared memory, without locks: an entry is one word, which may be lost, or taken by
 * another caller, at any time; then the database is asked. */
#ifndef MX_IO_ALLOWANCE_H
#define MX_IO_ALLOWANCE_H

#include "base/prelude.h"

struct mx_allowance;

/* Map an empty table, inherited by fork. */
struct mx_allowance *mx_allowance_new(void);

/* The caller of that hash may keep `answers` more, of `bytes` in all, for `life_s` (1000 at
 * most). Both may come out less. `now_s` is of any steady clock, the same for all callers. */
void mx_allowance_put(struct mx_allowance *t, uint64_t hash, int64_t answers, int64_t bytes,
                      int64_t now_s, int64_t life_s);
/* Take one answer of `bytes` of it. False, and nothing is taken: there is no such allowance. */
bool mx_allowance_take(struct mx_allowance *t, uint64_t hash, int64_t bytes,
                       int64_t now_s) MX_MUST_CHECK;

#endif
