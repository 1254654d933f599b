#include "shop/product_save.h"

#include "shop/rows.h"
#include "shop/stock.h"
#include "statements.h"

enum { PART_OPTION, PART_CHOICE, PART_ATTRIBUTE, PART_CATEGORY };

/* ---- reading ---- */

static enum mx_err read_variants(struct mx_ctx *cx, struct mx_model *m)
{
    struct mx_list rows;

    MX_TRY(q_product_skus(cx->db, &(struct q_product_skus_in){m->id}, &rows));
    m->variants = (struct mx_list){MX_NEW_N(cx->arena, rows.n, struct mx_model_variant), rows.n};
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_product_skus_row *r = MX_AT(rows, const struct q_product_skus_row, i);

        *MX_AT(m->variants, struct mx_model_variant, i) =
            (struct mx_model_variant){.id = r->id,
                                      .sku = r->sku,
                                      .title = r->title,
                                      .price = r->price,
                                      .compare_at = r->compare_at,
                                      .has_compare_at = r->has_compare_at,
                                      .weight_grams = r->weight_grams,
                                      .has_weight_grams = r->has_weight_grams,
                                      .active = r->active != 0,
                                      .own_title = true,
                                      .sent = -1};
    }
    return MX_OK;
}

static void add_pair(struct mx_arena *a, struct mx_list *pairs, size_t max, struct mx_str name,
                     struct mx_str value)
{
    if (!pairs->at)
        pairs->at = MX_NEW_N(a, max, struct mx_pair);
    *MX_AT(*pairs, struct mx_pair, pairs->n++) = (struct mx_pair){name, value};
}

/* Values of one option follow each other. */
static void add_option(struct mx_arena *a, struct mx_model *m, size_t max,
                       const struct q_product_parts_row *r)
{
    struct mx_option *o =
        m->options.n ? MX_AT(m->options, struct mx_option, m->options.n - 1) : NULL;

    if (!o || !mx_str_eq(o->name, r->name)) {
        o = MX_AT(m->options, struct mx_option, m->options.n++);
        o->name = r->name;
        o->values.at = MX_NEW_N(a, max, struct mx_str);
    }
    if (r->value.p)
        *MX_AT(o->values, struct mx_str, o->values.n++) = r->value;
}

static void add_choice(struct mx_arena *a, struct mx_model *m, size_t max,
                       const struct q_product_parts_row *r)
{
    for (size_t i = 0; i < m->variants.n; i++) {
        struct mx_model_variant *v = MX_AT(m->variants, struct mx_model_variant, i);

        if (mx_id_eq(v->id, r->variant) && r->value.p)
            add_pair(a, &v->choices, max, r->name, r->value);
    }
}

static enum mx_err read_parts(struct mx_ctx *cx, struct mx_model *m)
{
    struct mx_arena *a = cx->arena;
    struct mx_list rows;

    MX_TRY(q_product_parts(cx->db, &(struct q_product_parts_in){m->id}, &rows));
    m->options.at = MX_NEW_N(a, rows.n, struct mx_option);
    m->categories.at = MX_NEW_N(a, rows.n, struct mx_str);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_product_parts_row *r = MX_AT(rows, const struct q_product_parts_row, i);

        if (r->kind == PART_OPTION)
            add_option(a, m, rows.n, r);
        else if (r->kind == PART_CHOICE)
            add_choice(a, m, rows.n, r);
        else if (r->kind == PART_ATTRIBUTE)
            add_pair(a, &m->attributes, rows.n, r->name, r->value);
        else
            *MX_AT(m->categories, struct mx_str, m->categories.n++) = r->name;
    }
    return MX_OK;
}

enum mx_err mx_product_model(struct mx_ctx *cx, struct mx_id id, struct mx_model *ret_model)
{
    const struct q_product_load_row *r;
    struct mx_model m = {.id = id, .own_slug = true};
    struct mx_list rows;

    MX_TRY(q_product_load(cx->db, &(struct q_product_load_in){.id = id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    r = MX_AT(rows, const struct q_product_load_row, 0);
    m.slug = r->slug;
    m.title = r->title;
    m.brand = r->brand;
    m.description = r->description;
    m.status = (int)r->status;
    m.tax_class = r->tax_class;
    m.media = r->media;
    m.thumbnail = r->thumbnail;
    MX_TRY(read_variants(cx, &m));
    MX_TRY(read_parts(cx, &m));
    *ret_model = m;
    return MX_OK;
}

/* ---- writing ---- */

static struct mx_str options_json(struct mx_arena *a, const struct mx_model *m)
{
    struct mx_rows json;

    mx_rows_init(&json, a);
    for (size_t i = 0; i < m->options.n; i++) {
        const struct mx_option *o = MX_AT(m->options, const struct mx_option, i);

        mx_jsonw_open(&json.w);
        mx_rows_str(&json, "name", o->name);
        mx_jsonw_name(&json.w, "values");
        mx_jsonw_array(&json.w);
        for (size_t k = 0; k < o->values.n; k++)
            mx_jsonw_str(&json.w, *MX_AT(o->values, const struct mx_str, k));
        mx_jsonw_array_end(&json.w);
        mx_jsonw_close(&json.w);
    }
    return mx_rows_text(&json);
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
static struct mx_str choices_json(struct mx_arena *a, const struct mx_model *m,
                                  const struct mx_model_variant *v)
{
    struct mx_list pairs = {MX_NEW_N(a, m->options.n, struct mx_pair), m->options.n};

    for (size_t i = 0; i < pairs.n; i++) {
        struct mx_str name = MX_AT(m->options, const struct mx_option, i)->name;

        *MX_AT(pairs, struct mx_pair, i) = (struct mx_pair){name, mx_pair_value(&v->choices, name)};
    }
    return pairs_json(a, &pairs);
}

static void variant_json(struct mx_ctx *cx, struct mx_rows *json, const struct mx_model *m,
                         size_t i)
{
    const struct mx_model_variant *v = MX_AT(m->variants, const struct mx_model_variant, i);

    mx_jsonw_open(&json->w);
    mx_rows_id(json, "id", v->id);
    mx_rows_id(json, "product", m->id);
    mx_rows_int(json, "position", (int64_t)i);
    mx_rows_str(json, "sku", v->sku);
    mx_rows_str(json, "title", v->title);
    if (v->active)
        mx_rows_str(json, "options", choices_json(cx->arena, m, v));
    mx_rows_int(json, "price", v->price);
    if (v->has_compare_at)
        mx_rows_int(json, "compare_at", v->compare_at);
    mx_rows_str(json, "currency", mx_str_c(cx->conf->currency));
    if (v->has_weight_grams)
        mx_rows_int(json, "weight_grams", v->weight_grams);
    mx_rows_int(json, "active", v->active);
    mx_jsonw_close(&json->w);
}

static enum mx_err save_variants(struct mx_ctx *cx, const struct mx_model *m)
{
    struct mx_rows added, changed;
    size_t n_added = 0, n = m->variants.n;

    mx_rows_init(&added, cx->arena);
    mx_rows_init(&changed, cx->arena);
    for (size_t i = 0; i < n; i++) {
        bool is_new = MX_AT(m->variants, const struct mx_model_variant, i)->is_new;

        variant_json(cx, is_new ? &added : &changed, m, i);
        n_added += is_new;
    }
    if (n_added > 0)
        MX_TRY(q_product_insert_variants(
            cx->db, &(struct q_product_insert_variants_in){mx_rows_text(&added), {cx->now_ms}},
            NULL));
    if (n_added < n)
        MX_TRY(q_product_update_variants(
            cx->db, &(struct q_product_update_variants_in){mx_rows_text(&changed), {cx->now_ms}},
            NULL));
    return MX_OK;
}

/* Stock comes last, so that its rows are locked for the shortest time. */
static enum mx_err save_stock(struct mx_ctx *cx, const struct mx_model *m)
{
    struct mx_list opened = {MX_NEW_N(cx->arena, m->variants.n, struct mx_stock_change), 0};
    struct mx_list changed = {MX_NEW_N(cx->arena, m->variants.n, struct mx_stock_change), 0};
    struct mx_list moved;

    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_model_variant *v = MX_AT(m->variants, const struct mx_model_variant, i);
        struct mx_list *to = v->is_new ? &opened : &changed;

        if (v->is_new || v->has_stock)
            *MX_AT(*to, struct mx_stock_change, to->n++) =
                (struct mx_stock_change){v->id, true, v->stock};
    }
    MX_TRY(mx_stock_open(cx, &opened));
    if (changed.n == 0)
        return MX_OK;
    return mx_stock_change(cx, &changed, MX_S("product update"), &moved);
}

static enum mx_err save_categories(struct mx_ctx *cx, const struct mx_model *m)
{
    struct mx_rows json;

    mx_rows_init(&json, cx->arena);
    for (size_t i = 0; i < m->categories.n; i++) {
        mx_jsonw_open(&json.w);
        mx_rows_id(&json, "product", m->id);
        mx_rows_str(&json, "slug", *MX_AT(m->categories, const struct mx_str, i));
        mx_jsonw_close(&json.w);
    }
    if (m->categories.n == 0)
        return MX_OK;
    return q_product_insert_categories(
        cx->db, &(struct q_product_insert_categories_in){mx_rows_text(&json)}, NULL);
}

static enum mx_err save_attributes(struct mx_ctx *cx, const struct mx_model *m)
{
    struct mx_rows json;

    mx_rows_init(&json, cx->arena);
    for (size_t i = 0; i < m->attributes.n; i++) {
        const struct mx_pair *p = MX_AT(m->attributes, const struct mx_pair, i);

        mx_jsonw_open(&json.w);
        mx_rows_id(&json, "product", m->id);
        mx_rows_str(&json, "name", p->name);
        mx_rows_str(&json, "value", p->value);
        mx_jsonw_close(&json.w);
    }
    if (m->attributes.n == 0)
        return MX_OK;
    return q_product_insert_attributes(
        cx->db, &(struct q_product_insert_attributes_in){mx_rows_text(&json)}, NULL);
}

/* clang-format off */
/* Parameters that product.insert and product.update share. */
#define COLUMNS                                                                                   \
    .id = m->id, .slug = m->slug, .title = m->title, .brand = m->brand,                           \
    .description = m->description, .status = m->status, .tax_class = m->tax_class,                \
    .options = options_json(cx->arena, m), .attributes = pairs_json(cx->arena, &m->attributes),   \
    .media = m->media, .thumbnail = m->thumbnail, .currency = mx_str_c(cx->conf->currency),       \
    .price_min = d.price_min, .price_max = d.price_max, .compare_at = d.compare_at,               \
    .has_compare_at = d.has_compare_at, .search_text = d.search_text, .now = {cx->now_ms}
/* clang-format on */

static enum mx_err save_row(struct mx_ctx *cx, const struct mx_model *m, bool is_new)
{
    const struct mx_model_derived d = mx_model_derive(cx->arena, m);

    if (is_new)
        return q_product_insert(cx->db, &(struct q_product_insert_in){COLUMNS}, NULL);
    return q_product_update(cx->db, &(struct q_product_update_in){COLUMNS}, NULL);
}

enum mx_err mx_product_save(struct mx_ctx *cx, const struct mx_model *m,
                            const struct mx_product_write *parts, bool is_new)
{
    MX_TRY(save_row(cx, m, is_new));
    if (parts->has_category_slugs) {
        if (!is_new)
            MX_TRY(q_product_drop_categories(cx->db, &(struct q_product_drop_categories_in){m->id},
                                             NULL));
        MX_TRY(save_categories(cx, m));
    }
    if (parts->has_attributes) {
        if (!is_new)
            MX_TRY(q_product_drop_attributes(cx->db, &(struct q_product_drop_attributes_in){m->id},
                                             NULL));
        MX_TRY(save_attributes(cx, m));
    }
    if (!parts->has_variants && !parts->has_options)
        return MX_OK;
    MX_TRY(save_variants(cx, m));
    return save_stock(cx, m);
}
