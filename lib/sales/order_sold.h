/* Orders as sales of products. Handlers of events (shop/outbox.h): the rows of products are not
 * touched while somebody buys. */
#ifndef MX_SALES_ORDER_SOLD_H
#define MX_SALES_ORDER_SOLD_H

#include "base/ctx.h"

/* Of order.placed: n orders, each told once, are sales of what is in them. */
enum mx_err mx_order_sold(struct mx_ctx *cx, const struct mx_id *orders, size_t n) MX_MUST_CHECK;

/* Of order.cancelled: those that were placed are sales no longer. */
enum mx_err mx_order_unsold(struct mx_ctx *cx, const struct mx_id *orders, size_t n) MX_MUST_CHECK;

#endif
