/* Which keys live processes of this host are working on, so that who asks again meanwhile is told
 * to wait. In shared memory, without locks: an entry is one word with the pid of its holder, and
 * one whose holder has died, or that is older than any request may get, is free. A key that finds
 * no room is not noted: what the database has decides in any case. */
#ifndef MX_IO_RUNNING_H
#define MX_IO_RUNNING_H

#include "base/str.h"

struct mx_running;

/* Map an empty table, inherited by fork. */
struct mx_running *mx_running_new(void);

/* Begin to work on the key of that hash, for `life_s` at most. `now_s` is of any steady clock, the
 * same for all callers. False: another process is at it. */
bool mx_running_take(struct mx_running *r, uint64_t hash, int64_t now_s,
                     int64_t life_s) MX_MUST_CHECK;
/* This process is done with it. */
void mx_running_give(struct mx_running *r, uint64_t hash);

#endif
