/* Events: what happened, written in the transaction of the change. They are an order's history and
 * the outbox that mail and webhooks are made from. */
#ifndef MX_SHOP_EVENT_H
#define MX_SHOP_EVENT_H

#include "base/ctx.h"

/* Record one event of `subject` (an order), in the caller's transaction. `type` is a literal. */
enum mx_err mx_event_add(struct mx_ctx *cx, const char *type, struct mx_id subject) MX_MUST_CHECK;

/* Record two in one round trip, `type` before `type2`. */
enum mx_err mx_event_add_two(struct mx_ctx *cx, const char *type, const char *type2,
                             struct mx_id subject) MX_MUST_CHECK;

/* Deliver up to `limit` events that are due: each in a transaction of its own that claims it and
 * queues what follows from it (an order's confirmation mail). *ret_n were looked at. */
enum mx_err mx_event_deliver_due(struct mx_ctx *cx, int64_t limit, int64_t *ret_n) MX_MUST_CHECK;

#endif
