/* Metadata: a JSON object of the caller's own, checked for size and kept as text. */
#include "base/arena.h"
#include "http/field_read.h"

/* Write `v` as it was sent. A fault for a number that is no integer. */
static void write_value(struct mx_reader *r, const struct mx_place *at, struct mx_jsonw *w,
                        const struct mx_json *v);

static void write_object(struct mx_reader *r, const struct mx_place *at, struct mx_jsonw *w,
                         const struct mx_json *v)
{
    mx_jsonw_open(w);
    for (const struct mx_json *m = mx_json_first(v); m; m = mx_json_next(m)) {
        const struct mx_place here = {at, MX_PLACE_MEMBER, mx_json_name(m), 0};

        mx_jsonw_name_str(w, here.name);
        write_value(r, &here, w, m);
    }
    mx_jsonw_close(w);
}

static void write_array(struct mx_reader *r, const struct mx_place *at, struct mx_jsonw *w,
                        const struct mx_json *v)
{
    struct mx_place here = {at, MX_PLACE_ITEM, {0}, 0};

    mx_jsonw_array(w);
    for (const struct mx_json *c = mx_json_first(v); c; c = mx_json_next(c), here.index++)
        write_value(r, &here, w, c);
    mx_jsonw_array_end(w);
}

static void write_number(struct mx_reader *r, const struct mx_place *at, struct mx_jsonw *w,
                         const struct mx_json *v)
{
    int64_t n;

    if (mx_json_int(v, &n))
        mx_jsonw_int(w, n);
    else
        mx_read_fault(r, at, "wrong_type", "must be an integer; send other numbers as strings");
}

static void write_value(struct mx_reader *r, const struct mx_place *at, struct mx_jsonw *w,
                        const struct mx_json *v)
{
    switch (mx_json_type(v)) {
    case MX_JSON_NULL:
        mx_jsonw_null(w);
        return;
    case MX_JSON_BOOL:
        mx_jsonw_bool(w, mx_json_bool(v));
        return;
    case MX_JSON_NUMBER:
        write_number(r, at, w, v);
        return;
    case MX_JSON_STRING:
        mx_jsonw_str(w, mx_json_string(v));
        return;
    case MX_JSON_ARRAY:
        write_array(r, at, w, v);
        return;
    case MX_JSON_OBJECT:
        write_object(r, at, w, v);
        return;
    }
}

static void check_names(struct mx_reader *r, const struct mx_place *at, const struct mx_json *v)
{
    const struct mx_field name = {.min = 1, .max = MX_METADATA_NAME, .format = MX_LINE};

    for (const struct mx_json *m = mx_json_first(v); m; m = mx_json_next(m)) {
        const struct mx_place here = {at, MX_PLACE_MEMBER, mx_json_name(m), 0};
        struct mx_str normal;

        mx_read_string(r, &here, here.name, &name, &normal);
    }
}

void mx_read_metadata(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      const struct mx_json *v, struct mx_str *to)
{
    struct mx_jsonw w;
    struct mx_buf out;

    if (mx_json_type(v) != MX_JSON_OBJECT) {
        mx_read_wrong_type(r, at, "an object");
        return;
    }
    if (!mx_read_count_ok(r, f, at, mx_json_count(v)))
        return;
    check_names(r, at, v);
    if (mx_json_count(v) == 0)
        return;
    mx_buf_init(&out, r->arena, MX_METADATA_BYTES);
    mx_jsonw_init(&w, &out);
    write_object(r, at, &w, v);
    if (out.overflow)
        mx_read_fault(r, at, "too_long", "must have at most %d bytes as JSON", MX_METADATA_BYTES);
    else
        *to = mx_buf_view(&out);
}
