/* Reads a request by its field table: path, query and header here, the body in field_body.c. A
 * fault never stops the walk, so that the caller sees all of them. */
#include "base/arena.h"
#include "http/field_read.h"

static struct mx_place parameter(struct mx_str name)
{
    return (struct mx_place){NULL, MX_PLACE_PARAMETER, name, 0};
}

static void read_parameter(struct mx_reader *r, const struct mx_field *f, struct mx_str s,
                           void *base)
{
    const struct mx_place at = parameter(mx_str_c(f->name));
    void *to = mx_field_member(base, f->off);
    int64_t n = 0;
    bool is_int;

    if (mx_read_left_out(r, f, s))
        return;
    mx_field_sent(f, base);
    if (f->kind == MX_K_INT) {
        is_int = mx_str_i64(s, INT64_MIN, INT64_MAX, &n);
        mx_read_int(r, f, &at, is_int ? &n : NULL, to);
    } else if (f->kind == MX_K_BOOL) {
        *(bool *)to = mx_str_eqc(s, "true");
        if (!*(bool *)to && !mx_str_eqc(s, "false"))
            mx_read_wrong_type(r, &at, "true or false");
    } else {
        mx_read_text(r, f, &at, s, to);
    }
}

/* True when query parameter `name` belongs to row `f`. */
static bool takes(const struct mx_field *f, struct mx_str name)
{
    if (f->from != MX_QUERY)
        return false;
    if (f->flags & MX_F_PREFIX)
        return mx_str_starts(name, mx_str_c(f->name));
    return mx_str_eqc(name, f->name);
}

static bool collects(const struct mx_field *f)
{
    return f->kind == MX_K_STRS || f->kind == MX_K_MAP;
}

/* True when the parameter gives row `f` a value: an empty string of several counts as absent. */
static bool gives(const struct mx_field *f, const struct mx_pair *p)
{
    return takes(f, p->name) &&
           (p->value.n > 0 || f->kind != MX_K_STRS || (f->flags & MX_F_REQUIRED));
}

/* Read one value of a row that collects into *to; the name behind a prefix as well. */
static bool read_collected(struct mx_reader *r, const struct mx_field *f, const struct mx_pair *p,
                           struct mx_pair *to)
{
    const struct mx_place at = parameter(p->name);
    struct mx_str rest = mx_str_sub(p->name, strlen(f->name), p->name.n);

    if (f->kind == MX_K_MAP && rest.n == 0) {
        mx_read_fault(r, &at, "unknown_parameter", "must have a name after the prefix");
        return false;
    }
    if (f->kind == MX_K_MAP && (mx_str_find(rest, '[') >= 0 || mx_str_find(rest, ']') >= 0)) {
        mx_read_fault(r, &at, "unknown_parameter", "must not have brackets in its name");
        return false;
    }
    return (f->kind != MX_K_MAP || mx_read_item(r, &at, rest, MX_LINE, &to->name)) &&
           mx_read_item(r, &at, p->value, f->format, &to->value);
}

/* The `n` values of a repeatable parameter or a prefix. */
static void collect(struct mx_reader *r, const struct mx_field *f, const struct mx_sources *src,
                    size_t n, void *base)
{
    const struct mx_place all = parameter(mx_str_c(f->name));
    struct mx_list *to = mx_field_member(base, f->off);
    bool map = f->kind == MX_K_MAP;
    size_t i = 0;

    mx_field_sent(f, base);
    if (!mx_read_count_ok(r, f, &all, n))
        return;
    *to = map ? MX_LIST(MX_NEW_N(r->arena, n, struct mx_pair), n)
              : MX_LIST(MX_NEW_N(r->arena, n, struct mx_str), n);
    for (int q = 0; q < src->n_query; q++) {
        struct mx_pair pair;

        if (!gives(f, &src->query[q]) || !read_collected(r, f, &src->query[q], &pair))
            continue;
        if (map)
            *MX_AT(*to, struct mx_pair, i++) = pair;
        else
            *MX_AT(*to, struct mx_str, i++) = pair.value;
    }
}

/* The ids of a parameter that is repeated, or has commas between them. An empty one names none: a
 * caller whose list is empty wants nothing, not everything. */
static void collect_ids(struct mx_reader *r, const struct mx_field *f, const struct mx_sources *src,
                        void *base)
{
    const struct mx_field one = {.name = f->name, .kind = MX_K_ID};
    const struct mx_place at = parameter(mx_str_c(f->name));
    struct mx_list *to = mx_field_member(base, f->off);

    mx_field_sent(f, base);
    *to = MX_LIST(MX_NEW_N(r->arena, (size_t)f->max, struct mx_id), 0);
    for (int q = 0; q < src->n_query; q++) {
        struct mx_str rest = src->query[q].value, id;

        if (!gives(f, &src->query[q]) || rest.n == 0)
            continue;
        while (mx_str_split(&rest, ',', &id)) {
            if (!mx_read_count_ok(r, f, &at, to->n + 1))
                return;
            mx_read_text(r, &one, &at, mx_str_trim(id), MX_AT(*to, struct mx_id, to->n++));
        }
    }
}

static void read_query_row(struct mx_reader *r, const struct mx_field *f,
                           const struct mx_sources *src, void *base)
{
    const struct mx_place at = parameter(mx_str_c(f->name));
    const struct mx_pair *first = NULL;
    size_t n = 0;

    for (int q = 0; q < src->n_query; q++) {
        if (!gives(f, &src->query[q]))
            continue;
        if (n++ == 0)
            first = &src->query[q];
    }
    if (n == 0 && (f->flags & MX_F_REQUIRED))
        mx_read_missing(r, &at);
    else if (n > 0 && f->kind == MX_K_IDS)
        collect_ids(r, f, src, base);
    else if (n > 0 && collects(f))
        collect(r, f, src, n, base);
    else if (n > 1)
        mx_read_fault(r, &at, "repeated", "must not be repeated");
    else if (n == 1)
        read_parameter(r, f, first->value, base);
}

static void read_query(struct mx_reader *r, const struct mx_shape *shape,
                       const struct mx_sources *src, void *out)
{
    for (int q = 0; q < src->n_query; q++) {
        const struct mx_place at = parameter(src->query[q].name);
        bool known = false;

        for (size_t i = 0; i < shape->n && !known; i++)
            known = takes(&shape->fields[i], at.name);
        if (!known)
            mx_read_fault(r, &at, "unknown_parameter", "is not a known parameter");
    }
    for (size_t i = 0; i < shape->n; i++) {
        if (shape->fields[i].from == MX_QUERY)
            read_query_row(r, &shape->fields[i], src, out);
    }
}

/* The If-Match header. */
static void read_header(struct mx_reader *r, const struct mx_field *f, struct mx_str s, void *out)
{
    const struct mx_place at = parameter(mx_str_c(f->name));

    if (!s.p) {
        if (f->flags & MX_F_REQUIRED)
            mx_read_missing(r, &at);
        return;
    }
    read_parameter(r, f, s, out);
}

/* False when the path can name no resource. */
static bool read_path(struct mx_reader *r, const struct mx_shape *shape,
                      const struct mx_sources *src, void *out)
{
    bool faulty = false;

    for (int i = 0; i < src->n_path; i++) {
        const struct mx_field *f = mx_field_find(shape, MX_PATH, src->path[i].name);

        if (!f)
            MX_BUG("path parameter %.*s is not bound", MX_FMT(src->path[i].name));
        r->faulty = false;
        read_parameter(r, f, src->path[i].value, out);
        if (r->faulty && f->kind != MX_K_STR)
            return false;
        faulty |= r->faulty;
    }
    r->faulty = faulty;
    return true;
}

struct mx_sources mx_sources_take(struct mx_arena *a, struct mx_sources *src,
                                  const struct mx_shape *shape)
{
    size_t n = (size_t)src->n_query;
    struct mx_pair *taken = MX_NEW_N(a, n, struct mx_pair), *left = MX_NEW_N(a, n, struct mx_pair);
    struct mx_sources mine = {.query = taken}, rest = {.query = left};

    for (size_t i = 0; i < n; i++) {
        if (mx_field_find(shape, MX_QUERY, src->query[i].name))
            taken[mine.n_query++] = src->query[i];
        else
            left[rest.n_query++] = src->query[i];
    }
    src->query = rest.query;
    src->n_query = rest.n_query;
    return mine;
}

enum mx_err mx_fields_read(struct mx_arena *a, const struct mx_shape *shape,
                           const struct mx_sources *src, struct mx_faults *faults, void *out)
{
    struct mx_reader r = {a, faults, false, src->partial};
    int n_before = faults->n, dropped_before = faults->dropped;

    memset(out, 0, shape->size);
    if (!read_path(&r, shape, src, out)) {
        faults->n = n_before;
        faults->dropped = dropped_before;
        return MX_E_NOT_FOUND;
    }
    read_query(&r, shape, src, out);
    for (size_t i = 0; i < shape->n; i++) {
        if (shape->fields[i].from == MX_HEADER)
            read_header(&r, &shape->fields[i], src->if_match, out);
    }
    mx_read_body(&r, shape, src->body, &(struct mx_reading){src->partial, false, src->sent}, out);
    return r.faulty ? MX_E_VALIDATION_FAILED : MX_OK;
}
