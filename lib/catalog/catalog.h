/* The public catalog: lists of products with filters and orders, counts over them, and the category
 * tree. Only products that are for sale are seen here. */
#ifndef MX_CATALOG_CATALOG_H
#define MX_CATALOG_CATALOG_H

#include "base/list.h"
#include "catalog/card.h"
#include "codec/uri.h"

enum mx_catalog_sort {
    MX_SORT_RELEVANCE,
    MX_SORT_NEWEST,
    MX_SORT_PRICE,
    MX_SORT_PRICE_DESC,
    MX_SORT_TITLE,
    MX_SORT_BEST_SELLING
};
/* Wire names in that order, NULL-terminated. */
extern const char *const mx_product_sort_names[];

/* Filters and order of a list. An absent member filters nothing. */
struct mx_catalog_query {
    struct mx_str category;       /* slug; its descendants count too */
    struct mx_str q;              /* words, all of which must occur */
    struct mx_list ids;           /* struct mx_id; one of them. Without memory: any */
    struct mx_list brands;        /* struct mx_str; exactly one of them */
    struct mx_list attributes;    /* struct mx_pair; of each name one of the values given */
    struct mx_list options;       /* the same, of a variant that can be sold */
    int64_t min_price, max_price; /* of a variant that can be sold */
    bool has_min_price, has_max_price;
    bool in_stock; /* only variants in stock count, for filters and prices shown */
    bool facets, total;
    bool has_sort;
    int sort; /* enum mx_catalog_sort; default: relevance with words, newest without */
    int64_t limit;
    struct mx_page_key after;
};

struct mx_facet_value {
    struct mx_str value;
    int64_t count;
};
struct mx_facet_attribute {
    struct mx_str name;
    struct mx_list values; /* struct mx_facet_value, most frequent first */
};
struct mx_facet_band {
    struct mx_money min, max; /* max not included; no currency: no upper end */
    int64_t count;
};
/* Counts over all pages of a list: each by all filters but that of its own kind and, for
 * attributes, of its own name, so that a value that is chosen leaves the counts of its siblings. */
struct mx_facets {
    struct mx_list brands;     /* struct mx_facet_value */
    struct mx_list attributes; /* struct mx_facet_attribute */
    struct mx_list prices;     /* struct mx_facet_band, cheapest first */
};

struct mx_catalog_page {
    struct mx_list cards;     /* struct mx_card */
    struct mx_page_key next;  /* not set: that was the last page */
    struct mx_facets *facets; /* NULL unless asked for */
    int64_t total;            /* products on all pages, counted to MX_CATALOG_TOTAL_MAX */
};
#define MX_CATALOG_TOTAL_MAX 10000

/* The order that a query's list has: relevance without words is newest. */
enum mx_catalog_sort mx_catalog_order(const struct mx_catalog_query *q);

/* One page, in one round trip; two with a category or attributes, one more with facets, one more
 * with the total. An unknown category is an empty one. */
enum mx_err mx_catalog_list(struct mx_ctx *cx, const struct mx_catalog_query *q,
                            struct mx_catalog_page *ret_page) MX_MUST_CHECK;

struct mx_category {
    struct mx_id id;
    struct mx_str slug, title;
    struct mx_list children;       /* struct mx_category */
    struct mx_list breadcrumb;     /* struct mx_category, from the root, without itself */
    struct mx_str public_metadata; /* JSON object; absent: empty */
};

/* The whole tree: struct mx_category of the root level with all below them. */
enum mx_err mx_category_tree(struct mx_ctx *cx, struct mx_list *ret_roots) MX_MUST_CHECK;

/* One category with its children and breadcrumb. MX_E_NOT_FOUND. */
enum mx_err mx_category_get(struct mx_ctx *cx, struct mx_str slug,
                            struct mx_category *ret_category) MX_MUST_CHECK;

struct mx_category_new {
    struct mx_str slug, title;
    struct mx_str parent;                    /* slug; absent: a root */
    int64_t position;                        /* among its siblings */
    struct mx_str metadata, public_metadata; /* JSON object; absent: empty */
    bool has_metadata, has_public_metadata;
};

/* Make a category in the present transaction. MX_E_CONFLICT when the slug is taken,
 * MX_E_VALIDATION_FAILED for an unknown parent. */
enum mx_err mx_category_create(struct mx_ctx *cx, const struct mx_category_new *in,
                               struct mx_id *ret_id) MX_MUST_CHECK;

#endif
