/* Optimistic locking: what staff change has a version that counts its changes. */
#ifndef MX_SHOP_VERSION_H
#define MX_SHOP_VERSION_H

#include "base/ctx.h"

/* MX_E_VERSION_CONFLICT unless `if_match`, the tags of an If-Match header, holds `version`; absent
 * or "*": any. `what` begins the sentence that says so: "The product". */
enum mx_err mx_version_check(struct mx_ctx *cx, const char *what, struct mx_str if_match,
                             int64_t version) MX_MUST_CHECK;

#endif
