#include "catalog/catalog.h"

#include "q/category.h"

/* Children of `parent` (none: the roots) with all below them; rows are in the order of siblings. */
static struct mx_list children_of(struct mx_arena *a, const struct mx_list *rows,
                                  struct mx_id parent)
{
    struct mx_list out = {0};
    size_t n = 0;

    for (size_t i = 0; i < rows->n; i++)
        n += mx_id_eq(MX_AT(*rows, const struct q_category_all_row, i)->parent_id, parent);
    out = MX_LIST(MX_NEW_N(a, n, struct mx_category), out.n);
    for (size_t i = 0; i < rows->n; i++) {
        const struct q_category_all_row *r = MX_AT(*rows, const struct q_category_all_row, i);

        if (mx_id_eq(r->parent_id, parent))
            *MX_AT(out, struct mx_category, out.n++) =
                (struct mx_category){.id = r->id,
                                     .slug = r->slug,
                                     .title = r->title,
                                     .public_metadata = r->public_metadata,
                                     .children = children_of(a, rows, r->id)};
    }
    return out;
}

enum mx_err mx_category_tree(struct mx_ctx *cx, struct mx_list *ret_roots)
{
    struct mx_list rows;

    MX_TRY(q_category_all(cx->db, &rows));
    *ret_roots = children_of(cx->arena, &rows, (struct mx_id){{0}});
    return MX_OK;
}

enum mx_err mx_category_get(struct mx_ctx *cx, struct mx_str slug, struct mx_category *ret_category)
{
    struct mx_category own = {0};
    struct mx_list rows, children = {0}, breadcrumb = {0};

    MX_TRY(q_category_around(cx->db, &(struct q_category_around_in){slug}, &rows));
    children = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_category), children.n);
    breadcrumb = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_category), breadcrumb.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_category_around_row *r = MX_AT(rows, const struct q_category_around_row, i);
        struct mx_category c = {
            .id = r->id, .slug = r->slug, .title = r->title, .public_metadata = r->public_metadata};

        if (r->level < 0)
            *MX_AT(breadcrumb, struct mx_category, breadcrumb.n++) = c;
        else if (r->level > 0)
            *MX_AT(children, struct mx_category, children.n++) = c;
        else
            own = c;
    }
    if (mx_id_none(own.id))
        return MX_E_NOT_FOUND;
    own.children = children;
    own.breadcrumb = breadcrumb;
    *ret_category = own;
    return MX_OK;
}

enum mx_err mx_category_create(struct mx_ctx *cx, const struct mx_category_new *in,
                               struct mx_id *ret_id)
{
    struct q_category_insert_in row = {mx_id_new(),  in->parent,   in->slug,           in->title,
                                       in->position, in->metadata, in->public_metadata};
    int64_t changed = 0;
    enum mx_err e = q_category_insert(cx->db, &row, &changed);

    if (e == MX_E_DUPLICATE) {
        mx_fault_at(cx->faults, MX_S("/slug"), "taken", "is already used by another category");
        return mx_fail(cx->faults, MX_E_CONFLICT, "The slug is already in use.");
    }
    MX_TRY(e);
    if (changed == 0) {
        mx_fault_at(cx->faults, MX_S("/parent"), "unknown_value", "must be the slug of a category");
        return MX_E_VALIDATION_FAILED;
    }
    *ret_id = row.id;
    return MX_OK;
}
