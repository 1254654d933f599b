/* An attempt to pay an order: its row, its events, and what it makes of the order. */
#ifndef MX_SALES_ORDER_PAYMENT_H
#define MX_SALES_ORDER_PAYMENT_H

#include "sales/order.h"

/* Apply the outcome to an order that waited for it: status, payment_status, placed_at. */
void mx_order_take_outcome(const struct mx_ctx *cx, const struct mx_pay_outcome *paid,
                           struct mx_order *o);
/* Write attempt number `attempt` (from 1) and its events, and leave both in o->payments and
 * o->events. MX_E_RETRY when somebody else's attempt has that number. */
enum mx_err mx_order_write_attempt(struct mx_ctx *cx, const struct mx_pay_request *in,
                                   const struct mx_pay_outcome *paid, int64_t attempt,
                                   struct mx_order *o) MX_MUST_CHECK;

#endif
