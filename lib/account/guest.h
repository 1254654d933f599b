/* Guests: accounts without a name, which whoever has their token may use. */
#ifndef MX_ACCOUNT_GUEST_H
#define MX_ACCOUNT_GUEST_H

#include "shop/holding.h"
#include "shop/job.h"

/* Deletes guests who never ordered, guest_keep_d after their last session ended, with all that is
 * theirs (mx_holdings). The audit log keeps their ids. */
extern const struct mx_job mx_guest_purge;

/* Of table account, see shop/holding.h. MX_E_VERSION_CONFLICT when one of them is no guest any
 * more, or has ordered. */
enum mx_err mx_guest_delete(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

#endif
