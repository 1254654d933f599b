/* Mail that follows from what happens to orders. */
#ifndef MX_SALES_ORDER_MAIL_H
#define MX_SALES_ORDER_MAIL_H

#include "base/ctx.h"

/* Queue the confirmations of n orders, in the present transaction: each to the address given at
 * checkout or else to the account's; none where there is neither, or no order any more. A handler
 * of the event order.placed (shop/outbox.h). */
enum mx_err mx_order_confirm(struct mx_ctx *cx, const struct mx_id *orders, size_t n) MX_MUST_CHECK;

#endif
