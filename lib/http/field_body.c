/* Reads a JSON body by its field table. Shapes may nest, and nothing but the table bounds how deep:
 * a shape never holds itself (mx_route_check). */
#include "base/arena.h"
#include "http/field_read.h"

static void read_value(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                       const struct mx_json *v, void *base);

static bool is_empty_text(const struct mx_reader *r, const struct mx_field *f,
                          const struct mx_json *v)
{
    return mx_json_type(v) == MX_JSON_STRING && mx_read_left_out(r, f, mx_json_string(v));
}

/* In a change, the empty text of what may be null is null, for a form whose field was emptied. */
static bool emptied(const struct mx_reader *r, const struct mx_field *f, const struct mx_json *v)
{
    return r->changes && (f->flags & MX_F_NULLABLE) && is_empty_text(r, f, v);
}

static bool left_out(const struct mx_reader *r, const struct mx_field *f, const struct mx_json *v)
{
    return is_empty_text(r, f, v) && !emptied(r, f, v);
}

static bool clears(const struct mx_reader *r, const struct mx_field *f, const struct mx_json *v)
{
    return emptied(r, f, v) || mx_json_type(v) == MX_JSON_NULL;
}

static bool is_named(const struct mx_field *f, const char *name)
{
    return strcmp(f->name, name) == 0;
}

/* A row that may not be sent is unknown, except id and version where the id names the object to
 * change. */
static const struct mx_field *find_row(const struct mx_shape *shape, struct mx_str name,
                                       const struct mx_reading *how)
{
    const struct mx_field *f = mx_field_find(shape, MX_BODY, name);
    bool key = f && how->keyed && (is_named(f, "id") || is_named(f, "version"));

    return f && (key || !(f->flags & MX_F_READ_ONLY)) ? f : NULL;
}

static bool is_required(const struct mx_field *f, const struct mx_reading *how)
{
    if (how->partial)
        return how->keyed && is_named(f, "id");
    return f->from == MX_BODY && (f->flags & MX_F_REQUIRED);
}

/* The rule of a shape over several of its members. */
static void check_whole(struct mx_reader *r, const struct mx_shape *shape,
                        const struct mx_place *at, const void *base)
{
    int before = mx_faults_told(r->faults);

    shape->check(r->faults, mx_place_pointer(r->arena, at), base);
    r->faulty |= mx_faults_told(r->faults) > before;
}

static void read_members(struct mx_reader *r, const struct mx_shape *shape,
                         const struct mx_place *at, const struct mx_json *v,
                         const struct mx_reading *how, void *base)
{
    if (mx_json_type(v) != MX_JSON_OBJECT) {
        mx_read_wrong_type(r, at, "an object");
        return;
    }
    for (const struct mx_json *m = mx_json_first(v); m; m = mx_json_next(m)) {
        const struct mx_place here = {at, MX_PLACE_MEMBER, mx_json_name(m), 0};
        const struct mx_field *f = find_row(shape, here.name, how);

        if (!f) {
            mx_read_fault(r, &here, "unknown_member", "is not a known member");
            continue;
        }
        if (how->sent && !left_out(r, f, m))
            *how->sent |= UINT64_C(1) << (f - shape->fields);
        read_value(r, f, &here, m, base);
        if (how->sent && clears(r, f, m) && f->has_off != MX_NO_HAS)
            *(bool *)mx_field_member(base, f->has_off) = false;
    }
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];
        const struct mx_place here = {at, MX_PLACE_MEMBER, mx_str_c(f->name), 0};

        if (is_required(f, how) && !mx_json_get(v, f->name))
            mx_read_missing(r, &here);
    }
    if (shape->check && !how->partial)
        check_whole(r, shape, at, base);
}

static void read_object(struct mx_reader *r, const struct mx_shape *shape,
                        const struct mx_place *at, const struct mx_json *v, void *base)
{
    read_members(r, shape, at, v, &(struct mx_reading){false, false, NULL}, base);
}

static void read_each(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      const struct mx_json *v, struct mx_list *to)
{
    bool changes = (f->flags & MX_F_CHANGES) != 0, before = r->changes;
    struct mx_place here = {at, MX_PLACE_ITEM, {0}, 0};

    r->changes = changes;
    for (const struct mx_json *c = mx_json_first(v); c; c = mx_json_next(c), here.index++) {
        struct mx_sent *one = MX_AT(*to, struct mx_sent, here.index);

        one->at = mx_arena_zalloc(r->arena, 1, f->shape->size);
        read_members(r, f->shape, &here, c, &(struct mx_reading){changes, changes, &one->rows},
                     one->at);
    }
    r->changes = before;
}

static void read_money(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                       const struct mx_json *v, struct mx_money *to)
{
    struct money {
        int64_t amount;
        struct mx_str currency;
    } in = {0};
    const struct mx_field fields[] = {
        MX_F(struct money, amount, MX_BODY, MX_F_REQUIRED, f->min,
             mx_field_bounded(f) ? f->max : MX_MONEY_MAX, MX_LINE, NULL),
        MX_F(struct money, currency, MX_BODY, MX_F_REQUIRED, 3, 3, MX_CURRENCY, NULL),
    };
    const struct mx_shape shape = {"Money", sizeof(in), fields, MX_LEN(fields), NULL};

    read_object(r, &shape, at, v, &in);
    if (in.currency.p && mx_currency_parse(in.currency, &to->currency))
        to->minor = in.amount;
}

static void read_strs(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      const struct mx_json *v, struct mx_list *to)
{
    struct mx_place here = {at, MX_PLACE_ITEM, {0}, 0};

    for (const struct mx_json *c = mx_json_first(v); c; c = mx_json_next(c), here.index++) {
        if (mx_json_type(c) != MX_JSON_STRING)
            mx_read_wrong_type(r, &here, "a string");
        else
            mx_read_item(r, &here, mx_json_string(c), f->format,
                         MX_AT(*to, struct mx_str, here.index));
    }
}

static void read_structs(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                         const struct mx_json *v, struct mx_list *to)
{
    struct mx_place here = {at, MX_PLACE_ITEM, {0}, 0};

    for (const struct mx_json *c = mx_json_first(v); c; c = mx_json_next(c), here.index++)
        read_object(r, f->shape, &here, c, (char *)to->at + here.index * f->shape->size);
}

/* True when one of the first `n` pairs has the name. */
static bool has_name(const struct mx_list *pairs, size_t n, struct mx_str name)
{
    for (size_t i = 0; i < n; i++)
        if (mx_str_eq(MX_AT(*pairs, const struct mx_pair, i)->name, name))
            return true;
    return false;
}

static void read_map(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                     const struct mx_json *v, struct mx_list *to)
{
    size_t i = 0;

    for (const struct mx_json *c = mx_json_first(v); c; c = mx_json_next(c), i++) {
        const struct mx_place here = {at, MX_PLACE_MEMBER, mx_json_name(c), 0};
        struct mx_pair *pair = MX_AT(*to, struct mx_pair, i);

        if (!mx_read_item(r, &here, here.name, MX_LINE, &pair->name))
            continue;
        if (has_name(to, i, pair->name))
            mx_read_fault(r, &here, "repeated", "must not be the name of another member");
        else if (mx_json_type(c) != MX_JSON_STRING)
            mx_read_wrong_type(r, &here, "a string");
        else
            mx_read_item(r, &here, mx_json_string(c), f->format, &pair->value);
    }
}

/* LIST, EACH, STRS, MAP. */
static void read_many(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      const struct mx_json *v, struct mx_list *to)
{
    bool map = f->kind == MX_K_MAP;
    size_t n, size = f->kind == MX_K_LIST   ? f->shape->size
                     : f->kind == MX_K_EACH ? sizeof(struct mx_sent)
                     : map                  ? sizeof(struct mx_pair)
                                            : sizeof(struct mx_str);

    if (mx_json_type(v) != (map ? MX_JSON_OBJECT : MX_JSON_ARRAY)) {
        mx_read_wrong_type(r, at, map ? "an object" : "an array");
        return;
    }
    n = mx_json_count(v);
    if (!mx_read_count_ok(r, f, at, n))
        return;
    *to = MX_LIST_OF(mx_arena_zalloc(r->arena, n, size), n, size);
    if (f->kind == MX_K_LIST)
        read_structs(r, f, at, v, to);
    else if (f->kind == MX_K_EACH)
        read_each(r, f, at, v, to);
    else if (map)
        read_map(r, f, at, v, to);
    else
        read_strs(r, f, at, v, to);
}

static void read_null(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      void *to)
{
    if (!(f->flags & MX_F_NULLABLE))
        mx_read_fault(r, at, "wrong_type", "must not be null");
    else if (f->kind == MX_K_ENUM)
        *(int *)to = -1;
    else if (f->kind == MX_K_METADATA)
        *(struct mx_str *)to = MX_S("{}");
}

static void read_value(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                       const struct mx_json *v, void *base)
{
    void *to = mx_field_member(base, f->off);
    enum mx_json_type type = mx_json_type(v);
    int64_t n = 0;
    bool is_int;

    if (left_out(r, f, v))
        return;
    mx_field_sent(f, base);
    if (clears(r, f, v)) {
        read_null(r, f, at, to);
        return;
    }
    switch (f->kind) {
    case MX_K_INT:
        is_int = type == MX_JSON_NUMBER && mx_json_int(v, &n);
        mx_read_int(r, f, at, is_int ? &n : NULL, to);
        return;
    case MX_K_BOOL:
        if (type == MX_JSON_BOOL)
            *(bool *)to = mx_json_bool(v);
        else
            mx_read_wrong_type(r, at, "true or false");
        return;
    case MX_K_MONEY:
        read_money(r, f, at, v, to);
        return;
    case MX_K_OBJPTR:
        *(void **)to = mx_arena_zalloc(r->arena, 1, f->shape->size);
        read_object(r, f->shape, at, v, *(void **)to);
        return;
    case MX_K_OBJECT:
        read_object(r, f->shape, at, v, to);
        return;
    case MX_K_LIST:
    case MX_K_EACH:
    case MX_K_STRS:
    case MX_K_MAP:
        read_many(r, f, at, v, to);
        return;
    case MX_K_METADATA:
        mx_read_metadata(r, f, at, v, to);
        return;
    case MX_K_RAW:
        return;
    default:
        if (type == MX_JSON_STRING)
            mx_read_text(r, f, at, mx_json_string(v), to);
        else
            mx_read_wrong_type(r, at, "a string");
    }
}

void mx_read_body(struct mx_reader *r, const struct mx_shape *shape, const struct mx_json *body,
                  const struct mx_reading *how, void *out)
{
    const struct mx_place root = {NULL, MX_PLACE_ROOT, {0}, 0};

    if (body) {
        read_members(r, shape, &root, body, how, out);
        return;
    }
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];
        const struct mx_place here = {&root, MX_PLACE_MEMBER, mx_str_c(f->name), 0};

        if (is_required(f, how))
            mx_read_missing(r, &here);
    }
}

/* ---- laying what was sent over what there is ---- */

static size_t size_of(const struct mx_field *f)
{
    switch (f->kind) {
    case MX_K_INT:
        return sizeof(int64_t);
    case MX_K_BOOL:
        return sizeof(bool);
    case MX_K_ID:
        return sizeof(struct mx_id);
    case MX_K_TIME:
        return sizeof(struct mx_time);
    case MX_K_MONEY:
        return sizeof(struct mx_money);
    case MX_K_ENUM:
        return sizeof(int);
    case MX_K_OBJECT:
        return f->shape->size;
    case MX_K_OBJPTR:
        return sizeof(void *);
    case MX_K_LIST:
    case MX_K_EACH:
    case MX_K_STRS:
    case MX_K_MAP:
        return sizeof(struct mx_list);
    default:
        return sizeof(struct mx_str);
    }
}

void mx_sent_lay(const struct mx_shape *shape, const struct mx_sent *sent, void *to)
{
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];

        if (!(sent->rows & UINT64_C(1) << i) || (f->flags & MX_F_READ_ONLY))
            continue;
        memcpy(mx_field_member(to, f->off), mx_field_member(sent->at, f->off), size_of(f));
        if (f->has_off != MX_NO_HAS)
            *(bool *)mx_field_member(to, f->has_off) =
                *(bool *)mx_field_member(sent->at, f->has_off);
    }
}
