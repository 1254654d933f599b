/* /v1/categories and /v1/products */
#include "api/catalog/catalog.h"

#include "api/catalog/product_fields.h"
#include "catalog/catalog.h"
#include "codec/params.h"
#include "http/page.h"

#define LIMIT_DEFAULT 20

/* ---- answers: categories ---- */

/* The tree's levels, from the leaves up: a shape never holds itself. */
#define CATEGORY_FIELDS                                          \
    MX_O(struct mx_category, id, "Id of the category."),         \
        MX_O(struct mx_category, slug, "Name in URLs, unique."), \
        MX_O(struct mx_category, title, "Title."),               \
        MX_O_METADATA(struct mx_category, public_metadata,       \
                      "Further data of the shop: a JSON object.")
#define CATEGORY_LEVEL(shape, wire, below)                                   \
    static const struct mx_field shape##_fields[] = {                        \
        CATEGORY_FIELDS,                                                     \
        MX_O_LIST(struct mx_category, children, below, "In display order."), \
    };                                                                       \
    static MX_SHAPE(shape, wire, struct mx_category, shape##_fields)

static const struct mx_field category_ref_fields[] = {CATEGORY_FIELDS};
static MX_SHAPE(category_ref, "CategoryRef", struct mx_category, category_ref_fields);
CATEGORY_LEVEL(level5, "CategoryLevel5", &category_ref);
CATEGORY_LEVEL(level4, "CategoryLevel4", &level5);
CATEGORY_LEVEL(level3, "CategoryLevel3", &level4);
CATEGORY_LEVEL(level2, "CategoryLevel2", &level3);
CATEGORY_LEVEL(level1, "CategoryLevel1", &level2);

struct list {
    struct mx_list data;
    struct mx_str next_cursor;
};
static const struct mx_field categories_fields[] = {
    MX_O_LIST(struct list, data, &level1, "Top-level categories with all their descendants."),
    MX_O_NULL(struct list, next_cursor, "Always null: the tree is complete."),
};
static MX_SHAPE(categories_shape, "Categories", struct list, categories_fields);

static const struct mx_field category_fields[] = {
    CATEGORY_FIELDS,
    MX_O_LIST(struct mx_category, children, &category_ref, "Direct subcategories."),
    MX_O_LIST(struct mx_category, breadcrumb, &category_ref, "Ancestors, from the top level down."),
};
static MX_SHAPE(category_shape, "Category", struct mx_category, category_fields);

/* ---- answers: products ---- */

static const struct mx_field rating_fields[] = {
    MX_O_RAW(struct mx_rating, average,
             "Average of 5 stars, with two decimals; null without reviews."),
    MX_O(struct mx_rating, count, "Number of reviews."),
};
MX_SHAPE(mx_shape_rating, "Rating", struct mx_rating, rating_fields);

static const struct mx_field card_fields[] = {MX_CARD_FIELDS(struct mx_card, )};
MX_SHAPE(mx_shape_card, "ProductCard", struct mx_card, card_fields);

static const struct mx_field option_fields[] = {
    MX_F(struct mx_option, name, MX_BODY, MX_F_REQUIRED, 1, 64, MX_LINE,
         "Name of the option, like Size."),
    MX_F_KIND(struct mx_option, values, "values", MX_K_STRS, MX_BODY, MX_F_REQUIRED, 1, 100,
              MX_LINE, "Values of the option, in display order."),
};
MX_SHAPE(mx_shape_option, "ProductOption", struct mx_option, option_fields);

static const struct mx_field media_fields[] = {
    MX_F(struct mx_media, url, MX_BODY, MX_F_REQUIRED, 1, 500, MX_LINE,
         "URL with https://, or a path of this site."),
    MX_F(struct mx_media, alt, MX_BODY, MX_F_NULLABLE, 1, 500, MX_LINE,
         "Alternative text of the picture."),
    MX_F(struct mx_media, width, MX_BODY, MX_F_NULLABLE, 1, 100000, MX_LINE, "In pixels."),
    MX_F(struct mx_media, height, MX_BODY, MX_F_NULLABLE, 1, 100000, MX_LINE, "In pixels."),
};
MX_SHAPE(mx_shape_media, "ProductMedia", struct mx_media, media_fields);

static const struct mx_field product_category_fields[] = {
    MX_O(struct mx_product_category, id, "Id of the category."),
    MX_O(struct mx_product_category, slug, "Name in URLs, unique."),
    MX_O(struct mx_product_category, title, "Title."),
};
MX_SHAPE(mx_shape_product_category, "ProductCategory", struct mx_product_category,
         product_category_fields);

static const struct mx_field variant_fields[] = {MX_VARIANT_FIELDS};
static MX_SHAPE(variant, "Variant", struct mx_variant, variant_fields);

static const struct mx_field product_fields[] = {MX_PRODUCT_FIELDS(&variant)};
static MX_SHAPE(product_shape, "Product", struct mx_product, product_fields);

static const struct mx_field facet_value_fields[] = {
    MX_O(struct mx_facet_value, value, "Value."),
    MX_O(struct mx_facet_value, count, "Number of matching products that have it."),
};
static MX_SHAPE(facet_value, "FacetValue", struct mx_facet_value, facet_value_fields);

static const struct mx_field facet_attribute_fields[] = {
    MX_O(struct mx_facet_attribute, name, "Name of the attribute."),
    MX_O_LIST(struct mx_facet_attribute, values, &facet_value, "Most frequent first."),
};
static MX_SHAPE(facet_attribute, "FacetAttribute", struct mx_facet_attribute,
                facet_attribute_fields);

static const struct mx_field facet_band_fields[] = {
    MX_O(struct mx_facet_band, min, "Lower end of the price band, in minor units, inclusive."),
    MX_O_NULL(struct mx_facet_band, max,
              "Upper end of the price band, in minor units, exclusive; null: no upper "
              "end."),
    MX_O(struct mx_facet_band, count, "Number of matching products."),
};
static MX_SHAPE(facet_band, "FacetPriceBand", struct mx_facet_band, facet_band_fields);

static const struct mx_field facets_fields[] = {
    MX_O_LIST(struct mx_facets, brands, &facet_value, "Most frequent first."),
    MX_O_LIST(struct mx_facets, attributes, &facet_attribute, "By name."),
    MX_O_LIST(struct mx_facets, prices, &facet_band, "Bands of the lowest price, cheapest first."),
};
static MX_SHAPE(facets, "Facets", struct mx_facets, facets_fields);

struct product_page {
    struct mx_list data;
    struct mx_str next_cursor;
    struct mx_facets *facets;
    int64_t total;
    bool has_total, total_capped, has_total_capped;
};
static const struct mx_field product_page_fields[] = {
    MX_O_LIST(struct product_page, data, &mx_shape_card, "Products in the requested order."),
    MX_O_NULL(struct product_page, next_cursor,
              "Send it as `cursor` to get the next page; null: this is the last page."),
    MX_F_SUB(struct product_page, facets, MX_K_OBJPTR, MX_F_NULLABLE | MX_F_OMIT, 0, 0, &facets,
             "Counts over all matching products; only with facets=true."),
    MX_F_HAS(struct product_page, total, MX_BODY, MX_F_OMIT, 0, 0, MX_LINE,
             "Number of matching products, counted up to 10,000; only with total=true."),
    MX_F_HAS(struct product_page, total_capped, MX_BODY, MX_F_OMIT, 0, 0, MX_LINE,
             "True: there are more products than `total`."),
};
static MX_SHAPE(product_page_shape, "ProductPage", struct product_page, product_page_fields);

/* ---- requests ---- */

struct category_query {
    struct mx_str slug, locale;
};
#define LOCALE(T, m) \
    MX_F_AS(T, m, "locale", MX_QUERY, 0, 2, 35, MX_LOCALE, "Language of the texts (BCP 47).")

static const struct mx_field category_query_fields[] = {LOCALE(struct category_query, locale)};
static MX_SHAPE(category_query_shape, "CategoryQuery", struct category_query,
                category_query_fields);

static const struct mx_field category_slug_fields[] = {
    MX_F(struct category_query, slug, MX_PATH, MX_F_REQUIRED, 1, 120, MX_LINE,
         "Id of the category."),
    LOCALE(struct category_query, locale),
};
static MX_SHAPE(category_slug_shape, "CategorySlug", struct category_query, category_slug_fields);

/* Price list and translation; there is one of each. */
struct view {
    struct mx_str currency, locale;
};
#define VIEW_FIELDS(T)                                                    \
    MX_F_AS(T, view.currency, "currency", MX_QUERY, 0, 3, 3, MX_CURRENCY, \
            "Currency of the prices (ISO 4217)."),                        \
        LOCALE(T, view.locale)

struct product_query {
    struct mx_catalog_query query;
    struct mx_list attr, option; /* struct mx_str: name:value */
    struct mx_str cursor;
    struct view view;
};
/* clang-format off */
#define Q(m, flags, min, max, fmt, doc) \
    MX_F_AS(struct product_query, query.m, #m, MX_QUERY, flags, min, max, fmt, doc)
#define Q_HAS(m, kind, min, max, names, doc) \
    {#m, kind, MX_QUERY, 0, offsetof(struct product_query, query.m), \
     offsetof(struct product_query, query.has_##m), min, max, MX_LINE, names, NULL, doc, #names}
static const struct mx_field product_query_fields[] = {
    Q(category, 0, 1, 120, MX_LINE,
      "Slug of a category; products of its subcategories are included."),
    Q(q, 0, 1, 200, MX_LINE,
      "Full-text search: every word must occur in title, description, SKU or "
      "brand."),
    MX_F_KIND(struct product_query, query.ids, "ids", MX_K_IDS, MX_QUERY, 0, 1, 100, MX_LINE,
              "Only products with these ids, separated by commas; all on one page unless "
              "`limit` is given. Empty: none."),
    MX_F_KIND(struct product_query, query.brands, "brand", MX_K_STRS, MX_QUERY, 0, 1, 20, MX_LINE,
              "Exact brand; repeat it for products of any of the brands."),
    Q_HAS(min_price, MX_K_INT, 0, MX_MONEY_MAX, NULL, "Lowest price of a variant, in minor units."),
    Q_HAS(max_price, MX_K_INT, 0, MX_MONEY_MAX, NULL,
      "Highest price of a variant, in minor units."),
    Q(in_stock, 0, 0, 0, MX_LINE,
      "true: only products in stock; prices are those of the variants in stock."),
    MX_F_KIND(struct product_query, query.attributes, "attr.", MX_K_MAP, MX_QUERY, MX_F_PREFIX, 0,
              20, MX_LINE, "Filter by attribute: attr.<name>=<value>. Repeat a name for any of its "
                           "values."),
    MX_F_KIND(struct product_query, attr, "attr", MX_K_STRS, MX_QUERY, 0, 1, 20, MX_LINE,
              "Filter by attribute as name:value, for clients that cannot build "
              "parameter names."),
    MX_F_KIND(struct product_query, query.options, "option.", MX_K_MAP, MX_QUERY, MX_F_PREFIX, 0,
              20, MX_LINE, "Filter by option: option.<name>=<value>; one variant must match all. "
                           "Repeat a name for any of its values."),
    MX_F_KIND(struct product_query, option, "option", MX_K_STRS, MX_QUERY, 0, 1, 20, MX_LINE,
              "Filter by option as name:value."),
    Q_HAS(sort, MX_K_ENUM, 0, 0, mx_product_sort_names,
          "Default: relevance with `q`, otherwise newest."),
    Q(facets, 0, 0, 0, MX_LINE, "true: add counts by brand, attribute and price."),
    Q(total, 0, 0, 0, MX_LINE, "true: add the number of matching products."),
    Q(limit, 0, 1, 100, MX_LINE, "Products on a page, 20 by default."),
    MX_F(struct product_query, cursor, MX_QUERY, 0, 1, MX_CURSOR_MAX, MX_TOKEN,
         "`next_cursor` of the previous page."),
    VIEW_FIELDS(struct product_query),
};
/* clang-format on */
static MX_SHAPE(product_query_shape, "ProductQuery", struct product_query, product_query_fields);

struct product_ref {
    struct mx_str product;
    struct view view;
};
static const struct mx_field product_ref_fields[] = {
    MX_F(struct product_ref, product, MX_PATH, MX_F_REQUIRED, 1, 120, MX_LINE,
         "Slug or id of the product."),
    VIEW_FIELDS(struct product_ref),
};
static MX_SHAPE(product_ref_shape, "ProductRef", struct product_ref, product_ref_fields);

/* ---- handlers ---- */

static enum mx_err api_categories_list(struct mx_ctx *cx, MX_UNUSED const void *in,
                                       struct mx_reply *reply)
{
    struct list *out = MX_NEW(cx->arena, struct list);

    reply->out = out;
    return mx_category_tree(cx, &out->data);
}

static enum mx_err api_category_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_category *out = MX_NEW(cx->arena, struct mx_category);

    reply->out = out;
    return mx_category_get(cx, ((const struct category_query *)in)->slug, out);
}

static enum mx_err check_view(struct mx_ctx *cx, const struct view *v)
{
    if (!v->currency.p || mx_str_eqc(v->currency, cx->proc->conf->currency))
        return MX_OK;
    mx_fault_param(cx->faults, MX_S("currency"), "unknown_value", "must be %s",
                   cx->proc->conf->currency);
    mx_fault_params(cx->faults, mx_params_allowed(cx->arena, (const char *const[]){
                                                                 cx->proc->conf->currency, NULL}));
    return MX_E_VALIDATION_FAILED;
}

/* Add name:value `texts` of parameter `name` to the pairs. */
static enum mx_err add_pairs(struct mx_ctx *cx, const char *name, const struct mx_list *texts,
                             struct mx_list *pairs)
{
    struct mx_list all = MX_LIST(MX_NEW_N(cx->arena, pairs->n + texts->n, struct mx_pair), 0);

    for (size_t i = 0; i < pairs->n; i++)
        *MX_AT(all, struct mx_pair, all.n++) = *MX_AT(*pairs, const struct mx_pair, i);
    for (size_t i = 0; i < texts->n; i++) {
        struct mx_str value = *MX_AT(*texts, const struct mx_str, i), key;

        if (!mx_str_split(&value, ':', &key) || mx_str_trim(key).n == 0 ||
            mx_str_trim(value).n == 0) {
            mx_fault_param(cx->faults, mx_str_c(name), "bad_format", "must be name:value");
            return MX_E_VALIDATION_FAILED;
        }
        *MX_AT(all, struct mx_pair, all.n++) =
            (struct mx_pair){mx_str_trim(key), mx_str_trim(value)};
    }
    *pairs = all;
    return MX_OK;
}

/* Pages of what is asked for by id show all of it. */
static int64_t limit_of(const struct mx_catalog_query *q)
{
    if (q->limit)
        return q->limit;
    return q->ids.n > LIMIT_DEFAULT ? (int64_t)q->ids.n : LIMIT_DEFAULT;
}

static enum mx_err api_products_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct product_query *i = in;
    struct product_page *out = MX_NEW(cx->arena, struct product_page);
    struct mx_catalog_query q = i->query;
    uint32_t tag = mx_cursor_tag(cx->route_id, (int)mx_catalog_order(&q));
    struct mx_catalog_page page;
    struct mx_cursor at;

    MX_TRY(check_view(cx, &i->view));
    MX_TRY(mx_cursor_decode(cx->arena, tag, i->cursor, cx->faults, &at));
    q.after = (struct mx_page_key){at.set, at.number, at.text, at.id};
    MX_TRY(add_pairs(cx, "attr", &i->attr, &q.attributes));
    MX_TRY(add_pairs(cx, "option", &i->option, &q.options));
    q.limit = limit_of(&q);
    MX_TRY(mx_catalog_list(cx, &q, &page));
    out->data = page.cards;
    out->facets = page.facets;
    out->total = page.total;
    out->total_capped = page.total >= MX_CATALOG_TOTAL_MAX;
    out->has_total = out->has_total_capped = q.total;
    if (page.next.set)
        out->next_cursor = mx_cursor_encode(
            cx->arena, tag,
            &(struct mx_cursor){true, page.next.number, page.next.text, page.next.id});
    reply->out = out;
    return MX_OK;
}

static enum mx_err api_product_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct product_ref *i = in;
    struct mx_product *out = MX_NEW(cx->arena, struct mx_product);
    struct mx_id id = {{0}};

    MX_TRY(check_view(cx, &i->view));
    if (!mx_id_parse(i->product, &id))
        id = (struct mx_id){{0}};
    reply->out = out;
    return mx_product_find(cx, id, i->product, out);
}

const struct mx_route mx_routes_catalog[] = {
    {.id = "categories.list",
     .method = MX_GET,
     .path = "/v1/categories",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .in = &category_query_shape,
     .answers = {{200, &categories_shape}},
     .fn = api_categories_list,
     .doc = "List categories",
     .more = "The whole category tree in one answer."},
    {.id = "categories.get",
     .method = MX_GET,
     .path = "/v1/categories/{slug}",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .in = &category_slug_shape,
     .answers = {{200, &category_shape}},
     .fn = api_category_get,
     .doc = "Get a category",
     .more = "Returns the category with its subcategories, and its ancestors for a "
             "breadcrumb."},
    {.id = "products.list",
     .method = MX_GET,
     .path = "/v1/products",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .in = &product_query_shape,
     .answers = {{200, &product_page_shape}},
     .fn = api_products_list,
     .doc = "Search and list products",
     .more = "Products for sale. Filters can be combined; `q` searches title, description, "
             "article number and brand. `facets=true` adds counts by brand, attribute and "
             "price, `total=true` the number of matches. Follow `next_cursor` with the same "
             "parameters."},
    {.id = "products.get",
     .method = MX_GET,
     .path = "/v1/products/{product}",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .in = &product_ref_shape,
     .answers = {{200, &product_shape}},
     .fn = api_product_get,
     .doc = "Get a product",
     .more = "Returns everything that a product page shows: variants, options, pictures, "
             "attributes, categories and related products. Stock is given as a hint, not as "
             "a count."},
    {0}};
