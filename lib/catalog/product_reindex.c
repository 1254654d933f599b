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
        const struct mx_list before = MX_LIST_OF(list->at, n, list->size);
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

/* Options that the normal form makes one (two sizes that differ by a blank) are left to staff. */
static enum mx_err model_of(struct mx_ctx *cx, struct mx_id id, struct mx_product_draft *ret_draft,
                            struct mx_product_write *ret_changed)
{
    struct mx_product_draft m, was;

    MX_TRY(mx_product_draft_load(cx, id, &m));
    MX_TRY(mx_product_draft_load(cx, id, &was));
    *ret_changed = normalise(cx->arena, &m);
    mx_faults_init(cx->faults, cx->arena);
    if (mx_product_draft_check(cx, &m) != MX_OK) {
        m.options = was.options;
        m.variants = was.variants;
        ret_changed->has_options = false;
    }
    *ret_draft = m;
    return MX_OK;
}

static bool any(const struct mx_product_write *changed)
{
    return changed->has_title || changed->has_brand || changed->has_description ||
           changed->has_attributes || changed->has_options;
}

/* `words_alone`: the stored texts stay. */
static enum mx_err reindex(struct mx_ctx *cx, struct mx_id id, bool words_alone)
{
    struct mx_product_draft_derived d;
    struct mx_product_write changed;
    struct mx_product_draft m;
    struct mx_list rows;

    MX_TRY(q_product_lock(cx->db, &(struct q_product_lock_in){id}, &rows));
    if (rows.n == 0)
        return MX_OK;
    MX_TRY(model_of(cx, id, &m, &changed));
    if (!words_alone && any(&changed))
        return mx_product_replace(cx, &m, &changed);
    d = mx_product_draft_derive(cx->arena, &m);
    return q_product_reindex(
        cx->db,
        &(struct q_product_reindex_in){id, d.search_text, d.search_title, MX_SEARCH_VERSION}, NULL);
}

/* ---- the job ---- */

static enum mx_err due(struct mx_ctx *cx, int64_t limit, struct mx_job_due *ret_due)
{
    const struct q_product_stale_in in = {MX_SEARCH_VERSION, {cx->now_ms}, limit};
    struct mx_list found;
    struct mx_job_row *rows;

    MX_TRY(q_product_stale(cx->db, &in, &found));
    rows = MX_NEW_N(cx->arena, found.n, struct mx_job_row);
    for (size_t i = 0; i < found.n; i++) {
        const struct q_product_stale_row *r = MX_AT(found, struct q_product_stale_row, i);

        rows[i] = (struct mx_job_row){r->id, NULL, r->has_tries, r->tries};
    }
    *ret_due = (struct mx_job_due){MX_LIST(rows, found.n), found.n == (size_t)limit};
    return MX_OK;
}

/* A product that failed once may have a form that clashes with another one's: from then on its
 * words are enough. */
static enum mx_err work(struct mx_ctx *cx, const struct mx_job_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        MX_TRY(reindex(cx, rows[i].id, rows[i].tries > 0));
    return MX_OK;
}

const struct mx_job mx_product_reindexing = {MX_JOB_REINDEX, due, work};
