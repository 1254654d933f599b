#include "catalog/product_store.h"

#include "q/product.h"

enum { PART_OPTION, PART_CHOICE, PART_ATTRIBUTE, PART_CATEGORY };

static enum mx_err read_variants(struct mx_ctx *cx, struct mx_product_draft *m)
{
    struct mx_list rows;

    MX_TRY(q_product_skus(cx->db, &(struct q_product_skus_in){m->id}, &rows));
    m->variants = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_product_draft_variant), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_product_skus_row *r = MX_AT(rows, const struct q_product_skus_row, i);

        *MX_AT(m->variants, struct mx_product_draft_variant, i) =
            (struct mx_product_draft_variant){.id = r->id,
                                              .sku = r->sku,
                                              .title = r->title,
                                              .price = r->price,
                                              .compare_at = r->compare_at,
                                              .has_compare_at = r->has_compare_at,
                                              .weight_grams = r->weight_grams,
                                              .has_weight_grams = r->has_weight_grams,
                                              .metadata = r->metadata,
                                              .public_metadata = r->public_metadata,
                                              .active = r->active != 0,
                                              .sent = -1};
    }
    return MX_OK;
}

static void add_pair(struct mx_arena *a, struct mx_list *pairs, size_t max, struct mx_str name,
                     struct mx_str value)
{
    if (!pairs->at)
        *pairs = MX_LIST(MX_NEW_N(a, max, struct mx_pair), pairs->n);
    *MX_AT(*pairs, struct mx_pair, pairs->n++) = (struct mx_pair){name, value};
}

/* Values of one option follow each other. */
static void add_option(struct mx_arena *a, struct mx_product_draft *m, size_t max,
                       const struct q_product_parts_row *r)
{
    struct mx_option *o =
        m->options.n ? MX_AT(m->options, struct mx_option, m->options.n - 1) : NULL;

    if (!o || !mx_str_eq(o->name, r->name)) {
        o = MX_AT(m->options, struct mx_option, m->options.n++);
        o->name = r->name;
        o->values = MX_LIST(MX_NEW_N(a, max, struct mx_str), o->values.n);
    }
    if (r->value.p)
        *MX_AT(o->values, struct mx_str, o->values.n++) = r->value;
}

static void add_choice(struct mx_arena *a, struct mx_product_draft *m, size_t max,
                       const struct q_product_parts_row *r)
{
    for (size_t i = 0; i < m->variants.n; i++) {
        struct mx_product_draft_variant *v = MX_AT(m->variants, struct mx_product_draft_variant, i);

        if (mx_id_eq(v->id, r->variant) && r->value.p)
            add_pair(a, &v->choices, max, r->name, r->value);
    }
}

static enum mx_err read_parts(struct mx_ctx *cx, struct mx_product_draft *m)
{
    struct mx_arena *a = cx->arena;
    struct mx_list rows;

    MX_TRY(q_product_parts(cx->db, &(struct q_product_parts_in){m->id}, &rows));
    m->options = MX_LIST(MX_NEW_N(a, rows.n, struct mx_option), m->options.n);
    m->categories = MX_LIST(MX_NEW_N(a, rows.n, struct mx_str), m->categories.n);
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

enum mx_err mx_product_draft_load(struct mx_ctx *cx, struct mx_id id,
                                  struct mx_product_draft *ret_draft)
{
    const struct q_product_load_row *r;
    struct mx_product_draft m = {.id = id, .own_slug = true};
    struct mx_list rows;

    MX_TRY(q_product_load(cx->db, &(struct q_product_load_in){.id = id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    r = MX_AT(rows, const struct q_product_load_row, 0);
    m.slug = r->slug;
    m.title = r->title;
    m.brand = r->brand;
    m.description = r->description;
    m.status = m.stored_status = (int)r->status;
    m.metadata = r->metadata;
    m.public_metadata = r->public_metadata;
    m.tax_class = m.stored_tax_class = r->tax_class;
    m.media = r->media;
    m.thumbnail = r->thumbnail;
    MX_TRY(read_variants(cx, &m));
    MX_TRY(read_parts(cx, &m));
    for (size_t i = 0; i < m.variants.n; i++) {
        struct mx_product_draft_variant *v = MX_AT(m.variants, struct mx_product_draft_variant, i);

        v->own_title = !mx_str_eq(v->title, mx_product_draft_title(cx->arena, &m, v));
    }
    *ret_draft = m;
    return MX_OK;
}
