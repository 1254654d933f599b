/* Memory of this process. */
#ifndef MX_IO_MEMORY_H
#define MX_IO_MEMORY_H

#include "base/prelude.h"

/* Proportional set size in bytes: of pages that several processes share, its part. 0 when the
 * kernel does not tell. */
int64_t mx_memory_pss(void);
/* Resident pages that are not of a file or shared memory, in bytes: cheaper to ask for. 0 when the
 * kernel does not tell. */
int64_t mx_memory_own(void);

#endif
