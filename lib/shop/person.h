/* What rows hold of a person: sealed at rest, listed for re-sealing under a new key. */
#ifndef MX_SHOP_PERSON_H
#define MX_SHOP_PERSON_H

#include "base/ctx.h"
#include "codec/pii.h"

/* mx_pii_open for a row that was read: what does not open is logged, and MX_E_UNAVAILABLE. */
enum mx_err mx_person_open(const struct mx_ctx *cx, const char *column, struct mx_id row,
                           struct mx_str sealed, struct mx_str *ret_plain) MX_MUST_CHECK;

#endif
