/* The catalog's generation on this host: a number that grows with whatever changes what the public
 * catalog shows. An answer that was rendered under an earlier one is not given any more. Other
 * hosts know nothing of it, nor do the workers of what `merx jobs` changes, which has memory of its
 * own: there an answer lives on for catalog_cache_ms at most, a second by default, while clients
 * keep theirs for catalog_max_age_s. */
#ifndef MX_CATALOG_GENERATION_H
#define MX_CATALOG_GENERATION_H

#include "base/ctx.h"

/* The present transaction changes what the catalog shows: the generation grows once it is committed
 * or may be. Outside of one, after what was just written, it grows at once. */
void mx_catalog_changed(struct mx_ctx *cx);

#endif
