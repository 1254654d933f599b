/* Stored products by the present rules: what an older release wrote is read, brought to the normal
 * form of what is sent, and its words are made anew. */
#include "catalog/product_store.h"
#include "catalog/search.h"
#include "codec/text_norm.h"
#include "q/product.h"

/* ---- normal forms ---- */

static bool set_form(struct mx_str *s, struct mx_str form)
{
    if (form.n == 0 || mx_str_eq(*s, form))
        return false;
    *s = form;
    return true;
}

static bool line(struct mx_arena *a, struct mx_str *s)
{
    return set_form(s, mx_text_line(a, *s));
}

static bool lines(struct mx_arena *a, struct mx_list *values)
{
    bool changed = false;

    for (size_t i = 0; i < values->n; i++)
        changed |= line(a, MX_AT(*values, struct mx_str, i));
    return changed;
}

static bool pairs(struct mx_arena *a, struct mx_list *list)
{
    bool changed = false;

    for (size_t i = 0; i < list->n; i++) {
        struct mx_pair *p = MX_AT(*list, struct mx_pair, i);

        changed |= line(a, &p->name);
        changed |= line(a, &p->value);
    }
    return changed;
}

/* Of attributes whose names have become one, the first stays. */
static void drop_repeated(struct mx_list *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        const struct mx_list before = {list->at, n};
        struct mx_pair p = *MX_AT(*list, struct mx_pair, i);

        if (!mx_pair_value(&before, p.name).p)
            *MX_AT(*list, struct mx_pair, n++) = p;
    }
    list->n = n;
}

static bool options(struct mx_arena *a, struct mx_product_draft *m)
{
    bool changed = false;

    for (size_t i = 0; i < m->options.n; i++) {
        struct mx_option *o = MX_AT(m->options, struct mx_option, i);

        changed |= line(a, &o->name);
        changed |= lines(a, &o->values);
    }
    for (size_t i = 0; i < m->variants.n; i++) {
        struct mx_product_draft_variant *v = MX_AT(m->variants, struct mx_product_draft_variant, i);

        changed |= pairs(a, &v->choices);
        changed |= line(a, &v->title);
    }
    return changed;
}

/* Which parts had another form. */
static struct mx_product_write normalise(struct mx_arena *a, struct mx_product_draft *m)
{
    struct mx_product_write changed = {.id = m->id};

    changed.has_title = line(a, &m->title);
    changed.has_brand = m->brand.p && line(a, &m->brand);
    changed.has_description = set_form(&m->description, mx_text_nfc(a, m->description));
    changed.has_attributes = pairs(a, &m->attributes);
    drop_repeated(&m->attributes);
    changed.has_options = options(a, m);
    return changed;
}

/* ---- one product ---- */

struct step {
    struct mx_ctx *cx;
    struct mx_id id;
    bool words_alone; /* the stored texts stay */
};

/* Options that the normal form makes one (two sizes that differ by a blank) are left to staff. */
static enum mx_err model_of(struct mx_ctx *cx, struct mx_id id, struct mx_product_draft *ret_model,
                            struct mx_product_write *ret_changed)
{
    struct mx_product_draft m, was;

    MX_TRY(mx_product_model(cx, id, &m));
    MX_TRY(mx_product_model(cx, id, &was));
    *ret_changed = normalise(cx->arena, &m);
    mx_faults_init(cx->faults, cx->arena);
    if (mx_product_draft_check(cx, &m) != MX_OK) {
        m.options = was.options;
        m.variants = was.variants;
        ret_changed->has_options = false;
    }
    *ret_model = m;
    return MX_OK;
}

static bool any(const struct mx_product_write *changed)
{
    return changed->has_title || changed->has_brand || changed->has_description ||
           changed->has_attributes || changed->has_options;
}

static enum mx_err reindex_one(void *arg)
{
    const struct step *s = arg;
    struct mx_product_draft_derived d;
    struct mx_product_write changed;
    struct mx_product_draft m;
    struct mx_list rows;

    MX_TRY(q_product_lock(s->cx->db, &(struct q_product_lock_in){s->id}, &rows));
    if (rows.n == 0)
        return MX_OK;
    MX_TRY(model_of(s->cx, s->id, &m, &changed));
    if (!s->words_alone && any(&changed))
        return mx_product_replace(s->cx, &m, &changed);
    d = mx_product_draft_derive(s->cx->arena, &m);
    return q_product_reindex(
        s->cx->db,
        &(struct q_product_reindex_in){s->id, d.search_text, d.search_title, MX_SEARCH_VERSION},
        NULL);
}

enum mx_err mx_products_reindex(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    const struct q_product_stale_in in = {MX_SEARCH_VERSION, limit};
    struct mx_list rows;

    MX_TRY(q_product_stale(cx->db, &in, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct step s = {cx, MX_AT(rows, const struct q_product_stale_row, i)->id, false};
        struct mx_arena_mark mark = mx_arena_mark(cx->arena);
        enum mx_err e = mx_db_tx(cx->db, reindex_one, &s);

        /* Whatever a form clashes with, the product does not hold up the others. */
        s.words_alone = e == MX_E_DUPLICATE;
        if (s.words_alone)
            e = mx_db_tx(cx->db, reindex_one, &s);
        MX_TRY(e);
        mx_arena_rewind(cx->arena, mark);
    }
    *ret_n = (int64_t)rows.n;
    return MX_OK;
}
