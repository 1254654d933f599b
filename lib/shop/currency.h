/* The currency of the shop: all that it sells and ships is priced in it. */
#ifndef MX_SHOP_CURRENCY_H
#define MX_SHOP_CURRENCY_H

#include "base/ctx.h"
#include "codec/money.h"

/* A fault of the member `currency` of the money at `pointer`, where that is another one:
 * wrong_currency, with the allowed ones in its params. */
void mx_currency_check(struct mx_ctx *cx, struct mx_str pointer, struct mx_money money);

#endif
