/* The body of a worker process. */
#ifndef MX_WORKER_H
#define MX_WORKER_H

#include "base/ctx.h"
#include "io/prefork.h"

/* Serve the listeners of a post until told to stop. Exit status of the process: 0 done, 2 the
 * configuration is no use (keys, schema). Called in a fresh process with all signals blocked. */
int mx_worker(const struct mx_post *post);

/* Does the database let us in, with a schema that fits this program? NULL, or why it never will
 * without a change (text in `a`); *ret_up tells whether it answered. */
const char *mx_worker_schema(struct mx_arena *a, struct mx_db *db, bool *ret_up);

/* mx_keys_refresh, told in the log. True: *keys are others now. */
bool mx_worker_keys(struct mx_arena *a, struct mx_keys **keys);

#endif
