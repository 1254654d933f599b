#include "http/pick.h"

#include "http/field_read.h"

struct query {
    struct mx_str fields;
};
static const struct mx_field query_fields[] = {
    MX_F(struct query, fields, MX_QUERY, 0, 1, MX_PICK_MAX, MX_LINE,
         "Return only these members, separated by commas: `id,price.amount`. A dot "
         "selects a member of an object or of the entries of a list; in a paged "
         "list, names refer to the entries of `data`. Other members are left out, "
         "even those that the schema requires."),
};
MX_SHAPE(mx_shape_pick_query, "PickQuery", struct query, query_fields);

static const struct mx_field money_fields[] = {{.name = "amount"}, {.name = "currency"}};
static MX_SHAPE(money, "Money", struct mx_money, money_fields);

bool mx_route_picks(const struct mx_route *r)
{
    return r->method == MX_GET && r->answers[0].shape;
}

/* ---- names ---- */

/* The shape of the entries of a page that has a shape of its own; NULL: it is no page. */
static const struct mx_shape *entry_of(const struct mx_shape *shape)
{
    const struct mx_field *data = mx_field_find(shape, MX_BODY, MX_S("data"));

    return data && (data->kind == MX_K_LIST || data->kind == MX_K_JSON_LIST) ? data->shape : NULL;
}

/* The names below it are the caller's own. */
static bool is_open(enum mx_kind kind)
{
    return kind == MX_K_MAP || kind == MX_K_JSON_MAP || kind == MX_K_METADATA || kind == MX_K_RAW;
}

/* True when the path leads to a member of the shape. */
static bool leads(const struct mx_shape *shape, struct mx_str path)
{
    struct mx_str name;

    while (mx_str_split(&path, '.', &name)) {
        const struct mx_field *f = shape ? mx_field_find(shape, MX_BODY, name) : NULL;

        if (!f)
            return false;
        if (is_open(f->kind))
            return true;
        shape = f->kind == MX_K_MONEY ? &money : f->shape;
    }
    return true;
}

static bool is_known(const struct mx_route *r, struct mx_str path)
{
    for (int i = 0; i < MX_ANSWERS_MAX; i++) {
        const struct mx_shape *shape = r->answers[i].shape;

        if (shape && leads(entry_of(shape) ? entry_of(shape) : shape, path))
            return true;
    }
    return false;
}

static struct mx_pick *find(const struct mx_pick *pick, struct mx_str name)
{
    struct mx_pick *p = pick->below;

    while (p && !mx_str_eq(p->name, name))
        p = p->next;
    return p;
}

/* Keep what the path leads to; false when it is too deep. */
static bool add(struct mx_arena *a, struct mx_pick *pick, struct mx_str path)
{
    struct mx_str name;

    for (int depth = 0; mx_str_split(&path, '.', &name); depth++) {
        struct mx_pick *p = find(pick, name);

        if (depth == MX_PICK_DEPTH)
            return false;
        if (!p) {
            p = MX_NEW(a, struct mx_pick);
            *p = (struct mx_pick){.name = name, .next = pick->below};
            pick->below = p;
        }
        pick = p;
    }
    pick->whole = true;
    return true;
}

static bool is_page(const struct mx_route *r)
{
    return (r->flags & MX_R_LIST) || entry_of(r->answers[0].shape);
}

static bool is_asked(const struct mx_sources *src)
{
    for (int i = 0; i < src->n_query; i++) {
        if (mx_str_eqc(src->query[i].name, query_fields[0].name))
            return true;
    }
    return false;
}

enum mx_err mx_pick_read(struct mx_arena *a, const struct mx_route *r, struct mx_sources *src,
                         struct mx_faults *faults, const struct mx_pick **ret_pick)
{
    struct mx_pick *root, *top;
    struct mx_sources mine;
    struct mx_str name;
    struct query q;
    bool faulty = false;

    *ret_pick = NULL;
    if (!is_asked(src))
        return MX_OK;
    mine = mx_sources_take(a, src, &mx_shape_pick_query);
    MX_TRY(mx_fields_read(a, &mx_shape_pick_query, &mine, faults, &q));
    if (!q.fields.p)
        return MX_OK;
    root = top = MX_NEW(a, struct mx_pick);
    *root = (struct mx_pick){.rest = is_page(r)};
    if (root->rest) {
        top = root->below = MX_NEW(a, struct mx_pick);
        *top = (struct mx_pick){.name = MX_S("data")};
    }
    while (mx_str_split(&q.fields, ',', &name)) {
        name = mx_str_trim(name);
        if (is_known(r, name) && add(a, top, name))
            continue;
        faulty = true;
        mx_fault_param(faults, MX_S("fields"), "unknown_value",
                       "\"%.*s\" is not a member of the answer; separate names with commas",
                       MX_FMT(name));
    }
    if (faulty)
        return MX_E_VALIDATION_FAILED;
    *ret_pick = root;
    return MX_OK;
}

/* ---- cutting ---- */

/* The text that is read, and where what is kept of it goes: never behind what was read. */
struct cut {
    const char *at;
    char *to;
};

static void put(struct cut *c, char byte)
{
    *c->to++ = byte;
}

static void keep(struct cut *c, size_t n)
{
    memmove(c->to, c->at, n);
    c->at += n;
    c->to += n;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *string_end(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* The end of the value that begins at p. */
static const char *value_end(const char *p)
{
    int depth = 0;

    do {
        if (*p == '"') {
            p = string_end(p);
            continue;
        }
        if (*p != '{' && *p != '[' && *p != '}' && *p != ']') {
            p += depth > 0 ? 1 : strcspn(p, ",]} \t\r\n");
            continue;
        }
        depth += *p == '{' || *p == '[' ? 1 : -1;
        p++;
    } while (depth > 0);
    return p;
}

static void keep_value(struct cut *c)
{
    keep(c, (size_t)(value_end(c->at) - c->at));
}

static void cut_value(struct cut *c, const struct mx_pick *pick);

static void cut_list(struct cut *c, const struct mx_pick *pick)
{
    keep(c, 1);
    for (c->at = skip_blanks(c->at); *c->at != ']'; c->at = skip_blanks(c->at)) {
        if (*c->at == ',')
            keep(c, 1);
        else
            cut_value(c, pick);
    }
    keep(c, 1);
}

static void cut_object(struct cut *c, const struct mx_pick *pick)
{
    bool comma = false;

    keep(c, 1);
    for (c->at = skip_blanks(c->at); *c->at != '}'; c->at = skip_blanks(c->at)) {
        const char *name = skip_blanks(c->at + (*c->at == ',')), *end = string_end(name);
        const char *value = skip_blanks(skip_blanks(end) + 1);
        const struct mx_pick *member =
            find(pick, (struct mx_str){name + 1, (size_t)(end - name) - 2});

        c->at = value;
        if (!member && !pick->rest) {
            c->at = value_end(value);
            continue;
        }
        if (comma)
            put(c, ',');
        comma = true;
        c->at = name;
        keep(c, (size_t)(end - name));
        put(c, ':');
        c->at = value;
        if (member)
            cut_value(c, member);
        else
            keep_value(c);
    }
    keep(c, 1);
}

static void cut_value(struct cut *c, const struct mx_pick *pick)
{
    if (!pick->whole && *c->at == '{')
        cut_object(c, pick);
    else if (!pick->whole && *c->at == '[')
        cut_list(c, pick);
    else
        keep_value(c);
}

void mx_pick_apply(const struct mx_pick *pick, struct mx_buf *out)
{
    struct cut c = {out->p, out->p};

    if (out->overflow)
        return;
    cut_value(&c, pick);
    out->n = (size_t)(c.to - out->p);
    out->p[out->n] = 0;
}
