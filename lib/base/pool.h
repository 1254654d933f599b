/* The pools of workers, as the settings have them: the four that every store has, which are also
 * the kinds of pools, and those that a site adds (more_pools). Each has its own socket, so that
 * requests of one kind never wait behind those of another. */
#ifndef MX_BASE_POOL_H
#define MX_BASE_POOL_H

#include "base/settings.h"
#include "base/str.h"

/* Which requests: all that are quick; those that hash passwords or check foreign keys; those that
 * ask payment providers; those of staff. */
enum mx_pool_kind { MX_POOL_FAST, MX_POOL_SLOW, MX_POOL_PAY, MX_POOL_STAFF, MX_POOL_KINDS };
extern const char *const mx_pool_kind_names[MX_POOL_KINDS];

#define MX_POOLS_MAX 8

struct mx_pool {
    const char *name;
    enum mx_pool_kind kind;
    const char *setting;     /* the name of that of its socket */
    const char *socket;      /* a path or host:port; NULL: nobody listens for it */
    struct mx_range workers; /* the same twice: a fixed number; min 0: on demand */
    const char *backlog_setting;
    int64_t backlog, nice;
    int served_by; /* the pool whose workers take its requests: itself, unless it may have none */
};

/* The first ones are those of enum mx_pool_kind, in its order. */
struct mx_pools {
    int n;
    struct mx_pool at[MX_POOLS_MAX];
};

/* "N" (min and max are N), or "MIN..MAX" with 0 <= MIN <= MAX and MAX > 0; max within the bounds.
 */
bool mx_range_parse(struct mx_str s, int64_t lowest, int64_t highest, struct mx_range *ret_range);
/* "N" or "MIN..MAX", in `a`. */
const char *mx_range_text(struct mx_arena *a, struct mx_range r);

/* The pools of the settings; strings are in `a` or borrowed from them. NULL, or why they cannot be.
 */
const char *mx_pools_make(struct mx_arena *a, const struct mx_settings *conf,
                          struct mx_pools *ret_pools);
/* The pool of that name; -1 there is none. */
int mx_pools_find(const struct mx_pools *pools, struct mx_str name);
/* Workers that a pool must find room for whatever the others have: its least number, or one. */
int64_t mx_pool_floor(const struct mx_pools *pools, int pool);

#endif
