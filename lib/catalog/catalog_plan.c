#include "catalog/catalog_plan.h"

#include "q/catalog.h"
#include "shop/json_rows.h"

#define FEW 500 /* candidates that are sorted rather than looked for along an index */
#define TEXT_MAX 131072

/* True when an earlier pair has the name of the i-th. */
static bool named_before(const struct mx_list *pairs, size_t i)
{
    const struct mx_list before = MX_LIST_OF(pairs->at, i, pairs->size);

    return mx_pair_value(&before, MX_AT(*pairs, const struct mx_pair, i)->name).p != NULL;
}

static int64_t names_of(const struct mx_list *pairs)
{
    int64_t n = 0;

    for (size_t i = 0; i < pairs->n; i++)
        n += !named_before(pairs, i);
    return n;
}

/* "\n" and the values that the pairs have for `name`, each with "\n". */
static struct mx_str values_of(struct mx_arena *a, const struct mx_list *pairs, struct mx_str name)
{
    struct mx_buf out;

    mx_buf_init(&out, a, TEXT_MAX);
    mx_buf_byte(&out, '\n');
    for (size_t i = 0; i < pairs->n; i++) {
        const struct mx_pair *p = MX_AT(*pairs, const struct mx_pair, i);

        if (mx_str_eq(p->name, name))
            mx_buf_fmt(&out, "%.*s\n", MX_FMT(p->value));
    }
    return mx_buf_view(&out);
}

static bool id_before(const struct mx_list *ids, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (mx_id_eq(*MX_AT(*ids, const struct mx_id, k), *MX_AT(*ids, const struct mx_id, i)))
            return true;
    return false;
}

static void plan_ids(struct mx_catalog_plan *p)
{
    const struct mx_list *ids = &p->q->ids;
    struct mx_json_rows json;

    if (!ids->at)
        return;
    mx_json_rows_init(&json, p->cx->arena);
    for (size_t i = 0; i < ids->n; i++)
        if (!id_before(ids, i))
            mx_jsonw_hex(&json.w, MX_AT(*ids, const struct mx_id, i)->b, sizeof(struct mx_id));
    p->ids = mx_json_rows_text(&json);
}

/* One brand is looked for in its index. */
static void plan_brands(struct mx_catalog_plan *p)
{
    const struct mx_list *brands = &p->q->brands;
    struct mx_buf out;

    if (brands->n == 1)
        p->brand = *MX_AT(*brands, const struct mx_str, 0);
    if (brands->n < 2)
        return;
    mx_buf_init(&out, p->cx->arena, TEXT_MAX);
    mx_buf_byte(&out, '\n');
    for (size_t i = 0; i < brands->n; i++)
        mx_buf_fmt(&out, "%.*s\n", MX_FMT(*MX_AT(*brands, const struct mx_str, i)));
    p->brands = mx_buf_view(&out);
}

static void plan_attributes(struct mx_catalog_plan *p)
{
    const struct mx_list *all = &p->q->attributes;
    struct mx_buf out;

    mx_buf_init(&out, p->cx->arena, TEXT_MAX);
    mx_buf_byte(&out, '\n');
    for (size_t i = 0; i < all->n; i++) {
        const struct mx_pair *a = MX_AT(*all, const struct mx_pair, i);

        mx_buf_fmt(&out, "%.*s\t%.*s\n", MX_FMT(a->name), MX_FMT(a->value));
    }
    p->attributes = mx_buf_view(&out);
    p->n_attributes = names_of(all);
    if (all->n == 0)
        return;
    p->name = MX_AT(*all, const struct mx_pair, 0)->name;
    if (p->n_attributes == (int64_t)all->n)
        p->value = MX_AT(*all, const struct mx_pair, 0)->value;
}

static void plan_options(struct mx_catalog_plan *p)
{
    const struct mx_list *all = &p->q->options;
    struct mx_json_rows json;

    mx_json_rows_init(&json, p->cx->arena);
    for (size_t i = 0; i < all->n; i++) {
        struct mx_str name = MX_AT(*all, const struct mx_pair, i)->name;

        if (named_before(all, i))
            continue;
        mx_jsonw_open(&json.w);
        mx_json_rows_str(&json, "name", name);
        mx_json_rows_str(&json, "values", values_of(p->cx->arena, all, name));
        mx_jsonw_close(&json.w);
    }
    p->options = mx_json_rows_text(&json);
    p->n_options = names_of(all);
}

/* The lowest and the highest price tell all of an open range, for each is some variant's. */
static void plan_variants(struct mx_catalog_plan *p)
{
    p->by_stock_or_option = p->q->in_stock || p->n_options > 0;
    p->by_variant = p->by_stock_or_option || (p->q->has_min_price && p->q->has_max_price);
}

static enum mx_catalog_way way_of_all(const struct mx_catalog_plan *p)
{
    bool by_price = p->sort == MX_SORT_PRICE || p->sort == MX_SORT_PRICE_DESC;

    if (p->search.words.p)
        return MX_WAY_WORDS;
    if (p->ids.p)
        return MX_WAY_IDS;
    return p->q->in_stock && by_price ? MX_WAY_STOCK_PRICE : MX_WAY_INDEX;
}

/* Find the category, and whether few products come into question. */
static enum mx_err find_candidates(struct mx_catalog_plan *p)
{
    const struct q_catalog_candidates_in in = {p->q->category, p->name, p->value, p->attributes};
    bool free = p->way == MX_WAY_INDEX || p->way == MX_WAY_STOCK_PRICE;
    const struct q_catalog_candidates_row *found;
    struct mx_list rows;

    if (!p->q->category.p && (!free || !p->name.p))
        return MX_OK;
    MX_TRY(q_catalog_candidates(p->cx->db, &in, &rows));
    found = MX_AT(rows, const struct q_catalog_candidates_row, 0);
    p->category = found->category;
    if (p->q->category.p && mx_id_none(p->category))
        p->way = MX_WAY_NONE;
    else if (free && p->q->category.p && found->in_category < FEW)
        p->way = MX_WAY_CATEGORY;
    else if (free && p->name.p && found->having < FEW)
        p->way = MX_WAY_ATTRIBUTE;
    return MX_OK;
}

enum mx_err mx_catalog_plan_make(struct mx_ctx *cx, const struct mx_catalog_query *q,
                                 struct mx_catalog_plan *ret_plan)
{
    struct mx_catalog_plan *p = ret_plan;

    *p = (struct mx_catalog_plan){.cx = cx, .q = q, .sort = mx_catalog_order(q)};
    if (q->q.p && !mx_search_parse(cx->arena, q->q, &p->search))
        return MX_OK;
    plan_ids(p);
    plan_brands(p);
    plan_attributes(p);
    plan_options(p);
    plan_variants(p);
    p->way = way_of_all(p);
    return find_candidates(p);
}
