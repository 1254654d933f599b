/* Memory of this process. */
#ifndef MX_IO_MEMORY_H
#define MX_IO_MEMORY_H

#include "base/prelude.h"

/* Proportional set size in bytes: of pages that several processes share, its part. 0 when the
 * kernel does not tell. */
int64_t mx_memory_pss(void);

#endif
