/* Totals of a cart: rounding line by line, no lost minor unit, refusal of sums that are too large.
 */
#include "pricing/price.h"

#include "codec/money.h"
#include "tap.h"

static void test_rounding(void)
{
    struct mx_price_line lines[] = {
        {1299, 3, 190000, 0, 0}, {1, 1, 500000, 0, 0}, {333, 1, 70000, 0, 0}};
    struct mx_totals t;

    tap_ok(mx_price(lines, MX_LEN(lines), 490, 190000, &t), "prices fit");
    tap_int(lines[0].line_total, 3897, "line total");
    tap_int(lines[0].tax, 740, "740.43 rounds down");
    tap_int(lines[1].tax, 1, "half rounds up");
    tap_int(lines[2].tax, 23, "23.31 rounds down");
    tap_int(t.subtotal, 4231, "subtotal");
    tap_int(t.tax, 740 + 1 + 23 + 93, "tax with shipping (93.1)");
    tap_int(t.total, t.subtotal - t.discount + t.shipping + t.tax, "the total adds up");
}

static void test_empty(void)
{
    struct mx_totals t;

    tap_ok(mx_price(NULL, 0, 0, 0, &t), "an empty cart has a price");
    tap_int(t.total, 0, "which is nothing");
}

static void test_too_large(void)
{
    struct mx_price_line one[] = {{MX_MONEY_MAX, 2, 0, 0, 0}};
    struct mx_price_line two[] = {{MX_MONEY_MAX, 1, 0, 0, 0}, {1, 1, 0, 0, 0}};
    struct mx_price_line tax[] = {{MX_MONEY_MAX, 1, 190000, 0, 0}};
    struct mx_totals t;

    tap_ok(!mx_price(one, 1, 0, 0, &t), "a line beyond 2^53-1 is refused");
    tap_ok(!mx_price(two, 2, 0, 0, &t), "a sum beyond 2^53-1 is refused");
    tap_ok(!mx_price(tax, 1, 0, 0, &t), "a total with tax beyond 2^53-1 is refused");
}

int main(void)
{
    test_rounding();
    test_empty();
    test_too_large();
    return tap_done();
}
