#include "q/catalog.h"
#include "catalog/catalog_plan.h"
#include "catalog/facets.h"

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
#define PAGED(p)                                                                                  \
    .category = (p)->category, .after = (p)->q->after.id, .limit = (p)->q->limit + 1
#define PLAIN(p) MX_CATALOG_PLAIN_FILTERS(p), PAGED(p)
#define FILTERS(p) MX_CATALOG_FILTERS(p), PAGED(p)
#define AFTER_TIME(p) .after_time = {(p)->q->after.number}
#define AFTER_NUMBER(p)                                                                           \
    .after_number = (p)->q->after.number, .has_after_number = (p)->q->after.set
#define AFTER_TEXT(p) .after_text = (p)->q->after.text
#define BY_TIME(p) PLAIN(p), AFTER_TIME(p)
#define BY_NUMBER(p) PLAIN(p), AFTER_NUMBER(p)
#define BY_TEXT(p) PLAIN(p), AFTER_TEXT(p)
#define BY_TIME_VARIANT(p) FILTERS(p), AFTER_TIME(p)
#define BY_NUMBER_VARIANT(p) FILTERS(p), AFTER_NUMBER(p)
#define BY_TEXT_VARIANT(p) FILTERS(p), AFTER_TEXT(p)
#define SORTED(p) BY_NUMBER_VARIANT(p), AFTER_TEXT(p), .sort = (p)->sort
#define NAMED(p) SORTED(p), .name = (p)->name, .value = (p)->value
#define WORD(p, i) .word_##i = (p)->search.begins[(i) - 1]
#define WORDED(p) SORTED(p), .words = (p)->search.words, .q = (p)->q->q,                          \
    WORD(p, 1), WORD(p, 2), WORD(p, 3), WORD(p, 4), WORD(p, 5), WORD(p, 6)

/* page_<verb>: run statement catalog.<verb> and turn its rows into hits. */
#define PAGE(verb, PARAMETERS)                                                                    \
    static enum mx_err page_##verb(const struct mx_catalog_plan *p, struct mx_list *ret_hits)     \
    {                                                                                             \
        const struct q_catalog_##verb##_in in = {PARAMETERS(p)};                                  \
        struct mx_list rows, hits;                                                                \
        MX_TRY(q_catalog_##verb(p->cx->db, &in, &rows));                                          \
        hits = MX_LIST(MX_NEW_N(p->cx->arena, rows.n, struct hit), rows.n);              \
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
PAGE(by_newest_variant, BY_TIME_VARIANT)
PAGE(by_price_variant, BY_NUMBER_VARIANT)
PAGE(by_price_desc_variant, BY_NUMBER_VARIANT)
PAGE(by_title_variant, BY_TEXT_VARIANT)
PAGE(by_sold_variant, BY_NUMBER_VARIANT)
PAGE(in_category, SORTED)
PAGE(having, NAMED)
PAGE(among, SORTED)
PAGE(in_stock_by_price, SORTED)
PAGE(in_stock_by_price_desc, SORTED)
PAGE(matching, WORDED)
/* clang-format on */

typedef enum mx_err (*page_fn)(const struct mx_catalog_plan *p, struct mx_list *ret_hits);

/* By order, and whether a filter asks for what only variants know. */
static const page_fn along_index[][2] = {
    [MX_SORT_NEWEST] = {page_by_newest, page_by_newest_variant},
    [MX_SORT_PRICE] = {page_by_price, page_by_price_variant},
    [MX_SORT_PRICE_DESC] = {page_by_price_desc, page_by_price_desc_variant},
    [MX_SORT_TITLE] = {page_by_title, page_by_title_variant},
    [MX_SORT_BEST_SELLING] = {page_by_sold, page_by_sold_variant},
};

static page_fn page_by(const struct mx_catalog_plan *p)
{
    switch (p->way) {
    case MX_WAY_NONE:
        return NULL;
    case MX_WAY_INDEX:
        return along_index[p->sort][p->by_variant];
    case MX_WAY_STOCK_PRICE:
        return p->sort == MX_SORT_PRICE ? page_in_stock_by_price : page_in_stock_by_price_desc;
    case MX_WAY_CATEGORY:
        return page_in_category;
    case MX_WAY_ATTRIBUTE:
        return page_having;
    case MX_WAY_IDS:
        return page_among;
    case MX_WAY_WORDS:
        return page_matching;
    }
    return NULL;
}

/* ---- the total ---- */

#define COUNTED(p) MX_CATALOG_FILTERS(p), .category = (p)->category, .most = MX_CATALOG_TOTAL_MAX

static enum mx_err count(const struct mx_catalog_plan *p, struct mx_list *ret_rows)
{
    if (p->search.words.p)
        return q_catalog_count_matching(
            p->cx->db, &(struct q_catalog_count_matching_in){COUNTED(p), .words = p->search.words},
            ret_rows);
    if (!mx_id_none(p->category))
        return q_catalog_count_in_category(
            p->cx->db, &(struct q_catalog_count_in_category_in){COUNTED(p)}, ret_rows);
    return q_catalog_count(p->cx->db, &(struct q_catalog_count_in){COUNTED(p)}, ret_rows);
}

/* The three statements have one column. */
_Static_assert(sizeof(struct q_catalog_count_row) == sizeof(int64_t) &&
                   sizeof(struct q_catalog_count_in_category_row) == sizeof(int64_t) &&
                   sizeof(struct q_catalog_count_matching_row) == sizeof(int64_t),
               "a count is a number");

static enum mx_err total(const struct mx_catalog_plan *p, int64_t *ret_total)
{
    struct mx_list rows;

    MX_TRY(count(p, &rows));
    memcpy(ret_total, rows.at, sizeof(*ret_total));
    return MX_OK;
}

/* ---- lists ---- */

enum mx_err mx_catalog_list(struct mx_ctx *cx, const struct mx_catalog_query *q,
                            struct mx_catalog_page *ret_page)
{
    struct mx_catalog_page page = {0};
    struct mx_list hits = {0};
    struct mx_catalog_plan p;
    page_fn fn;

    MX_TRY(mx_catalog_plan_make(cx, q, &p));
    fn = page_by(&p);
    if (fn)
        MX_TRY(fn(&p, &hits));
    page.cards.n = hits.n < (size_t)q->limit ? hits.n : (size_t)q->limit;
    page.cards = MX_LIST(MX_NEW_N(cx->arena, page.cards.n, struct mx_card), page.cards.n);
    for (size_t i = 0; i < page.cards.n; i++)
        *MX_AT(page.cards, struct mx_card, i) = MX_AT(hits, struct hit, i)->card;
    if (hits.n > page.cards.n)
        page.next = MX_AT(hits, struct hit, page.cards.n - 1)->key;
    if (q->facets) {
        page.facets = MX_NEW(cx->arena, struct mx_facets);
        if (fn)
            MX_TRY(mx_catalog_facets(&p, page.facets));
    }
    if (q->total && fn)
        MX_TRY(total(&p, &page.total));
    *ret_page = page;
    return MX_OK;
}
