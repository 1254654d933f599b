/* Writes a C struct as JSON by its field table. */
#include "base/log.h"
#include "http/field.h"

static const void *member(const void *base, unsigned off)
{
    return (const char *)base + off;
}

/* True when there is nothing to show but null. */
static bool absent(const struct mx_field *f, const void *base)
{
    const void *p = member(base, f->off);

    if (f->has_off != MX_NO_HAS && !*(const bool *)member(base, f->has_off))
        return true;
    switch (f->kind) {
    case MX_K_STR:
    case MX_K_JSON_LIST:
    case MX_K_JSON_MAP:
    case MX_K_RAW:
        return ((const struct mx_str *)p)->p == NULL;
    case MX_K_ID:
        return mx_id_none(*(const struct mx_id *)p);
    case MX_K_TIME:
        return ((const struct mx_time *)p)->ms == 0;
    case MX_K_MONEY:
        return ((const struct mx_money *)p)->currency.code[0] == 0;
    case MX_K_ENUM:
        return *(const int *)p < 0;
    case MX_K_OBJPTR:
        return *(const void *const *)p == NULL;
    case MX_K_LIST:
    case MX_K_STRS:
    case MX_K_MAP:
        return (f->flags & MX_F_NULLABLE) && ((const struct mx_list *)p)->at == NULL;
    default:
        return false;
    }
}

static void write_many(struct mx_jsonw *w, const struct mx_field *f, const struct mx_list *list)
{
    mx_jsonw_array(w);
    for (size_t i = 0; i < list->n; i++) {
        if (f->kind == MX_K_STRS)
            mx_jsonw_str(w, *MX_AT(*list, const struct mx_str, i));
        else
            mx_shape_write(w, f->shape, (const char *)list->at + i * f->shape->size);
    }
    mx_jsonw_array_end(w);
}

static void write_map(struct mx_jsonw *w, const struct mx_list *list)
{
    mx_jsonw_open(w);
    for (size_t i = 0; i < list->n; i++) {
        const struct mx_pair *p = MX_AT(*list, const struct mx_pair, i);

        mx_jsonw_name_str(w, p->name);
        mx_jsonw_str(w, p->value);
    }
    mx_jsonw_close(w);
}

/* Metadata that was never written is an empty object. */
static void write_metadata(struct mx_jsonw *w, struct mx_str json)
{
    mx_jsonw_raw(w, json.p ? json : MX_S("{}"));
}

/* The answer fails with a value that has no name: it would be one that its schema does not have. */
static void write_enum(struct mx_jsonw *w, const struct mx_field *f, int value)
{
    struct mx_str name = mx_str_name(f->names, value);

    if (name.p) {
        mx_jsonw_str(w, name);
        return;
    }
    mx_log(MX_LOG_ERROR, "a stored value has no name", MX_KC("member", f->name),
           MX_KI("value", value));
    w->out->overflow = true;
}

static void write_field(struct mx_jsonw *w, const struct mx_field *f, const void *p)
{
    switch (f->kind) {
    case MX_K_STR:
        mx_jsonw_str(w, *(const struct mx_str *)p);
        break;
    case MX_K_INT:
        mx_jsonw_int(w, *(const int64_t *)p);
        break;
    case MX_K_BOOL:
        mx_jsonw_bool(w, *(const bool *)p);
        break;
    case MX_K_ID:
        mx_jsonw_id(w, *(const struct mx_id *)p);
        break;
    case MX_K_TIME:
        mx_jsonw_time(w, *(const struct mx_time *)p);
        break;
    case MX_K_MONEY:
        mx_jsonw_money(w, *(const struct mx_money *)p);
        break;
    case MX_K_ENUM:
        write_enum(w, f, *(const int *)p);
        break;
    case MX_K_OBJECT:
        mx_shape_write(w, f->shape, p);
        break;
    case MX_K_OBJPTR:
        mx_shape_write(w, f->shape, *(const void *const *)p);
        break;
    case MX_K_LIST:
    case MX_K_STRS:
        write_many(w, f, p);
        break;
    case MX_K_MAP:
        write_map(w, p);
        break;
    case MX_K_METADATA:
        write_metadata(w, *(const struct mx_str *)p);
        break;
    case MX_K_EACH: /* never given */
        break;
    case MX_K_JSON_LIST:
    case MX_K_JSON_MAP:
    case MX_K_RAW:
        mx_jsonw_raw(w, *(const struct mx_str *)p);
        break;
    case MX_K_IDS:
        MX_BUG("%s: ids stand in queries alone", f->name);
    }
}

void mx_shape_write(struct mx_jsonw *w, const struct mx_shape *shape, const void *in)
{
    mx_jsonw_open(w);
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];
        bool none = absent(f, in);

        if (f->from != MX_BODY || (none && (f->flags & MX_F_OMIT)))
            continue;
        mx_jsonw_name(w, f->name);
        if (none)
            mx_jsonw_null(w);
        else
            write_field(w, f, member(in, f->off));
    }
    mx_jsonw_close(w);
}
