/* A product while it is being written: what is stored, with what staff sent laid over it. Pure
 * logic without a database, inside of the product module: shared by product_*.c only. */
#ifndef MX_CATALOG_PRODUCT_DRAFT_H
#define MX_CATALOG_PRODUCT_DRAFT_H

#include "catalog/product.h"

#define MX_SEARCH_TEXT_MAX 60000 /* bytes */
#define MX_SEARCH_TITLE_MAX 1000

struct mx_product_draft_variant {
    struct mx_id id;
    struct mx_str sku, title;
    struct mx_list choices;                  /* struct mx_pair */
    struct mx_str metadata, public_metadata; /* absent: empty */
    int64_t price, compare_at, weight_grams, stock;
    bool has_compare_at, has_weight_grams;
    bool is_new, active;
    bool own_title; /* the title is not made of the choices */
    bool other_sku; /* it is not the one that is stored */
    int sent;       /* place in the request; -1: not sent */
};

struct mx_product_draft {
    struct mx_id id;
    struct mx_str slug, title, description, brand, tax_class;
    struct mx_str stored_tax_class;          /* absent: it is new */
    bool own_slug;                           /* the slug was sent */
    int status, stored_status;               /* the latter as it is stored */
    struct mx_list options;                  /* struct mx_option */
    bool own_options;                        /* the options were sent */
    struct mx_list attributes;               /* struct mx_pair */
    struct mx_list categories;               /* struct mx_str: slugs */
    struct mx_str media;                     /* JSON */
    struct mx_str thumbnail;                 /* absent: none */
    struct mx_str metadata, public_metadata; /* absent: empty */
    struct mx_list variants;                 /* struct mx_product_draft_variant */
};

/* Columns that are computed. */
struct mx_product_draft_derived {
    int64_t price_min, price_max, compare_at;
    bool has_compare_at;
    struct mx_str search_text;  /* for the full-text index */
    struct mx_str search_title; /* words of title and brand */
};

/* Lay what was sent over the model. Faults go to cx->faults. */
void mx_product_draft_overlay(struct mx_ctx *cx, struct mx_product_draft *m,
                              const struct mx_product_write *in);

/* A copy that an overlay and its checks do not reach back from. */
struct mx_product_draft mx_product_draft_copy(struct mx_arena *a, const struct mx_product_draft *m);

/* True when writing the one over the other changes nothing. The order of attributes and categories
 * is not a part of them. */
bool mx_product_draft_same(const struct mx_product_draft *a, const struct mx_product_draft *b);

/* Everything that can be told without the database. MX_E_VALIDATION_FAILED with all faults, those
 * of the overlay too. */
enum mx_err mx_product_draft_check(struct mx_ctx *cx, struct mx_product_draft *m) MX_MUST_CHECK;

/* Columns for lists, derived from the active variants and all texts. */
struct mx_product_draft_derived mx_product_draft_derive(struct mx_arena *a,
                                                        const struct mx_product_draft *m);

/* A variant's title as it is made of its choices: "Red / XL". */
struct mx_str mx_product_draft_title(struct mx_arena *a, const struct mx_product_draft *m,
                                     const struct mx_product_draft_variant *v);

/* "Über 9 Dinge!" -> "uber-9-dinge": a slug of at most `max` bytes; empty when nothing is left. */
struct mx_str mx_slug_of(struct mx_arena *a, struct mx_str title, size_t max);

#endif
