/* Products: one with all that its page shows, and what staff write. Columns that lists need
 * (prices, words, categories with those above them, attributes as rows) are derived whenever a
 * product is written, in the same transaction. */
#ifndef MX_CATALOG_PRODUCT_H
#define MX_CATALOG_PRODUCT_H

#include "base/clock.h"
#include "base/list.h"
#include "catalog/card.h"
#include "codec/uri.h"
#include "shop/job.h"

enum mx_product_status { MX_PRODUCT_DRAFT, MX_PRODUCT_ACTIVE, MX_PRODUCT_ARCHIVED };
extern const char *const mx_product_status_names[];

struct mx_variant {
    struct mx_id id;
    struct mx_str sku;
    struct mx_str title;   /* its choices, or empty */
    struct mx_str options; /* JSON object: option name to value */
    struct mx_money price;
    struct mx_money compare_at_price; /* no currency: none */
    bool in_stock;
    int stock_hint; /* enum mx_stock_hint */
    int64_t weight_grams;
    bool has_weight_grams;
    struct mx_str media;                     /* JSON array */
    struct mx_str metadata, public_metadata; /* JSON object; absent: empty */
    int64_t stock, reserved, available;      /* for staff: on hand, promised, their difference */
};

struct mx_product_category {
    struct mx_id id;
    struct mx_str slug, title;
};

struct mx_product {
    struct mx_card card;
    struct mx_str description;
    struct mx_str options;         /* JSON array of {name, values} */
    struct mx_list variants;       /* struct mx_variant */
    struct mx_str media;           /* JSON array of {url, alt, width, height} */
    struct mx_str attributes;      /* JSON object: name to value */
    struct mx_list categories;     /* struct mx_product_category */
    struct mx_list related;        /* struct mx_card */
    struct mx_str public_metadata; /* JSON object; absent: empty */
    /* for staff */
    struct mx_str metadata; /* the same */
    int status;             /* enum mx_product_status */
    int64_t version;
    struct mx_str tax_class;
    struct mx_time created_at, updated_at;
};

/* A product that is for sale, by id or (id none) by slug, in three round trips. MX_E_NOT_FOUND. */
enum mx_err mx_product_find(struct mx_ctx *cx, struct mx_id id, struct mx_str slug,
                            struct mx_product *ret_product) MX_MUST_CHECK;

/* The same for staff: whatever its status. */
enum mx_err mx_product_get(struct mx_ctx *cx, struct mx_id id,
                           struct mx_product *ret_product) MX_MUST_CHECK;

/* A product in a staff list. */
struct mx_product_row {
    struct mx_card card;
    int status;
    int64_t version;
    struct mx_time updated_at;
};

struct mx_product_query {
    bool has_status;
    int status;
    struct mx_str q;    /* words; absent: all */
    struct mx_id after; /* none: from the newest */
    int64_t limit;
};

/* Products for staff, newest first: struct mx_product_row. */
enum mx_err mx_product_list(struct mx_ctx *cx, const struct mx_product_query *q,
                            struct mx_list *ret_rows) MX_MUST_CHECK;

struct mx_option {
    struct mx_str name;
    struct mx_list values; /* struct mx_str */
};

struct mx_media {
    struct mx_str url;
    struct mx_str alt;     /* absent: none */
    int64_t width, height; /* pixels; 0: unknown */
};

struct mx_variant_write {
    struct mx_id id;     /* of a variant that there is; none: the one with that sku, or a new one */
    struct mx_str sku;   /* absent: stays */
    struct mx_str title; /* absent: made of its choices */
    struct mx_list options; /* struct mx_pair: option name and value */
    struct mx_money price;
    struct mx_money compare_at_price; /* no currency: none */
    int64_t weight_grams;             /* 0: unknown */
    int64_t stock;                    /* opening level on hand, of a new variant alone */
    struct mx_str metadata, public_metadata;
    bool has_metadata, has_public_metadata;
    bool has_title, has_options, has_price, has_compare_at_price, has_weight_grams, has_stock;
};

/* Input of staff. Creating needs title and variants; a change leaves members that were not sent as
 * they are. Variants are matched by id, else by article number: those listed are changed or added,
 * the others withdrawn. Options that were not sent are made of the variants' choices. */
struct mx_product_write {
    struct mx_id id;        /* of the product to change */
    struct mx_str if_match; /* its version; absent or "*": any */
    struct mx_str slug;     /* absent: made of the title */
    struct mx_str title, description, brand, tax_class;
    int status;
    struct mx_list category_slugs; /* struct mx_str */
    struct mx_list options;        /* struct mx_option */
    struct mx_list attributes;     /* struct mx_pair */
    struct mx_list media;          /* struct mx_media */
    struct mx_list variants;       /* struct mx_variant_write */
    bool has_slug, has_title, has_description, has_brand, has_tax_class, has_status;
    struct mx_str metadata, public_metadata;
    bool has_metadata, has_public_metadata;
    bool has_category_slugs, has_options, has_attributes, has_media, has_variants;
};

/* The rest runs in the caller's transaction and writes the audit log. */

/* Make a product, a draft unless told otherwise. MX_E_FORBIDDEN when an opening level is sent by
 * somebody who may not write stock, MX_E_CONFLICT when slug or an article number is taken,
 * MX_E_VALIDATION_FAILED; all with all faults. */
enum mx_err mx_product_create(struct mx_ctx *cx, const struct mx_product_write *in,
                              struct mx_product *ret_product) MX_MUST_CHECK;

/* Make many products (struct mx_product_write) with a fixed number of statements, for loading: no
 * audit log, unknown categories are left out, and MX_E_CONFLICT does not tell which. *ret_rows
 * counts the rows of all tables. */
enum mx_err mx_product_load(struct mx_ctx *cx, const struct mx_list *writes,
                            int64_t *ret_rows) MX_MUST_CHECK;

/* Change a product. Also MX_E_NOT_FOUND and MX_E_VERSION_CONFLICT; a level that exists is refused
 * (MX_E_VALIDATION_FAILED): adjustments change it. */
enum mx_err mx_product_update(struct mx_ctx *cx, const struct mx_product_write *in,
                              struct mx_product *ret_product) MX_MUST_CHECK;

/* Take a product off the shop for good; orders keep it, others may take its slug and article
 * numbers. Only id and if_match of `in` count.
 * MX_E_NOT_FOUND, MX_E_VERSION_CONFLICT. */
enum mx_err mx_product_archive(struct mx_ctx *cx, const struct mx_product_write *in) MX_MUST_CHECK;

/* Brings stored products, made by an older release, to the present rules: texts in their normal
 * form, words for the search. Where a form clashes with another product's, the stored texts stay.
 */
extern const struct mx_job mx_product_reindexing;

#endif
