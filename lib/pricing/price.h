/* Price of a cart: pure integer arithmetic, one currency. Prices are net; tax is added by the
 * rates of the destination, line by line, each rounded half up to a minor unit, shipping at the
 * standard rate. Invariant: total = subtotal - discount + shipping + tax. */
#ifndef MX_PRICING_PRICE_H
#define MX_PRICING_PRICE_H

#include "base/err.h"

struct mx_price_line {
    int64_t unit_price, quantity; /* in */
    int64_t tax_ppm;              /* in; 0 without a destination */
    int64_t line_total, tax;      /* out */
};

struct mx_totals {
    int64_t subtotal, discount, shipping, tax, total;
};

/* Fill the lines' results and *ret_totals. False (results undefined) when a sum would pass the
 * largest amount. */
bool mx_price(struct mx_price_line *lines, size_t n, int64_t shipping, int64_t shipping_ppm,
              struct mx_totals *ret_totals) MX_MUST_CHECK;

#endif
