/* A query of the catalog made ready for its statements, inside of the catalog: shared by catalog*.c
 * and facets.c only. */
#ifndef MX_CATALOG_CATALOG_PLAN_H
#define MX_CATALOG_CATALOG_PLAN_H

#include "catalog/catalog.h"
#include "catalog/search.h"

/* How the products of a list are found. */
enum mx_catalog_way {
    MX_WAY_NONE,        /* there can be none */
    MX_WAY_INDEX,       /* along the index of the order */
    MX_WAY_STOCK_PRICE, /* up to a bound, sorted by the price of what is in stock */
    MX_WAY_CATEGORY,    /* a small category, sorted */
    MX_WAY_ATTRIBUTE,   /* those with a rare attribute, sorted */
    MX_WAY_IDS,         /* those asked for, sorted */
    MX_WAY_WORDS        /* those with the words, sorted */
};

struct mx_catalog_plan {
    struct mx_ctx *cx;
    const struct mx_catalog_query *q;
    enum mx_catalog_sort sort;
    enum mx_catalog_way way;
    struct mx_search search; /* absent: no words */
    struct mx_id category;   /* none: all */
    struct mx_str name;      /* the attribute that finds candidates; absent: none */
    struct mx_str value;     /* its value; absent: it has several */
    /* parameters, as sql/queries/catalog/catalog.sql says */
    struct mx_str ids, brand, brands, attributes, options;
    int64_t n_attributes, n_options, by_variant, by_stock_or_option;
};

/* clang-format off */
/* The parameters of filters that a product itself knows. */
#define MX_CATALOG_PLAIN_FILTERS(p)                                                               \
    .brand = (p)->brand, .brands = (p)->brands,                                                   \
    .min_price = (p)->q->min_price, .has_min_price = (p)->q->has_min_price,                       \
    .max_price = (p)->q->max_price, .has_max_price = (p)->q->has_max_price,                       \
    .n_attributes = (p)->n_attributes, .attributes = (p)->attributes
/* The parameters of all filters. */
#define MX_CATALOG_FILTERS(p)                                                                     \
    MX_CATALOG_PLAIN_FILTERS(p), .ids = (p)->ids,                                                 \
    .in_stock = (p)->q->in_stock, .by_variant = (p)->by_variant,                                  \
    .n_options = (p)->n_options, .options = (p)->options
/* clang-format on */

/* Make the plan; asks for candidates where a category or an attribute may have few. */
enum mx_err mx_catalog_plan_make(struct mx_ctx *cx, const struct mx_catalog_query *q,
                                 struct mx_catalog_plan *ret_plan) MX_MUST_CHECK;

#endif
