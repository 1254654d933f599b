#include "catalog/product.h"

#include "catalog/search.h"
#include "catalog/stock.h"
#include "q/product.h"

const char *const mx_product_status_names[] = {"draft", "active", "archived", NULL};

static struct mx_variant variant_of(const struct q_product_variants_row *r)
{
    int64_t available = r->on_hand - r->reserved;
    struct mx_variant v = {.id = r->id,
                           .sku = r->sku,
                           .title = r->title,
                           .options = r->options,
                           .price = mx_price_of(r->price, r->currency),
                           .in_stock = available > 0,
                           .stock_hint = (int)mx_stock_hint(available),
                           .weight_grams = r->weight_grams,
                           .has_weight_grams = r->has_weight_grams,
                           .media = r->media,
                           .metadata = r->metadata,
                           .public_metadata = r->public_metadata,
                           .stock = r->on_hand,
                           .reserved = r->reserved,
                           .available = available};

    if (r->has_compare_at)
        v.compare_at_price = mx_price_of(r->compare_at, r->currency);
    return v;
}

static enum mx_err load_variants(struct mx_ctx *cx, struct mx_product *p)
{
    struct mx_list rows;

    MX_TRY(q_product_variants(cx->db, &(struct q_product_variants_in){p->card.id}, &rows));
    p->variants = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_variant), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        struct mx_variant *v = MX_AT(p->variants, struct mx_variant, i);

        *v = variant_of(MX_AT(rows, const struct q_product_variants_row, i));
        p->card.in_stock |= v->in_stock;
    }
    return MX_OK;
}

static enum mx_err load_around(struct mx_ctx *cx, struct mx_product *p)
{
    struct mx_list rows;

    MX_TRY(q_catalog_around(cx->db, &(struct q_catalog_around_in){p->card.id}, &rows));
    p->categories =
        MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_product_category), p->categories.n);
    p->related = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_card), p->related.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_catalog_around_row *r = MX_AT(rows, const struct q_catalog_around_row, i);

        if (r->kind == 0)
            *MX_AT(p->categories, struct mx_product_category, p->categories.n++) =
                (struct mx_product_category){r->id, r->slug, r->title};
        else
            *MX_AT(p->related, struct mx_card, p->related.n++) = mx_card(cx->arena, MX_CARD_ROW(r));
    }
    return MX_OK;
}

static struct mx_product product_of(struct mx_arena *a, const struct q_product_load_row *r)
{
    const struct mx_card_row card = {.id = r->id,
                                     .slug = r->slug,
                                     .title = r->title,
                                     .brand = r->brand,
                                     .currency = r->currency,
                                     .thumbnail = r->thumbnail,
                                     .price_min = r->price_min,
                                     .price_max = r->price_max,
                                     .compare_at = r->compare_at,
                                     .has_compare_at = r->has_compare_at,
                                     .rating_sum = r->rating_sum,
                                     .rating_count = r->rating_count};

    return (struct mx_product){.card = mx_card(a, &card),
                               .description = r->description,
                               .options = r->options,
                               .media = r->media,
                               .attributes = r->attributes,
                               .metadata = r->metadata,
                               .public_metadata = r->public_metadata,
                               .status = (int)r->status,
                               .version = r->version,
                               .tax_class = r->tax_class,
                               .created_at = r->created_at,
                               .updated_at = r->updated_at};
}

static enum mx_err load(struct mx_ctx *cx, const struct q_product_load_in *in,
                        struct mx_product *ret_product)
{
    struct mx_product p;
    struct mx_list rows;

    MX_TRY(q_product_load(cx->db, in, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    p = product_of(cx->arena, MX_AT(rows, const struct q_product_load_row, 0));
    MX_TRY(load_variants(cx, &p));
    MX_TRY(load_around(cx, &p));
    *ret_product = p;
    return MX_OK;
}

enum mx_err mx_product_find(struct mx_ctx *cx, struct mx_id id, struct mx_str slug,
                            struct mx_product *ret_product)
{
    return load(cx, &(struct q_product_load_in){id, slug, 1}, ret_product);
}

enum mx_err mx_product_get(struct mx_ctx *cx, struct mx_id id, struct mx_product *ret_product)
{
    return load(cx, &(struct q_product_load_in){.id = id}, ret_product);
}

/* product.page and product.page_matching give the same columns. */
_Static_assert(sizeof(struct q_product_page_row) == sizeof(struct q_product_page_matching_row),
               "product.page and product.page_matching must list the same columns");

static struct mx_product_row row_of(struct mx_arena *a, const struct q_product_page_row *r)
{
    return (struct mx_product_row){mx_card(a, MX_CARD_ROW(r)), (int)r->status, r->version,
                                   r->updated_at};
}

/* The rows that match the words of `q`, which has some; none where it has no word to look for. */
static enum mx_err page_matching(struct mx_ctx *cx, const struct mx_product_query *q,
                                 struct mx_list *ret_rows)
{
    struct q_product_page_matching_in in = {
        .status = q->status, .has_status = q->has_status, .after = q->after, .limit = q->limit};
    struct mx_search search = {.words = {0}};

    *ret_rows = (struct mx_list){0};
    if (!mx_search_parse(cx->arena, q->q, &search))
        return MX_OK;
    in.words = search.words;
    return q_product_page_matching(cx->db, &in, ret_rows);
}

static enum mx_err page(struct mx_ctx *cx, const struct mx_product_query *q,
                        struct mx_list *ret_rows)
{
    const struct q_product_page_in in = {q->status, q->has_status, q->after, q->limit};

    return q_product_page(cx->db, &in, ret_rows);
}

enum mx_err mx_product_list(struct mx_ctx *cx, const struct mx_product_query *q,
                            struct mx_list *ret_rows)
{
    struct mx_list rows, out;

    MX_TRY(q->q.p ? page_matching(cx, q, &rows) : page(cx, q, &rows));
    out = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_product_row), rows.n);
    for (size_t i = 0; i < out.n; i++) {
        struct q_product_page_row r;

        memcpy(&r, (const char *)rows.at + i * sizeof(r), sizeof(r));
        *MX_AT(out, struct mx_product_row, i) = row_of(cx->arena, &r);
    }
    *ret_rows = out;
    return MX_OK;
}
