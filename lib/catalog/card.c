#include "catalog/card.h"

struct mx_money mx_price_of(int64_t minor, struct mx_str currency)
{
    struct mx_currency c = {{0}};

    if (!mx_currency_parse(currency, &c))
        MX_BUG("currency %.*s in the database", MX_FMT(currency));
    return mx_money(minor, c);
}

static struct mx_rating rating(struct mx_arena *a, int64_t sum, int64_t count)
{
    struct mx_rating r = {.count = count};
    int64_t cents;

    if (count > 0) {
        cents = (sum * 100 + count / 2) / count;
        r.average =
            mx_str_fmt(a, "%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
    }
    return r;
}

struct mx_card mx_card(struct mx_arena *a, const struct mx_card_row *r)
{
    struct mx_card card = {.id = r->id,
                           .slug = r->slug,
                           .title = r->title,
                           .brand = r->brand,
                           .price = mx_price_of(r->price_min, r->currency),
                           .price_max = mx_price_of(r->price_max, r->currency),
                           .in_stock = r->in_stock != 0,
                           .thumbnail = r->thumbnail,
                           .rating = rating(a, r->rating_sum, r->rating_count)};

    if (r->has_compare_at)
        card.compare_at_price = mx_price_of(r->compare_at, r->currency);
    return card;
}
