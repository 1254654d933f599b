/* A product as lists show it. */
#ifndef MX_CATALOG_CARD_H
#define MX_CATALOG_CARD_H

#include "base/clock.h"
#include "base/ctx.h"
#include "codec/money.h"

struct mx_rating {
    struct mx_str average; /* JSON number with two decimals; absent without reviews */
    int64_t count;
};

struct mx_card {
    struct mx_id id;
    struct mx_str slug, title;
    struct mx_str brand;              /* absent: none */
    struct mx_money price, price_max; /* lowest and highest of its variants */
    struct mx_money compare_at_price; /* no currency: none */
    bool in_stock;                    /* one of its variants can be had now */
    struct mx_str thumbnail;          /* absent: none */
    struct mx_rating rating;
};

/* A list is walked by the sort key of its last row. */
struct mx_page_key {
    bool set;
    int64_t number;     /* numeric sort key */
    struct mx_str text; /* textual sort key, or empty */
    struct mx_id id;    /* tie breaker */
};

/* The columns of a card, as all statements that list products give them. */
struct mx_card_row {
    struct mx_id id;
    struct mx_str slug, title, brand, currency, thumbnail;
    int64_t price_min, price_max, compare_at;
    bool has_compare_at;
    int64_t rating_sum, rating_count, in_stock;
};

/* The card columns of any such statement's row. */
#define MX_CARD_ROW(r)                                                                            \
    (&(const struct mx_card_row){(r)->id, (r)->slug, (r)->title, (r)->brand, (r)->currency,       \
                                 (r)->thumbnail, (r)->price_min, (r)->price_max, (r)->compare_at, \
                                 (r)->has_compare_at, (r)->rating_sum, (r)->rating_count,         \
                                 (r)->in_stock})

/* Card of a row. */
struct mx_card mx_card(struct mx_arena *a, const struct mx_card_row *r);

/* Amount in the currency that a CHAR(3) column names. */
struct mx_money mx_price_of(int64_t minor, struct mx_str currency);

#endif
