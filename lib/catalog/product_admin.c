#include "base/perm.h"
#include "catalog/product_store.h"
#include "codec/params.h"
#include "q/product.h"
#include "shop/json_rows.h"
#include "shop/version.h"

#define SLUG_MAX 120
#define SLUG_ID_AT 28 /* of an id's text: its last eight digits */
#define SLUG_ID 8

#define STANDARD "standard" /* the tax class unless another one is given, and that of shipping */

enum { TAKEN_SLUG, TAKEN_SKU, KNOWN_CATEGORY };

/* ---- what other products hold ---- */

static enum mx_err find_taken(struct mx_ctx *cx, const struct mx_product_draft *m,
                              struct mx_list *ret_rows)
{
    struct mx_json_rows skus, categories;
    struct q_product_taken_in in = {.product = m->id, .slug = m->slug};

    mx_json_rows_init(&skus, cx->arena);
    for (size_t i = 0; i < m->variants.n; i++)
        mx_jsonw_str(&skus.w, MX_AT(m->variants, const struct mx_product_draft_variant, i)->sku);
    mx_json_rows_init(&categories, cx->arena);
    for (size_t i = 0; i < m->categories.n; i++)
        mx_jsonw_str(&categories.w, *MX_AT(m->categories, const struct mx_str, i));
    in.skus = mx_json_rows_text(&skus);
    in.categories = mx_json_rows_text(&categories);
    return q_product_taken(cx->db, &in, ret_rows);
}

static bool has_row(const struct mx_list *rows, int64_t kind, struct mx_str value)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct q_product_taken_row *r = MX_AT(*rows, const struct q_product_taken_row, i);

        if (r->kind == kind && mx_str_eq(r->value, value))
            return true;
    }
    return false;
}

/* A slug made of the title, for a product whose title makes one that is taken, or none. */
static struct mx_str slug_with_id(struct mx_arena *a, const struct mx_product_draft *m)
{
    struct mx_str slug = mx_slug_of(a, m->title, SLUG_MAX - SLUG_ID - 1);

    if (slug.n == 0)
        slug = MX_S("product");
    return mx_str_fmt(a, "%.*s-%s", MX_FMT(slug), mx_id_str(a, m->id).p + SLUG_ID_AT);
}

static void check_categories(struct mx_ctx *cx, const struct mx_product_draft *m,
                             const struct mx_list *rows)
{
    for (size_t i = 0; i < m->categories.n; i++)
        if (!has_row(rows, KNOWN_CATEGORY, *MX_AT(m->categories, const struct mx_str, i)))
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/category_slugs/%zu", i),
                        "unknown_value", "must be the slug of a category");
}

/* An article number that another product has meanwhile is told where it was sent, or at the status
 * that brings an archived product back. */
static void check_skus(struct mx_ctx *cx, const struct mx_product_draft *m,
                       const struct mx_list *rows)
{
    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_product_draft_variant *v =
            MX_AT(m->variants, const struct mx_product_draft_variant, i);

        if (!has_row(rows, TAKEN_SKU, v->sku))
            continue;
        if (v->sent >= 0)
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/variants/%d/sku", v->sent), "taken",
                        "is already used by another product");
        else
            mx_fault_at(cx->faults, MX_S("/status"), "taken",
                        "the SKU %.*s is already used by another product", MX_FMT(v->sku));
    }
}

static struct mx_str allowed_classes(struct mx_arena *a, const struct mx_list *rows)
{
    const char **names = MX_NEW_N(a, rows->n + 2, const char *);
    size_t n = 0;

    names[n++] = STANDARD;
    for (size_t i = 0; i < rows->n; i++) {
        struct mx_str class = MX_AT(*rows, const struct q_product_tax_classes_row, i)->class;

        if (!mx_str_eqc(class, STANDARD))
            names[n++] = mx_str_fmt(a, "%.*s", MX_FMT(class)).p;
    }
    return mx_params_allowed(a, names);
}

/* A product does not take a class without a rate: it would be sold without tax. A rate of the class
 * that it takes is held until it is written. The standard class is known from the beginning, so
 * that a store may have products before taxes, or no taxes. */
static enum mx_err check_tax_class(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    bool live = m->status != MX_PRODUCT_ARCHIVED;
    bool was_live = m->stored_tax_class.p && m->stored_status != MX_PRODUCT_ARCHIVED;
    bool same = mx_str_eq(m->stored_tax_class, m->tax_class);
    struct mx_list rows;

    if (same && (was_live || !live))
        return MX_OK;
    MX_TRY(q_product_hold_tax_class(cx->db, &(struct q_product_hold_tax_class_in){m->tax_class},
                                    &rows));
    if (rows.n > 0 || mx_str_eqc(m->tax_class, STANDARD))
        return MX_OK;
    MX_TRY(q_product_tax_classes(cx->db, &rows));
    mx_fault_at(cx->faults, same ? MX_S("/status") : MX_S("/tax_class"), "unknown_value",
                "there is no tax rate of the class %.*s", MX_FMT(m->tax_class));
    mx_fault_params(cx->faults, allowed_classes(cx->arena, &rows));
    return MX_OK;
}

/* MX_E_VALIDATION_FAILED for unknown categories and tax classes, MX_E_CONFLICT for what is taken;
 * an archived product takes nothing. A slug that was made of the title gives way. */
static enum mx_err check_taken(struct mx_ctx *cx, struct mx_product_draft *m)
{
    struct mx_faults *f = cx->faults;
    struct mx_list rows;

    MX_TRY(find_taken(cx, m, &rows));
    check_categories(cx, m, &rows);
    MX_TRY(check_tax_class(cx, m));
    if (f->n > 0)
        return MX_E_VALIDATION_FAILED;
    if (m->status == MX_PRODUCT_ARCHIVED)
        return MX_OK;
    if (has_row(&rows, TAKEN_SLUG, m->slug)) {
        if (m->own_slug)
            mx_fault_at(f, MX_S("/slug"), "taken", "is already used by another product");
        m->slug = slug_with_id(cx->arena, m);
    }
    check_skus(cx, m, &rows);
    if (f->n > 0)
        return mx_fail(f, MX_E_CONFLICT, "The slug or a SKU is already in use.");
    return MX_OK;
}

/* Somebody else took it between the check and the write. */
static enum mx_err taken_meanwhile(struct mx_ctx *cx, enum mx_err e)
{
    if (e != MX_E_DUPLICATE)
        return e;
    return mx_fail(cx->faults, MX_E_CONFLICT, "The slug or a SKU is already in use.");
}

/* ---- create, update, archive ---- */

/* Staff who may not write stock may not open a level either. */
static enum mx_err check_stock_right(struct mx_ctx *cx, const struct mx_product_write *in)
{
    struct mx_faults *f = cx->faults;

    if (cx->actor.kind != MX_STAFF || (cx->actor.permissions & MX_PERM(STOCK_WRITE)))
        return MX_OK;
    for (size_t i = 0; i < in->variants.n; i++)
        if (MX_AT(in->variants, const struct mx_variant_write, i)->has_stock)
            mx_fault_at(f, mx_str_fmt(cx->arena, "/variants/%zu/stock", i), "forbidden",
                        "requires the permission stock.write");
    return f->n == 0
               ? MX_OK
               : mx_fail(f, MX_E_FORBIDDEN, "Setting stock requires the permission stock.write.");
}

/* A checked model of a new product, with a slug. */
static enum mx_err new_model(struct mx_ctx *cx, const struct mx_product_write *in,
                             struct mx_product_draft *ret_draft)
{
    struct mx_product_draft m = {.id = mx_id_new(),
                                 .title = MX_S(""),
                                 .description = MX_S(""),
                                 .tax_class = MX_S(STANDARD),
                                 .media = MX_S("[]")};
    struct mx_id id;

    mx_product_draft_overlay(cx, &m, in);
    MX_TRY(mx_product_draft_check(cx, &m));
    if (!m.own_slug)
        m.slug = mx_slug_of(cx->arena, m.title, SLUG_MAX);
    if (m.slug.n == 0 || mx_id_parse(m.slug, &id))
        m.slug = slug_with_id(cx->arena, &m);
    *ret_draft = m;
    return MX_OK;
}

enum mx_err mx_product_create(struct mx_ctx *cx, const struct mx_product_write *in,
                              struct mx_product *ret_product)
{
    struct mx_product_draft m;
    const struct mx_list one = MX_LIST(&m, 1);
    int64_t rows;

    MX_TRY(check_stock_right(cx, in));
    MX_TRY(new_model(cx, in, &m));
    MX_TRY(check_taken(cx, &m));
    MX_TRY(taken_meanwhile(cx, mx_products_insert(cx, &one, &rows)));
    MX_TRY(mx_product_get(cx, m.id, ret_product));
    return mx_product_audit(cx, "product.create", NULL, ret_product);
}

enum mx_err mx_product_load(struct mx_ctx *cx, const struct mx_list *writes, int64_t *ret_rows)
{
    struct mx_list models =
        MX_LIST(MX_NEW_N(cx->arena, writes->n, struct mx_product_draft), writes->n);

    for (size_t i = 0; i < writes->n; i++)
        MX_TRY(new_model(cx, MX_AT(*writes, const struct mx_product_write, i),
                         MX_AT(models, struct mx_product_draft, i)));
    return taken_meanwhile(cx, mx_products_insert(cx, &models, ret_rows));
}

/* Hold the product and compare its version. */
static enum mx_err lock(struct mx_ctx *cx, const struct mx_product_write *in)
{
    struct mx_list rows;

    MX_TRY(q_product_lock(cx->db, &(struct q_product_lock_in){in->id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    return mx_version_check(cx, "The product", in->if_match,
                            MX_AT(rows, const struct q_product_lock_row, 0)->version);
}

enum mx_err mx_product_update(struct mx_ctx *cx, const struct mx_product_write *in,
                              struct mx_product *ret_product)
{
    struct mx_product before;
    struct mx_product_draft m, stored;

    MX_TRY(check_stock_right(cx, in));
    MX_TRY(lock(cx, in));
    MX_TRY(mx_product_get(cx, in->id, &before));
    MX_TRY(mx_product_draft_load(cx, in->id, &stored));
    m = mx_product_draft_copy(cx->arena, &stored);
    mx_product_draft_overlay(cx, &m, in);
    MX_TRY(mx_product_draft_check(cx, &m));
    if (mx_product_draft_same(&m, &stored)) {
        *ret_product = before;
        return MX_OK;
    }
    MX_TRY(check_taken(cx, &m));
    MX_TRY(taken_meanwhile(cx, mx_product_replace(cx, &m, in)));
    MX_TRY(mx_product_get(cx, in->id, ret_product));
    return mx_product_audit(cx, "product.update", &before, ret_product);
}

enum mx_err mx_product_archive(struct mx_ctx *cx, const struct mx_product_write *in)
{
    struct mx_product before, after;

    MX_TRY(lock(cx, in));
    MX_TRY(mx_product_get(cx, in->id, &before));
    if (before.status == MX_PRODUCT_ARCHIVED)
        return MX_OK;
    MX_TRY(q_product_archive(cx->db, &(struct q_product_archive_in){in->id, {cx->now_ms}}, NULL));
    MX_TRY(q_product_retire(cx->db, &(struct q_product_retire_in){in->id, 1}, NULL));
    after = before;
    after.status = MX_PRODUCT_ARCHIVED;
    after.version++;
    return mx_product_audit(cx, "product.archive", &before, &after);
}
