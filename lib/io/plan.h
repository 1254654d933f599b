/* Settings and pools of a generation of workers, as they are read. Part of the master: see
 * io/prefork.h. */
#ifndef MX_IO_PLAN_H
#define MX_IO_PLAN_H

#include "io/prefork.h"

/* Make the pools of plan->conf. That they can be is a rule of the settings. */
void mx_plan_pools(struct mx_arena *a, struct mx_plan *plan);
/* Read the settings of `path` into *ret_plan, all of it in `a`. NULL, or the first error, in
 * `texts`; all errors are in the log then. */
const char *mx_plan_read(struct mx_arena *a, struct mx_arena *texts, const char *path,
                         struct mx_plan *ret_plan);
/* Warn of settings that have changed and take effect only at a start. */
void mx_plan_warn(const struct mx_settings *old, const struct mx_settings *new);

#endif
