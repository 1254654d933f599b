/* Memory that a process shares with those forked from it and, if it has a name, with the program
 * that takes over from it at an upgrade. */
#ifndef MX_IO_REGION_H
#define MX_IO_REGION_H

#include "io/passed.h"

/* `size` bytes; never NULL. They are zeroed, or those of the program before if it had a region of
 * that name and size: the name ends with the version of the layout. Pages are taken when they are
 * used. NULL: nobody takes them over. */
void *mx_region_map(const char *name, size_t size);

/* Put the named regions into `pass`, which has room for `max`; their number. */
int mx_region_passes(struct mx_pass *pass, int max);

#endif
