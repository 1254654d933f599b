/* The catalog's generation on this host: a number that grows with whatever changes what the public
 * catalog shows. An answer that was rendered under an earlier one is not given any more. */
#ifndef MX_CATALOG_GENERATION_H
#define MX_CATALOG_GENERATION_H

#include "base/ctx.h"

/* The present transaction changes what the catalog shows: the generation grows once it is committed
 * or may be. Outside of one, after what was just written, it grows at once. */
void mx_catalog_changed(struct mx_ctx *cx);

#endif
