#include "catalog/product_store.h"

#include "catalog/search.h"
#include "catalog/stock.h"
#include "q/product.h"
#include "shop/json_rows.h"

static struct mx_str options_json(struct mx_arena *a, const struct mx_product_draft *m)
{
    struct mx_json_rows json;

    mx_json_rows_init(&json, a);
    for (size_t i = 0; i < m->options.n; i++) {
        const struct mx_option *o = MX_AT(m->options, const struct mx_option, i);

        mx_jsonw_open(&json.w);
        mx_json_rows_str(&json, "name", o->name);
        mx_jsonw_name(&json.w, "values");
        mx_jsonw_array(&json.w);
        for (size_t k = 0; k < o->values.n; k++)
            mx_jsonw_str(&json.w, *MX_AT(o->values, const struct mx_str, k));
        mx_jsonw_array_end(&json.w);
        mx_jsonw_close(&json.w);
    }
    return mx_json_rows_text(&json);
}

static struct mx_str pairs_json(struct mx_arena *a, const struct mx_list *pairs)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 1 << 20);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    for (size_t i = 0; i < pairs->n; i++) {
        const struct mx_pair *p = MX_AT(*pairs, const struct mx_pair, i);

        mx_jsonw_name_str(&w, p->name);
        mx_jsonw_str(&w, p->value);
    }
    mx_jsonw_close(&w);
    return mx_buf_view(&out);
}

/* A variant's choices, in the order of the options. */
static struct mx_str choices_json(struct mx_arena *a, const struct mx_product_draft *m,
                                  const struct mx_product_draft_variant *v)
{
    struct mx_list pairs = MX_LIST(MX_NEW_N(a, m->options.n, struct mx_pair), m->options.n);

    for (size_t i = 0; i < pairs.n; i++) {
        struct mx_str name = MX_AT(m->options, const struct mx_option, i)->name;

        *MX_AT(pairs, struct mx_pair, i) = (struct mx_pair){name, mx_pair_value(&v->choices, name)};
    }
    return pairs_json(a, &pairs);
}

/* ---- one object of each array ---- */

static void product_row(struct mx_ctx *cx, struct mx_json_rows *json,
                        const struct mx_product_draft *m)
{
    const struct mx_product_draft_derived d = mx_product_draft_derive(cx->arena, m);

    mx_jsonw_open(&json->w);
    mx_json_rows_id(json, "id", m->id);
    mx_json_rows_str(json, "slug", m->slug);
    mx_json_rows_str(json, "title", m->title);
    mx_json_rows_str(json, "brand", m->brand);
    mx_json_rows_str(json, "description", m->description);
    mx_json_rows_int(json, "status", m->status);
    mx_json_rows_str(json, "tax_class", m->tax_class);
    mx_json_rows_str(json, "options", options_json(cx->arena, m));
    mx_json_rows_str(json, "attributes", pairs_json(cx->arena, &m->attributes));
    mx_json_rows_str(json, "media", m->media);
    mx_json_rows_str(json, "thumbnail", m->thumbnail);
    mx_json_rows_int(json, "price_min", d.price_min);
    mx_json_rows_int(json, "price_max", d.price_max);
    if (d.has_compare_at)
        mx_json_rows_int(json, "compare_at", d.compare_at);
    mx_json_rows_str(json, "search_text", d.search_text);
    mx_json_rows_str(json, "search_title", d.search_title);
    mx_json_rows_str(json, "metadata", m->metadata);
    mx_json_rows_str(json, "public_metadata", m->public_metadata);
    mx_jsonw_close(&json->w);
}

static void variant_row(struct mx_ctx *cx, struct mx_json_rows *json,
                        const struct mx_product_draft *m, size_t i)
{
    const struct mx_product_draft_variant *v =
        MX_AT(m->variants, const struct mx_product_draft_variant, i);

    mx_jsonw_open(&json->w);
    mx_json_rows_id(json, "id", v->id);
    mx_json_rows_id(json, "product", m->id);
    mx_json_rows_int(json, "position", (int64_t)i);
    mx_json_rows_str(json, "sku", v->sku);
    mx_json_rows_str(json, "title", v->title);
    if (v->active)
        mx_json_rows_str(json, "options", choices_json(cx->arena, m, v));
    mx_json_rows_int(json, "price", v->price);
    if (v->has_compare_at)
        mx_json_rows_int(json, "compare_at", v->compare_at);
    mx_json_rows_str(json, "currency", mx_str_c(cx->proc->conf->currency));
    if (v->has_weight_grams)
        mx_json_rows_int(json, "weight_grams", v->weight_grams);
    mx_json_rows_int(json, "active", v->active);
    mx_json_rows_int(json, "retired", m->status == MX_PRODUCT_ARCHIVED);
    mx_json_rows_str(json, "metadata", v->metadata);
    mx_json_rows_str(json, "public_metadata", v->public_metadata);
    mx_jsonw_close(&json->w);
}

static void category_rows(struct mx_json_rows *json, const struct mx_product_draft *m)
{
    for (size_t i = 0; i < m->categories.n; i++) {
        mx_jsonw_open(&json->w);
        mx_json_rows_id(json, "product", m->id);
        mx_json_rows_str(json, "slug", *MX_AT(m->categories, const struct mx_str, i));
        mx_jsonw_close(&json->w);
    }
}

static void attribute_rows(struct mx_json_rows *json, const struct mx_product_draft *m)
{
    for (size_t i = 0; i < m->attributes.n; i++) {
        const struct mx_pair *p = MX_AT(m->attributes, const struct mx_pair, i);

        mx_jsonw_open(&json->w);
        mx_json_rows_id(json, "product", m->id);
        mx_json_rows_str(json, "name", p->name);
        mx_json_rows_str(json, "value", p->value);
        mx_jsonw_close(&json->w);
    }
}

/* ---- arrays into tables; *rows counts ---- */

static enum mx_err insert_variants(struct mx_ctx *cx, struct mx_json_rows *json, int64_t *rows)
{
    const struct q_product_insert_variants_in in = {mx_json_rows_text(json), {cx->now_ms}};
    int64_t n = 0;

    MX_TRY(q_product_insert_variants(cx->db, &in, &n));
    *rows += n;
    return MX_OK;
}

static enum mx_err insert_categories(struct mx_ctx *cx, struct mx_json_rows *json, int64_t *rows)
{
    const struct q_product_insert_categories_in in = {mx_json_rows_text(json)};
    int64_t n = 0;

    MX_TRY(q_product_insert_categories(cx->db, &in, &n));
    *rows += n;
    return MX_OK;
}

static enum mx_err insert_attributes(struct mx_ctx *cx, struct mx_json_rows *json, int64_t *rows)
{
    const struct q_product_insert_attributes_in in = {mx_json_rows_text(json)};
    int64_t n = 0;

    MX_TRY(q_product_insert_attributes(cx->db, &in, &n));
    *rows += n;
    return MX_OK;
}

/* ---- new products ---- */

/* All arrays that new products fill. */
struct arrays {
    struct mx_json_rows products, variants, categories, attributes;
    struct mx_list stock; /* struct mx_stock_change */
    bool has_categories, has_attributes;
};

static void fill(struct mx_ctx *cx, struct arrays *to, const struct mx_list *models)
{
    size_t n_variants = 0;

    for (size_t i = 0; i < models->n; i++)
        n_variants += MX_AT(*models, const struct mx_product_draft, i)->variants.n;
    to->stock = MX_LIST(MX_NEW_N(cx->arena, n_variants, struct mx_stock_change), to->stock.n);
    mx_json_rows_init(&to->products, cx->arena);
    mx_json_rows_init(&to->variants, cx->arena);
    mx_json_rows_init(&to->categories, cx->arena);
    mx_json_rows_init(&to->attributes, cx->arena);
    for (size_t i = 0; i < models->n; i++) {
        const struct mx_product_draft *m = MX_AT(*models, const struct mx_product_draft, i);

        product_row(cx, &to->products, m);
        category_rows(&to->categories, m);
        attribute_rows(&to->attributes, m);
        to->has_categories |= m->categories.n > 0;
        to->has_attributes |= m->attributes.n > 0;
        for (size_t k = 0; k < m->variants.n; k++) {
            const struct mx_product_draft_variant *v =
                MX_AT(m->variants, const struct mx_product_draft_variant, k);

            variant_row(cx, &to->variants, m, k);
            *MX_AT(to->stock, struct mx_stock_change, to->stock.n++) =
                (struct mx_stock_change){v->id, true, v->stock};
        }
    }
}

enum mx_err mx_products_insert(struct mx_ctx *cx, const struct mx_list *models, int64_t *ret_rows)
{
    struct arrays a = {.stock = {0}};
    int64_t rows = 0;
    struct q_product_insert_in in;

    fill(cx, &a, models);
    in = (struct q_product_insert_in){mx_json_rows_text(&a.products),
                                      mx_str_c(cx->proc->conf->currency),
                                      MX_SEARCH_VERSION,
                                      {cx->now_ms}};
    MX_TRY(q_product_insert(cx->db, &in, &rows));
    MX_TRY(insert_variants(cx, &a.variants, &rows));
    if (a.has_categories)
        MX_TRY(insert_categories(cx, &a.categories, &rows));
    if (a.has_attributes)
        MX_TRY(insert_attributes(cx, &a.attributes, &rows));
    MX_TRY(mx_stock_open(cx, &a.stock));
    *ret_rows = rows + 2 * (int64_t)a.stock.n;
    return MX_OK;
}

/* ---- a changed product ---- */

static enum mx_err replace_row(struct mx_ctx *cx, const struct mx_product_draft *m, bool attributes)
{
    const struct mx_product_draft_derived d = mx_product_draft_derive(cx->arena, m);
    struct q_product_update_in in = {
        .id = m->id,
        .slug = m->slug,
        .title = m->title,
        .brand = m->brand,
        .description = m->description,
        .status = m->status,
        .tax_class = m->tax_class,
        .options = options_json(cx->arena, m),
        .media = m->media,
        .thumbnail = m->thumbnail,
        .price_min = d.price_min,
        .price_max = d.price_max,
        .compare_at = d.compare_at,
        .has_compare_at = d.has_compare_at,
        .search_text = d.search_text,
        .search_title = d.search_title,
        .search_version = MX_SEARCH_VERSION,
        .metadata = m->metadata,
        .public_metadata = m->public_metadata,
        .now = {cx->now_ms},
    };

    if (attributes)
        in.attributes = pairs_json(cx->arena, &m->attributes);
    return q_product_update(cx->db, &in, NULL);
}

static enum mx_err replace_variants(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    struct mx_json_rows added, changed;
    size_t n_added = 0;
    int64_t rows = 0;
    struct q_product_update_variants_in in;

    mx_json_rows_init(&added, cx->arena);
    mx_json_rows_init(&changed, cx->arena);
    for (size_t i = 0; i < m->variants.n; i++) {
        bool is_new = MX_AT(m->variants, const struct mx_product_draft_variant, i)->is_new;

        variant_row(cx, is_new ? &added : &changed, m, i);
        n_added += is_new;
    }
    if (n_added > 0)
        MX_TRY(insert_variants(cx, &added, &rows));
    if (n_added == m->variants.n)
        return MX_OK;
    in = (struct q_product_update_variants_in){mx_json_rows_text(&changed), {cx->now_ms}};
    return q_product_update_variants(cx->db, &in, NULL);
}

/* The counters of new variants. */
static enum mx_err open_stock(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    struct mx_list opened = MX_LIST(MX_NEW_N(cx->arena, m->variants.n, struct mx_stock_change), 0);

    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_product_draft_variant *v =
            MX_AT(m->variants, const struct mx_product_draft_variant, i);

        if (v->is_new)
            *MX_AT(opened, struct mx_stock_change, opened.n++) =
                (struct mx_stock_change){v->id, true, v->stock};
    }
    return mx_stock_open(cx, &opened);
}

/* Article numbers that change are free while the variants are written, so that two can swap theirs.
 */
static enum mx_err free_skus(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    bool other = false;

    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_product_draft_variant *v =
            MX_AT(m->variants, const struct mx_product_draft_variant, i);

        other |= v->other_sku && !v->is_new;
    }
    return other ? q_product_retire(cx->db, &(struct q_product_retire_in){m->id, 1}, NULL) : MX_OK;
}

static enum mx_err replace_categories(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    struct mx_json_rows json;
    int64_t rows = 0;

    MX_TRY(q_product_drop_categories(cx->db, &(struct q_product_drop_categories_in){m->id}, NULL));
    mx_json_rows_init(&json, cx->arena);
    category_rows(&json, m);
    return m->categories.n > 0 ? insert_categories(cx, &json, &rows) : MX_OK;
}

static enum mx_err replace_attributes(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    struct mx_json_rows json;
    int64_t rows = 0;

    MX_TRY(q_product_drop_attributes(cx->db, &(struct q_product_drop_attributes_in){m->id}, NULL));
    mx_json_rows_init(&json, cx->arena);
    attribute_rows(&json, m);
    return m->attributes.n > 0 ? insert_attributes(cx, &json, &rows) : MX_OK;
}

enum mx_err mx_product_replace(struct mx_ctx *cx, const struct mx_product_draft *m,
                               const struct mx_product_write *sent)
{
    MX_TRY(replace_row(cx, m, sent->has_attributes));
    if (sent->has_category_slugs)
        MX_TRY(replace_categories(cx, m));
    if (sent->has_attributes)
        MX_TRY(replace_attributes(cx, m));
    if (sent->has_variants || sent->has_options) {
        MX_TRY(free_skus(cx, m));
        MX_TRY(replace_variants(cx, m));
        return open_stock(cx, m);
    }
    if ((m->status == MX_PRODUCT_ARCHIVED) == (m->stored_status == MX_PRODUCT_ARCHIVED))
        return MX_OK;
    return q_product_retire(
        cx->db, &(struct q_product_retire_in){m->id, m->status == MX_PRODUCT_ARCHIVED}, NULL);
}
