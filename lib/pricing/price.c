#include "pricing/price.h"

#include "codec/money.h"

static bool price_line(struct mx_price_line *l, struct mx_totals *t)
{
    if (!mx_money_mul(l->unit_price, l->quantity, &l->line_total))
        return false;
    l->tax = mx_money_ppm(l->line_total, l->tax_ppm);
    return mx_money_add(t->subtotal, l->line_total, &t->subtotal) &&
           mx_money_add(t->tax, l->tax, &t->tax);
}

bool mx_price(struct mx_price_line *lines, size_t n, int64_t shipping, int64_t shipping_ppm,
              struct mx_totals *ret_totals)
{
    struct mx_totals t = {.shipping = shipping};

    for (size_t i = 0; i < n; i++)
        if (!price_line(&lines[i], &t))
            return false;
    if (!mx_money_add(t.tax, mx_money_ppm(shipping, shipping_ppm), &t.tax) ||
        !mx_money_add(t.subtotal, t.shipping, &t.total) || !mx_money_add(t.total, t.tax, &t.total))
        return false;
    *ret_totals = t;
    return true;
}
