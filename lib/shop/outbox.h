/* Delivery of events. They are rows of the audit log, written with the change that they tell of:
 * struct mx_audit, event (shop/audit.h). */
#ifndef MX_SHOP_OUTBOX_H
#define MX_SHOP_OUTBOX_H

#include "base/ctx.h"

/* Deliver up to `limit` events that are due: each in a transaction of its own that claims it and
 * queues what follows from it (an order's confirmation mail). *ret_n were looked at. */
enum mx_err mx_outbox_deliver_due(struct mx_ctx *cx, int64_t limit, int64_t *ret_n) MX_MUST_CHECK;

#endif
