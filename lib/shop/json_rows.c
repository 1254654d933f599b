#include "shop/json_rows.h"

#define ROWS_MAX (size_t)(8 << 20)

void mx_json_rows_init(struct mx_json_rows *r, struct mx_arena *a)
{
    mx_buf_init(&r->out, a, ROWS_MAX);
    mx_jsonw_init(&r->w, &r->out);
    mx_jsonw_array(&r->w);
}

void mx_json_rows_id(struct mx_json_rows *r, const char *name, struct mx_id id)
{
    mx_jsonw_name(&r->w, name);
    mx_jsonw_hex(&r->w, id.b, sizeof(id.b));
}

void mx_json_rows_int(struct mx_json_rows *r, const char *name, int64_t v)
{
    mx_jsonw_name(&r->w, name);
    mx_jsonw_int(&r->w, v);
}

void mx_json_rows_str(struct mx_json_rows *r, const char *name, struct mx_str s)
{
    mx_jsonw_name(&r->w, name);
    mx_jsonw_str(&r->w, s);
}

struct mx_str mx_json_rows_text(struct mx_json_rows *r)
{
    mx_jsonw_array_end(&r->w);
    MX_ASSERT(!r->out.overflow);
    return mx_buf_view(&r->out);
}

static int by_id(const void *a, const void *b)
{
    const struct mx_id *x = a, *y = b;

    return memcmp(x->b, y->b, sizeof(x->b));
}

struct mx_str mx_json_rows_names(struct mx_arena *a, struct mx_list names)
{
    struct mx_json_rows r;

    mx_json_rows_init(&r, a);
    for (size_t i = 0; i < names.n; i++)
        mx_jsonw_str(&r.w, *MX_AT(names, struct mx_str, i));
    return mx_json_rows_text(&r);
}

struct mx_str mx_json_rows_ids(struct mx_arena *a, const struct mx_id *first, size_t n, size_t size)
{
    struct mx_id *ids = MX_NEW_N(a, n, struct mx_id);
    struct mx_json_rows r;

    for (size_t i = 0; i < n; i++)
        memcpy(&ids[i], (const char *)first + i * size, sizeof(*ids));
    if (n > 1)
        qsort(ids, n, sizeof(*ids), by_id);
    mx_json_rows_init(&r, a);
    for (size_t i = 0; i < n; i++)
        mx_jsonw_hex(&r.w, ids[i].b, sizeof(ids[i].b));
    return mx_json_rows_text(&r);
}
