/* Mail that follows from what happens to orders. */
#ifndef MX_SALES_ORDER_MAIL_H
#define MX_SALES_ORDER_MAIL_H

#include "sales/order.h"

/* Anybody can name any address in an order that costs nothing until its invoice is paid. Where
 * nobody has paid, the confirmation to an address that is not the caller's own and proven takes a
 * share of the limits of mail (shop/limit.h), in the present transaction. Without one the order
 * stands as it is, and o->mail_refused says that it is not mailed: a mail that waited would still
 * come. */
enum mx_err mx_order_share_mail(struct mx_ctx *cx, const struct mx_pay_outcome *paid,
                                struct mx_order *o) MX_MUST_CHECK;

/* Queue the confirmations of n orders, in the present transaction: each to the address given at
 * checkout or else to the account's; none where there is neither, no order any more, or mail was
 * refused. A handler
 * of the event order.placed (shop/outbox.h). */
enum mx_err mx_order_confirm(struct mx_ctx *cx, const struct mx_id *orders, size_t n) MX_MUST_CHECK;

#endif
