#include "catalog/catalog.h"

#include "catalog/facets.h"
#include "catalog/search.h"
#include "q/catalog.h"

#define FEW 500 /* candidates that are sorted rather than looked for along an index */

const char *const mx_product_sort_names[] = {"relevance", "newest",       "price", "-price",
                                             "title",     "best_selling", NULL};

enum mx_catalog_sort mx_catalog_order(const struct mx_catalog_query *q)
{
    if (!q->has_sort)
        return q->q.p ? MX_SORT_RELEVANCE : MX_SORT_NEWEST;
    if (q->sort == MX_SORT_RELEVANCE && !q->q.p)
        return MX_SORT_NEWEST;
    return (enum mx_catalog_sort)q->sort;
}

/* One row of a page. */
struct hit {
    struct mx_card card;
    struct mx_page_key key;
};

/* clang-format off */
/* Parameters of each kind of statement; p: struct mx_catalog_plan. */
#define FILTERS(p)                                                                                \
    .brand = (p)->q->brand, .min_price = (p)->q->min_price,                                       \
    .has_min_price = (p)->q->has_min_price, .max_price = (p)->q->max_price,                       \
    .has_max_price = (p)->q->has_max_price, .in_stock = (p)->q->in_stock,                         \
    .n_attributes = (p)->n_attributes, .attributes = (p)->attributes, .category = (p)->category,  \
    .after = (p)->q->after.id, .limit = (p)->q->limit + 1
#define BY_TIME(p) FILTERS(p), .after_time = {(p)->q->after.number}
#define BY_NUMBER(p) FILTERS(p), .after_number = (p)->q->after.number,                            \
    .has_after_number = (p)->q->after.set
#define BY_TEXT(p) FILTERS(p), .after_text = (p)->q->after.text
#define SORTED(p) BY_NUMBER(p), .after_text = (p)->q->after.text, .sort = (p)->sort
#define NAMED(p) SORTED(p), .name = (p)->name, .value = (p)->value
#define WORDED(p) SORTED(p), .words = (p)->search.words, .begins = (p)->search.begins, .q = (p)->q->q

/* page_<verb>: run statement catalog.<verb> and turn its rows into hits. */
#define PAGE(verb, PARAMETERS)                                                                    \
    static enum mx_err page_##verb(const struct mx_catalog_plan *p, struct mx_list *ret_hits)     \
    {                                                                                             \
        const struct q_catalog_##verb##_in in = {PARAMETERS(p)};                                  \
        struct mx_list rows, hits;                                                                \
        MX_TRY(q_catalog_##verb(p->cx->db, &in, &rows));                                          \
        hits = (struct mx_list){MX_NEW_N(p->cx->arena, rows.n, struct hit), rows.n};              \
        for (size_t i = 0; i < rows.n; i++) {                                                     \
            const struct q_catalog_##verb##_row *r =                                              \
                MX_AT(rows, struct q_catalog_##verb##_row, i);                                    \
            *MX_AT(hits, struct hit, i) =                                                         \
                (struct hit){mx_card(p->cx->arena, MX_CARD_ROW(r)),                               \
                             {true, r->sort_number, r->sort_text, r->id}};                        \
        }                                                                                         \
        *ret_hits = hits;                                                                         \
        return MX_OK;                                                                             \
    }
PAGE(by_newest, BY_TIME)
PAGE(by_price, BY_NUMBER)
PAGE(by_price_desc, BY_NUMBER)
PAGE(by_title, BY_TEXT)
PAGE(by_sold, BY_NUMBER)
PAGE(in_category, SORTED)
PAGE(having, NAMED)
PAGE(matching, WORDED)
/* clang-format on */

typedef enum mx_err (*page_fn)(const struct mx_catalog_plan *p, struct mx_list *ret_hits);

static const page_fn along_index[] = {
    [MX_SORT_NEWEST] = page_by_newest,         [MX_SORT_PRICE] = page_by_price,
    [MX_SORT_PRICE_DESC] = page_by_price_desc, [MX_SORT_TITLE] = page_by_title,
    [MX_SORT_BEST_SELLING] = page_by_sold,
};

/* The attributes as the statements take them, and the one that finds candidates. */
static void plan_attributes(struct mx_catalog_plan *p)
{
    const struct mx_list *all = &p->q->attributes;
    struct mx_buf out;

    mx_buf_init(&out, p->cx->arena, 65536);
    mx_buf_byte(&out, '\n');
    for (size_t i = 0; i < all->n; i++) {
        const struct mx_pair *a = MX_AT(*all, const struct mx_pair, i);
        size_t before = 0;

        mx_buf_fmt(&out, "%.*s\t%.*s\n", MX_FMT(a->name), MX_FMT(a->value));
        for (size_t k = 0; k < i; k++)
            before += mx_str_eq(MX_AT(*all, const struct mx_pair, k)->name, a->name);
        p->n_attributes += before == 0;
    }
    p->attributes = mx_buf_view(&out);
    if (all->n == 0)
        return;
    p->name = MX_AT(*all, const struct mx_pair, 0)->name;
    if (p->n_attributes == (int64_t)all->n)
        p->value = MX_AT(*all, const struct mx_pair, 0)->value;
}

/* Fill the rest of the plan. *ret_page stays NULL when the list is known to be empty. */
static enum mx_err plan(struct mx_catalog_plan *p, page_fn *ret_page)
{
    const struct mx_catalog_query *q = p->q;
    const struct q_catalog_candidates_row *found;
    struct mx_list rows;

    p->sort = mx_catalog_order(q);
    plan_attributes(p);
    if (q->q.p && !mx_search_parse(p->cx->arena, q->q, &p->search))
        return MX_OK;
    *ret_page = p->search.words.p ? page_matching : along_index[p->sort];
    if (!q->category.p && (p->search.words.p || !p->name.p))
        return MX_OK;
    MX_TRY(q_catalog_candidates(
        p->cx->db, &(struct q_catalog_candidates_in){q->category, p->name, p->value, p->attributes},
        &rows));
    found = MX_AT(rows, const struct q_catalog_candidates_row, 0);
    p->category = found->category;
    if (q->category.p && mx_id_none(p->category))
        *ret_page = NULL;
    else if (!p->search.words.p && q->category.p && found->in_category < FEW)
        *ret_page = page_in_category;
    else if (!p->search.words.p && p->name.p && found->having < FEW)
        *ret_page = page_having;
    return MX_OK;
}

enum mx_err mx_catalog_list(struct mx_ctx *cx, const struct mx_catalog_query *q,
                            struct mx_catalog_page *ret_page)
{
    struct mx_catalog_plan p = {.cx = cx, .q = q};
    struct mx_catalog_page page = {0};
    struct mx_list hits = {0};
    page_fn fn = NULL;

    MX_TRY(plan(&p, &fn));
    if (fn)
        MX_TRY(fn(&p, &hits));
    page.cards.n = hits.n < (size_t)q->limit ? hits.n : (size_t)q->limit;
    page.cards.at = MX_NEW_N(cx->arena, page.cards.n, struct mx_card);
    for (size_t i = 0; i < page.cards.n; i++)
        *MX_AT(page.cards, struct mx_card, i) = MX_AT(hits, struct hit, i)->card;
    if (hits.n > page.cards.n)
        page.next = MX_AT(hits, struct hit, page.cards.n - 1)->key;
    if (q->facets) {
        page.facets = MX_NEW(cx->arena, struct mx_facets);
        if (fn)
            MX_TRY(mx_catalog_facets(&p, page.facets));
    }
    *ret_page = page;
    return MX_OK;
}
