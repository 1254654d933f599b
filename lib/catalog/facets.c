#include "catalog/facets.h"

#include "q/facets.h"

#define BRANDS_MAX 100
#define VALUES_MAX 50 /* of an attribute */

enum { FACET_BRAND, FACET_ATTRIBUTE, FACET_PRICE };

/* Where the price bands begin, in units of the currency; as in sql/queries/catalog/facets.sql. */
static const int64_t band_starts[] = {0, 10, 25, 50, 100, 250, 500};

/* One row, whichever statement it came from. */
struct count {
    int64_t kind;
    struct mx_str name, value;
    int64_t count;
};

/* clang-format off */
#define FILTERS(p) MX_CATALOG_FILTERS(p), .by_stock_or_option = (p)->by_stock_or_option, .unit = unit
#define IN_CATEGORY(p) FILTERS(p), .category = (p)->category
#define WORDED(p) IN_CATEGORY(p), .words = (p)->search.words

/* count_<verb>: run statement catalog.<verb>. */
#define COUNT(verb, PARAMETERS)                                                                   \
    static enum mx_err count_##verb(const struct mx_catalog_plan *p, int64_t unit,                \
                                    struct mx_list *ret_counts)                                   \
    {                                                                                             \
        const struct q_catalog_##verb##_in in = {PARAMETERS(p)};                                  \
        struct mx_list rows, counts;                                                              \
        MX_TRY(q_catalog_##verb(p->cx->db, &in, &rows));                                          \
        counts = MX_LIST(MX_NEW_N(p->cx->arena, rows.n, struct count), rows.n);          \
        for (size_t i = 0; i < rows.n; i++) {                                                     \
            const struct q_catalog_##verb##_row *r =                                              \
                MX_AT(rows, struct q_catalog_##verb##_row, i);                                    \
            *MX_AT(counts, struct count, i) =                                                     \
                (struct count){r->kind, r->name, r->value, r->count};                             \
        }                                                                                         \
        *ret_counts = counts;                                                                     \
        return MX_OK;                                                                             \
    }
COUNT(facets, FILTERS)
COUNT(facets_in_category, IN_CATEGORY)
COUNT(facets_matching, WORDED)
/* clang-format on */

static void add_value(struct mx_list *values, const struct count *c)
{
    *MX_AT(*values, struct mx_facet_value, values->n++) =
        (struct mx_facet_value){c->value, c->count};
}

/* Rows of one attribute follow each other. */
static void add_attribute(struct mx_arena *a, struct mx_list *attributes, const struct count *c)
{
    struct mx_facet_attribute *last =
        attributes->n ? MX_AT(*attributes, struct mx_facet_attribute, attributes->n - 1) : NULL;

    if (!last || !mx_str_eq(last->name, c->name)) {
        last = MX_AT(*attributes, struct mx_facet_attribute, attributes->n++);
        last->name = c->name;
        last->values = MX_LIST(MX_NEW_N(a, VALUES_MAX, struct mx_facet_value), last->values.n);
    }
    if (last->values.n < VALUES_MAX)
        add_value(&last->values, c);
}

/* Bands in their order, those without products left out. */
static void add_band(struct mx_list *prices, struct mx_currency currency, int64_t unit,
                     const struct mx_list *counts)
{
    for (size_t b = 0; b < MX_LEN(band_starts); b++) {
        struct mx_facet_band band = {.min = mx_money(band_starts[b] * unit, currency)};

        if (b + 1 < MX_LEN(band_starts))
            band.max = mx_money(band_starts[b + 1] * unit, currency);
        for (size_t i = 0; i < counts->n; i++) {
            const struct count *c = MX_AT(*counts, const struct count, i);
            int64_t number = -1;

            if (c->kind == FACET_PRICE && mx_str_i64(c->value, 0, 100, &number) &&
                number == (int64_t)b)
                band.count = c->count;
        }
        if (band.count > 0)
            *MX_AT(*prices, struct mx_facet_band, prices->n++) = band;
    }
}

/* Minor units in one of the shop's currency. */
static int64_t unit_of(struct mx_currency c)
{
    int64_t unit = 1;

    for (int i = 0; i < mx_currency_digits(c); i++)
        unit *= 10;
    return unit;
}

enum mx_err mx_catalog_facets(const struct mx_catalog_plan *p, struct mx_facets *ret_facets)
{
    struct mx_arena *a = p->cx->arena;
    struct mx_currency currency = {{0}};
    struct mx_facets f = {0};
    struct mx_list counts;
    int64_t unit;

    if (!mx_currency_parse(mx_str_c(p->cx->proc->conf->currency), &currency))
        MX_BUG("currency %s in the settings", p->cx->proc->conf->currency);
    unit = unit_of(currency);
    if (p->search.words.p)
        MX_TRY(count_facets_matching(p, unit, &counts));
    else if (!mx_id_none(p->category))
        MX_TRY(count_facets_in_category(p, unit, &counts));
    else
        MX_TRY(count_facets(p, unit, &counts));
    f.brands = MX_LIST(MX_NEW_N(a, BRANDS_MAX, struct mx_facet_value), f.brands.n);
    f.attributes = MX_LIST(MX_NEW_N(a, counts.n, struct mx_facet_attribute), f.attributes.n);
    f.prices = MX_LIST(MX_NEW_N(a, MX_LEN(band_starts), struct mx_facet_band), f.prices.n);
    for (size_t i = 0; i < counts.n; i++) {
        const struct count *c = MX_AT(counts, const struct count, i);

        if (c->kind == FACET_BRAND && f.brands.n < BRANDS_MAX)
            add_value(&f.brands, c);
        else if (c->kind == FACET_ATTRIBUTE)
            add_attribute(a, &f.attributes, c);
    }
    add_band(&f.prices, currency, unit, &counts);
    *ret_facets = f;
    return MX_OK;
}
