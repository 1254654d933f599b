/* Whatever is accepted is valid UTF-8 without duplicate members, and survives being written and
 * read again. */
#include "base/arena.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct mx_jsonw *w, const struct mx_json *v);

/* The parser finds duplicates by hashing; here by comparing all pairs of the first members. */
static void check_names(const struct mx_json *object)
{
    const struct mx_json *a, *b;
    int n = 0;

    for (a = mx_json_first(object); a && n < 100; a = mx_json_next(a), n++)
        for (b = mx_json_next(a); b; b = mx_json_next(b))
            MX_ASSERT(!mx_str_eq(mx_json_name(a), mx_json_name(b)));
}

static void write_children(struct mx_jsonw *w, const struct mx_json *v, bool named)
{
    for (v = mx_json_first(v); v; v = mx_json_next(v)) {
        if (named)
            mx_jsonw_name_str(w, mx_json_name(v));
        write_value(w, v);
    }
}

static void write_number(struct mx_jsonw *w, const struct mx_json *v)
{
    int64_t value;

    if (!mx_json_int(v, &value)) {
        mx_jsonw_raw(w, MX_S("1e5"));
        return;
    }
    MX_ASSERT(value <= INT64_C(9007199254740991) && value >= -INT64_C(9007199254740991));
    mx_jsonw_int(w, value);
}

static void write_value(struct mx_jsonw *w, const struct mx_json *v)
{
    switch (mx_json_type(v)) {
    case MX_JSON_NULL:
        mx_jsonw_null(w);
        break;
    case MX_JSON_BOOL:
        mx_jsonw_bool(w, mx_json_bool(v));
        break;
    case MX_JSON_NUMBER:
        write_number(w, v);
        break;
    case MX_JSON_STRING:
        mx_jsonw_str(w, mx_json_string(v));
        break;
    case MX_JSON_ARRAY:
        mx_jsonw_array(w);
        write_children(w, v, false);
        mx_jsonw_array_end(w);
        break;
    case MX_JSON_OBJECT:
        check_names(v);
        mx_jsonw_open(w);
        write_children(w, v, true);
        mx_jsonw_close(w);
        break;
    }
}

/* The text of `in` as our writer puts it; absent when it is refused. */
static struct mx_str normal(struct mx_arena *a, struct mx_str in)
{
    const struct mx_json *root = NULL;
    const char *why = NULL;
    struct mx_jsonw w;
    struct mx_buf out;
    size_t offset = 0;

    if (mx_json_parse(a, in, &root, &why, &offset) != MX_OK) {
        MX_ASSERT(why != NULL && offset <= in.n);
        return (struct mx_str){0};
    }
    mx_buf_init(&out, a, 1 << 24);
    mx_jsonw_init(&w, &out);
    write_value(&w, root);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mx_arena *a;
    struct mx_str in = {(const char *)data, size}, once;

    if (!a)
        a = mx_arena_new(65536, 256 << 20);
    once = normal(a, in);
    if (once.p) {
        MX_ASSERT(mx_utf8_valid(in));
        MX_ASSERT(mx_str_eq(once, normal(a, once)));
    }
    mx_arena_reset(a);
    return 0;
}
