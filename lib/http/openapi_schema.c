#include "http/openapi_schema.h"

#define ITEM_STRING_MAX 200

void mx_openapi_c(struct mx_jsonw *w, const char *name, const char *value)
{
    mx_jsonw_name(w, name);
    mx_jsonw_c(w, value);
}

void mx_openapi_int(struct mx_jsonw *w, const char *name, int64_t value)
{
    mx_jsonw_name(w, name);
    mx_jsonw_int(w, value);
}

void mx_openapi_bool(struct mx_jsonw *w, const char *name, bool value)
{
    mx_jsonw_name(w, name);
    mx_jsonw_bool(w, value);
}

static void write_ref(struct mx_jsonw *w, const char *name, const char *suffix)
{
    mx_jsonw_name(w, "$ref");
    mx_jsonw_str(w, mx_str_fmt(w->out->arena, "#/components/schemas/%s%s", name, suffix));
}

/* Suffix that tells the component of a shape that is taken from that of the same shape given. */
static const char *suffix_of(const struct mx_shapes *s, const struct mx_shape *shape,
                             enum mx_way way)
{
    const struct mx_shape_use *use = mx_shapes_find(s, shape);

    if (way == MX_PATCHED)
        return "Patch";
    if (way == MX_CHANGED)
        return "Change";
    return way == MX_TAKEN && use && use->out ? "Input" : "";
}

void mx_openapi_ref(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_shape *shape,
                    enum mx_way way)
{
    mx_jsonw_open(w);
    write_ref(w, shape->name, suffix_of(s, shape, way));
    mx_jsonw_close(w);
}

void mx_openapi_list_ref(struct mx_jsonw *w, const struct mx_shape *shape)
{
    mx_jsonw_open(w);
    write_ref(w, shape->name, "List");
    mx_jsonw_close(w);
}

/* "type": one type, or it and null. */
static void write_type(struct mx_jsonw *w, const struct mx_field *f, const char *type)
{
    if (!(f->flags & MX_F_NULLABLE)) {
        mx_openapi_c(w, "type", type);
        return;
    }
    mx_jsonw_name(w, "type");
    mx_jsonw_array(w);
    mx_jsonw_c(w, type);
    mx_jsonw_c(w, "null");
    mx_jsonw_array_end(w);
}

/* Bounds of the row under the names that its kind has for them. */
static void write_bounds(struct mx_jsonw *w, const struct mx_field *f, const char *min,
                         const char *max)
{
    if (f->min == 0 && f->max == 0)
        return;
    mx_openapi_int(w, min, f->min);
    mx_openapi_int(w, max, f->max);
}

/* Format and pattern. An answer promises no pattern of free text. */
static void write_format(struct mx_jsonw *w, enum mx_format f, bool in)
{
    const char *pattern = mx_format_pattern(f);

    if (mx_format_openapi(f))
        mx_openapi_c(w, "format", mx_format_openapi(f));
    if (pattern && (in || (f != MX_TEXT && f != MX_LINE)))
        mx_openapi_c(w, "pattern", pattern);
}

/* A string inside STRS or MAP. */
static void write_item_string(struct mx_jsonw *w, const struct mx_field *f, bool in)
{
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "string");
    if (in) {
        mx_openapi_int(w, "minLength", 1);
        mx_openapi_int(w, "maxLength", ITEM_STRING_MAX);
    }
    write_format(w, f->format, in);
    mx_jsonw_close(w);
}

/* Component of an enumeration by what its array is called: mx_order_status_names is OrderStatus. */
static const char *enum_name(struct mx_arena *a, const struct mx_field *f)
{
    struct mx_str id = mx_str_c(f->names_id), word;
    struct mx_buf out;

    if (mx_str_starts(id, MX_S("mx_")))
        id = mx_str_sub(id, 3, id.n);
    if (!mx_str_ends(id, MX_S("_names")))
        MX_BUG("%s: the array of an enumeration is called <enum>_names", f->names_id);
    id = mx_str_sub(id, 0, id.n - 6);
    mx_buf_init(&out, a, 100);
    while (mx_str_split(&id, '_', &word)) {
        mx_buf_byte(&out, (char)(word.p[0] - 'a' + 'A'));
        mx_buf_str(&out, mx_str_sub(word, 1, word.n));
    }
    return mx_str_z(a, mx_buf_view(&out));
}

static void write_enum(struct mx_jsonw *w, const struct mx_field *f)
{
    const char *name = enum_name(w->out->arena, f);

    if (!(f->flags & MX_F_NULLABLE)) {
        write_ref(w, name, "");
        return;
    }
    mx_jsonw_name(w, "anyOf");
    mx_jsonw_array(w);
    mx_jsonw_open(w);
    write_ref(w, name, "");
    mx_jsonw_close(w);
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "null");
    mx_jsonw_close(w);
    mx_jsonw_array_end(w);
}

static void write_list(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_field *f,
                       bool in)
{
    write_type(w, f, "array");
    write_bounds(w, f, "minItems", "maxItems");
    mx_jsonw_name(w, "items");
    if (f->kind == MX_K_EACH)
        mx_openapi_ref(w, s, f->shape, f->flags & MX_F_CHANGES ? MX_CHANGED : MX_TAKEN);
    else if (f->shape)
        mx_openapi_ref(w, s, f->shape, in ? MX_TAKEN : MX_GIVEN);
    else if (f->kind == MX_K_IDS)
        mx_openapi_field(w, s, &(const struct mx_field){.kind = MX_K_ID}, in);
    else
        write_item_string(w, f, in);
}

static void write_map(struct mx_jsonw *w, const struct mx_field *f, bool in)
{
    write_type(w, f, "object");
    write_bounds(w, f, "minProperties", "maxProperties");
    if (f->flags & MX_F_PREFIX) {
        mx_jsonw_name(w, "propertyNames");
        mx_jsonw_open(w);
        mx_jsonw_name(w, "pattern");
        mx_jsonw_str(w, mx_str_fmt(w->out->arena, "^%.*s[.]", (int)strlen(f->name) - 1, f->name));
        mx_jsonw_close(w);
    }
    mx_jsonw_name(w, "additionalProperties");
    write_item_string(w, f, in);
}

/* An object of the caller's own: any members. */
static void write_metadata(struct mx_jsonw *w, const struct mx_field *f, bool in)
{
    write_type(w, f, "object");
    write_bounds(w, f, "minProperties", "maxProperties");
    mx_jsonw_name(w, "additionalProperties");
    mx_jsonw_open(w);
    mx_jsonw_close(w);
    if (!in)
        return;
    mx_jsonw_name(w, "propertyNames");
    mx_jsonw_open(w);
    mx_openapi_int(w, "minLength", 1);
    mx_openapi_int(w, "maxLength", MX_METADATA_NAME);
    mx_jsonw_close(w);
}

static void write_scalar(struct mx_jsonw *w, const struct mx_field *f, bool in)
{
    switch (f->kind) {
    case MX_K_INT:
        write_type(w, f, "integer");
        mx_openapi_c(w, "format", "int64");
        write_bounds(w, f, "minimum", "maximum");
        return;
    case MX_K_BOOL:
        write_type(w, f, "boolean");
        return;
    case MX_K_ID:
        write_type(w, f, "string");
        mx_openapi_c(w, "format", "uuid");
        return;
    case MX_K_TIME:
        write_type(w, f, "string");
        mx_openapi_c(w, "format", "date-time");
        return;
    case MX_K_ENUM:
        write_enum(w, f);
        return;
    case MX_K_STR:
        write_type(w, f, "string");
        write_bounds(w, f, "minLength", "maxLength");
        write_format(w, f->format, in);
        return;
    default: /* RAW: any JSON */
        return;
    }
}

/* Members of a reference: the component, and the bounds of an amount that is taken. */
static void write_reference(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_field *f,
                            bool in)
{
    if (f->kind != MX_K_MONEY) {
        write_ref(w, f->shape->name, suffix_of(s, f->shape, in ? MX_TAKEN : MX_GIVEN));
        return;
    }
    write_ref(w, "Money", "");
    if (!in || (f->min == 0 && f->max == 0))
        return;
    mx_jsonw_name(w, "properties");
    mx_jsonw_open(w);
    mx_jsonw_name(w, "amount");
    mx_jsonw_open(w);
    write_bounds(w, f, "minimum", "maximum");
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

static void write_nullable_reference(struct mx_jsonw *w, const struct mx_shapes *s,
                                     const struct mx_field *f, bool in)
{
    mx_jsonw_name(w, "anyOf");
    mx_jsonw_array(w);
    mx_jsonw_open(w);
    write_reference(w, s, f, in);
    mx_jsonw_close(w);
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "null");
    mx_jsonw_close(w);
    mx_jsonw_array_end(w);
}

void mx_openapi_field(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_field *f,
                      bool in)
{
    bool reference = f->kind == MX_K_OBJECT || f->kind == MX_K_OBJPTR || f->kind == MX_K_MONEY;

    mx_jsonw_open(w);
    if (reference && (f->flags & MX_F_NULLABLE))
        write_nullable_reference(w, s, f, in);
    else if (reference)
        write_reference(w, s, f, in);
    else if (f->kind == MX_K_LIST || f->kind == MX_K_JSON_LIST || f->kind == MX_K_EACH ||
             f->kind == MX_K_STRS || f->kind == MX_K_IDS)
        write_list(w, s, f, in);
    else if (f->kind == MX_K_MAP || f->kind == MX_K_JSON_MAP)
        write_map(w, f, in);
    else if (f->kind == MX_K_METADATA)
        write_metadata(w, f, in);
    else
        write_scalar(w, f, in);
    if (f->flags & MX_F_SECRET)
        mx_openapi_bool(w, "x-secret", true);
    if (f->doc && f->doc[0])
        mx_openapi_c(w, "description", f->doc);
    mx_jsonw_close(w);
}

/* ---- components ---- */

static bool is_key(const struct mx_field *f)
{
    return strcmp(f->name, "id") == 0 || strcmp(f->name, "version") == 0;
}

/* True when the component has the row. */
static bool has_row(const struct mx_field *f, enum mx_way way)
{
    if (f->from != MX_BODY)
        return false;
    return way == MX_GIVEN || !(f->flags & MX_F_READ_ONLY) || (way == MX_CHANGED && is_key(f));
}

static bool required(const struct mx_field *f, enum mx_way way)
{
    switch (way) {
    case MX_GIVEN:
        return (f->flags & MX_F_OMIT) == 0;
    case MX_TAKEN:
        return (f->flags & MX_F_REQUIRED) != 0;
    case MX_CHANGED:
        return strcmp(f->name, "id") == 0;
    default:
        return false;
    }
}

static void write_required(struct mx_jsonw *w, const struct mx_shape *shape, enum mx_way way)
{
    bool any = false;

    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];

        if (!has_row(f, way) || !required(f, way))
            continue;
        if (!any) {
            mx_jsonw_name(w, "required");
            mx_jsonw_array(w);
        }
        any = true;
        mx_jsonw_c(w, f->name);
    }
    if (any)
        mx_jsonw_array_end(w);
}

static void write_shape(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_shape *shape,
                        enum mx_way way)
{
    mx_jsonw_name_str(w, mx_str_fmt(w->out->arena, "%s%s", shape->name, suffix_of(s, shape, way)));
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "object");
    if (way != MX_GIVEN)
        mx_openapi_bool(w, "additionalProperties", false);
    write_required(w, shape, way);
    mx_jsonw_name(w, "properties");
    mx_jsonw_open(w);
    for (size_t i = 0; i < shape->n; i++) {
        if (!has_row(&shape->fields[i], way))
            continue;
        mx_jsonw_name(w, shape->fields[i].name);
        mx_openapi_field(w, s, &shape->fields[i], way != MX_GIVEN);
    }
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

/* A page of rows, as mx_page_write makes it. */
static void write_page(struct mx_jsonw *w, const struct mx_shape *shape)
{
    static const char next_cursor[] =
        "{\"type\":[\"string\",\"null\"],\"description\":\"Send it as "
        "`cursor` for the next page; null: this is the last.\"}";

    mx_jsonw_name_str(w, mx_str_fmt(w->out->arena, "%sList", shape->name));
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "object");
    mx_jsonw_name(w, "required");
    mx_jsonw_raw(w, MX_S("[\"data\",\"next_cursor\"]"));
    mx_jsonw_name(w, "properties");
    mx_jsonw_open(w);
    mx_jsonw_name(w, "data");
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "array");
    mx_openapi_int(w, "maxItems", MX_PAGE_MAX);
    mx_jsonw_name(w, "items");
    mx_jsonw_open(w);
    write_ref(w, shape->name, "");
    mx_jsonw_close(w);
    mx_jsonw_close(w);
    mx_jsonw_name(w, "next_cursor");
    mx_jsonw_raw(w, mx_str_c(next_cursor));
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

static bool uses_money(const struct mx_shapes *s)
{
    for (size_t i = 0; i < s->n; i++) {
        for (size_t k = 0; k < s->at[i].shape->n; k++) {
            if (s->at[i].shape->fields[k].kind == MX_K_MONEY)
                return true;
        }
    }
    return false;
}

/* ---- enumerations ---- */

struct enums {
    const struct mx_shapes *shapes;
    mx_routes_ptr tables;
};

/* Call visit for each row of all shapes and inputs; the first true is returned. */
static bool each_row(const struct enums *e, bool (*visit)(const struct mx_field *f, void *arg),
                     void *arg)
{
    for (size_t i = 0; i < e->shapes->n; i++) {
        const struct mx_shape *shape = e->shapes->at[i].shape;

        for (size_t k = 0; k < shape->n; k++) {
            if (shape->fields[k].kind == MX_K_ENUM && visit(&shape->fields[k], arg))
                return true;
        }
    }
    MX_EACH_ROUTE(e->tables, r) {
        if (!mx_route_listed(r))
            continue;
        for (size_t k = 0; r->in && k < r->in->n; k++) {
            const struct mx_field *f = &r->in->fields[k];

            if (f->kind == MX_K_ENUM && f->from != MX_BODY && visit(f, arg))
                return true;
        }
    }
    return false;
}

static bool same_names(const char *const *a, const char *const *b)
{
    for (; *a && *b && strcmp(*a, *b) == 0; a++)
        b++;
    return !*a && !*b;
}

/* One component under way: the row that names it, and whether that is the first that does. */
struct naming {
    struct mx_jsonw *w;
    const struct enums *all;
    const struct mx_field *row, *first;
    const char *name;
};

static bool is_named(const struct mx_field *f, void *arg)
{
    struct naming *n = arg;

    if (strcmp(enum_name(n->w->out->arena, f), n->name) != 0)
        return false;
    if (!same_names(f->names, n->row->names))
        MX_BUG("two enumerations are called %s", n->name);
    n->first = f;
    return true;
}

static bool write_named(const struct mx_field *f, void *arg)
{
    struct naming *n = arg;

    n->row = f;
    n->name = enum_name(n->w->out->arena, f);
    each_row(n->all, is_named, n);
    if (n->first != f)
        return false;
    for (size_t i = 0; i < n->all->shapes->n; i++) {
        if (strcmp(n->all->shapes->at[i].shape->name, n->name) == 0)
            MX_BUG("a shape and an enumeration are called %s", n->name);
    }
    mx_jsonw_name(n->w, n->name);
    mx_jsonw_open(n->w);
    mx_openapi_c(n->w, "type", "string");
    mx_jsonw_name(n->w, "enum");
    mx_jsonw_array(n->w);
    for (int i = 0; f->names[i]; i++)
        mx_jsonw_c(n->w, f->names[i]);
    mx_jsonw_array_end(n->w);
    mx_jsonw_close(n->w);
    return false;
}

/* Codes that nginx alone answers with (nginx/merx-http.conf). */
static const char *const nginx_codes[] = {"request_timeout", "uri_too_long", "headers_too_large",
                                          "not_implemented", "http_version_not_supported"};

/* Codes of problems, each once. */
static void write_error_codes(struct mx_jsonw *w)
{
    mx_jsonw_name(w, "ErrorCode");
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "string");
    mx_openapi_c(w, "description", "Stable codes of errors; more may be added.");
    mx_jsonw_name(w, "enum");
    mx_jsonw_array(w);
    for (int e = MX_OK + 1; e < MX_ERR_COUNT; e++) {
        bool seen = false;

        for (int k = MX_OK + 1; k < e && !seen; k++)
            seen = strcmp(mx_err_code((enum mx_err)k), mx_err_code((enum mx_err)e)) == 0;
        if (!seen)
            mx_jsonw_c(w, mx_err_code((enum mx_err)e));
    }
    for (size_t i = 0; i < MX_LEN(nginx_codes); i++)
        mx_jsonw_c(w, nginx_codes[i]);
    mx_jsonw_array_end(w);
    mx_jsonw_close(w);
}

/* Codes of faults, and what they mean. */
static void write_fault_codes(struct mx_jsonw *w)
{
    static const char *const codes[][2] = {
#define CODE(code, meaning) {code, meaning},
        MX_FAULT_CODES(CODE)
#undef CODE
    };
    struct mx_buf doc;

    mx_buf_init(&doc, w->out->arena, 4000);
    mx_buf_c(&doc, "Code of a fault of a member or parameter. ");
    for (size_t i = 0; i < MX_LEN(codes); i++)
        mx_buf_fmt(&doc, "%s: %s. ", codes[i][0], codes[i][1]);
    mx_buf_c(&doc, "More may be added.");
    mx_jsonw_name(w, "FaultCode");
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "string");
    mx_jsonw_name(w, "description");
    mx_jsonw_str(w, mx_buf_view(&doc));
    mx_jsonw_name(w, "enum");
    mx_jsonw_array(w);
    for (size_t i = 0; i < MX_LEN(codes); i++)
        mx_jsonw_c(w, codes[i][0]);
    mx_jsonw_array_end(w);
    mx_jsonw_close(w);
}

/* ---- the two that no table describes ---- */

/* Problem is open: an error may name what it is about (order_id). */
static const char money_schema[] =
    "{\"type\":\"object\",\"required\":[\"amount\",\"currency\"],"
    "\"properties\":{\"amount\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":0,"
    "\"maximum\":9007199254740991,\"description\":\"In minor units of the currency: 1299 is 12.99 "
    "EUR.\"},"
    "\"currency\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}$\",\"description\":\"ISO 4217.\"}}}";
static const char problem_schema[] =
    "{\"type\":\"object\",\"description\":\"Error, as in RFC 9457. Decide by `code`; `title` and "
    "`detail` are for people.\","
    "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"code\",\"request_id\"],"
    "\"properties\":{\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
    "\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":599},"
    "\"detail\":{\"type\":\"string\"},\"code\":{\"$ref\":\"#/components/schemas/ErrorCode\"},"
    "\"request_id\":{\"type\":\"string\"},\"params\":{\"type\":\"object\",\"description\":"
    "\"Values for a text of the app's own, by code. payment_declined: order_id, failure_code, "
    "expires_at. price_changed: was, now. out_of_stock, cannot_be_priced: items. "
    "invalid_transition: status, payment_status, fulfilment_status. open_orders: orders. "
    "version_conflict: version. forbidden: permission, where one is missing. conflict of stock: "
    "sku, on_hand, reserved.\"},\"errors\":{\"type\":\"array\",\"maxItems\":20,"
    "\"items\":{\"type\":\"object\","
    "\"required\":[\"code\",\"detail\"],"
    "\"oneOf\":[{\"required\":[\"pointer\"]},{\"required\":[\"parameter\"]}],"
    "\"properties\":{\"pointer\":{\"type\":\"string\",\"description\":\"JSON Pointer (RFC 6901) to "
    "a member of the body.\"},\"parameter\":{\"type\":\"string\",\"description\":\"Name of a "
    "parameter of path, query or header.\"},"
    "\"code\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/FaultCode\"},"
    "{\"$ref\":\"#/components/schemas/ErrorCode\"}],\"description\":\"An ErrorCode "
    "if the whole error is about this place.\"},\"detail\":{\"type\":\"string\"},"
    "\"params\":{\"type\":\"object\",\"description\":\"Values for a text of the app's own: "
    "min and max of out_of_range, too_short, too_long, too_few and too_many; allowed of "
    "unknown_value, where it names them.\"}}}},\"errors_total\":{\"type\":\"integer\","
    "\"minimum\":21,\"description\":\"Number of all faults, if errors lists only the first "
    "20.\"}}}";

void mx_openapi_components(struct mx_jsonw *w, const struct mx_shapes *s, mx_routes_ptr tables)
{
    const struct enums enums = {s, tables};
    struct naming naming = {.w = w, .all = &enums};

    mx_jsonw_open(w);
    for (size_t i = 0; i < s->n; i++) {
        const struct mx_shape_use *use = &s->at[i];

        if (use->out)
            write_shape(w, s, use->shape, MX_GIVEN);
        if (use->in)
            write_shape(w, s, use->shape, MX_TAKEN);
        if (use->patched)
            write_shape(w, s, use->shape, MX_PATCHED);
        if (use->changed)
            write_shape(w, s, use->shape, MX_CHANGED);
        if (use->listed)
            write_page(w, use->shape);
    }
    each_row(&enums, write_named, &naming);
    write_error_codes(w);
    write_fault_codes(w);
    if (uses_money(s)) {
        mx_jsonw_name(w, "Money");
        mx_jsonw_raw(w, mx_str_c(money_schema));
    }
    mx_jsonw_name(w, "Problem");
    mx_jsonw_raw(w, mx_str_c(problem_schema));
    mx_jsonw_close(w);
}
