/* E-mail addresses. Two spellings of one mailbox are one account: the canonical form is ASCII in
 * lower case and is compared as bytes. Mail goes to the spelling that the owner gave. The grammar
 * of what callers send is checked before it gets here (MX_EMAIL of http/field.h). */
#ifndef MX_SHOP_EMAIL_H
#define MX_SHOP_EMAIL_H

#include "base/ctx.h"

/* Canonical form of `email` in `a`. False when it has no '@', or a byte that is no visible ASCII
 * character: no look-alike letter and no line end ever becomes part of a key or a mail's header. */
bool mx_email_key(struct mx_arena *a, struct mx_str email, struct mx_str *ret_key) MX_MUST_CHECK;
/* Canonical form of what a caller sent as /email; MX_E_VALIDATION_FAILED with a fault there. */
enum mx_err mx_email_key_of(struct mx_ctx *cx, struct mx_str email,
                            struct mx_str *ret_key) MX_MUST_CHECK;
/* The part before the last '@'; all of it when there is none. */
struct mx_str mx_email_local(struct mx_str email);
/* The part behind it; nothing when there is none. */
struct mx_str mx_email_domain(struct mx_str email);

#endif
