/* Matching is a walk over the rows: a table of some hundred rows is cheaper to walk than to index,
 * since most rows differ early. */
#include "http/route.h"

static const char *const method_names[] = {
    [MX_GET] = "GET",     [MX_HEAD] = "HEAD",     [MX_POST] = "POST",       [MX_PUT] = "PUT",
    [MX_PATCH] = "PATCH", [MX_DELETE] = "DELETE", [MX_OPTIONS] = "OPTIONS",
};

const char *mx_method_name(enum mx_method m)
{
    return (size_t)m < MX_LEN(method_names) ? method_names[m] : "OTHER";
}

enum mx_pool_kind mx_route_pool(const struct mx_route *r)
{
    return r->pool == MX_POOL_FAST && r->who == MX_WHO_STAFF ? MX_POOL_STAFF : r->pool;
}

/* Values of the {names} of `pattern` in `path`; false when it does not match. A value is one
 * non-empty segment. */
static bool match(const char *pattern, struct mx_str path, struct mx_pair *params, int *ret_n)
{
    const char *p = path.p, *end = path.p + path.n;

    *ret_n = 0;
    while (*pattern) {
        const char *name = pattern + 1, *value = p;

        if (*pattern != '{') {
            if (p == end || *p++ != *pattern++)
                return false;
            continue;
        }
        pattern = strchr(name, '}');
        while (p < end && *p != '/')
            p++;
        if (p == value)
            return false;
        params[*ret_n] =
            (struct mx_pair){{name, (size_t)(pattern++ - name)}, {value, (size_t)(p - value)}};
        ++*ret_n;
    }
    return p == end;
}

/* The methods of a path, in the order of enum mx_method. */
static void write_allow(unsigned methods, char *out, size_t size)
{
    size_t n = 0;

    if (methods & 1u << MX_GET)
        methods |= 1u << MX_HEAD;
    out[0] = 0;
    for (size_t m = 0; m < MX_LEN(method_names) && n < size; m++) {
        if (methods & 1u << m)
            n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", method_names[m]);
    }
}

struct mx_match mx_route_match(mx_routes_ptr tables, enum mx_method m, struct mx_str path)
{
    enum mx_method wanted = m == MX_HEAD ? MX_GET : m;
    struct mx_match found = {0};
    unsigned methods = 0;

    if (!path.p)
        return found;
    MX_EACH_ROUTE(tables, row) {
        struct mx_pair params[MX_PATH_PARAMS_MAX];
        int n;

        if (!match(row->path, path, params, &n))
            continue;
        methods |= 1u << row->method;
        found.listed |= mx_route_listed(row);
        if (row->method != wanted || (found.route && found.n_params <= n))
            continue;
        found.route = row;
        found.n_params = n;
        memcpy(found.params, params, sizeof(params[0]) * (size_t)n);
    }
    found.known_path = methods != 0;
    write_allow(methods, found.allow, sizeof(found.allow));
    return found;
}

bool mx_shape_takes(const struct mx_shape *shape, enum mx_from from)
{
    for (size_t i = 0; shape && i < shape->n; i++) {
        if (shape->fields[i].from == from)
            return true;
    }
    return false;
}

/* True when a row from the body has the flag. */
static bool has_body_flag(const struct mx_shape *shape, unsigned flag)
{
    for (size_t i = 0; shape && i < shape->n; i++) {
        if (shape->fields[i].from == MX_BODY && (shape->fields[i].flags & flag))
            return true;
    }
    return false;
}

bool mx_shape_is_secret(const struct mx_shape *shape, struct mx_str name)
{
    for (size_t i = 0; shape && i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];

        if (f->from == MX_BODY && (f->flags & MX_F_SECRET) && mx_str_eqc(name, f->name))
            return true;
    }
    return false;
}

bool mx_shape_has_secret(const struct mx_shape *shape)
{
    return has_body_flag(shape, MX_F_SECRET);
}

bool mx_shape_has_version(const struct mx_shape *shape)
{
    for (size_t i = 0; shape && i < shape->n; i++) {
        if (strcmp(shape->fields[i].name, "version") == 0)
            return true;
    }
    return false;
}

bool mx_route_requires_body(const struct mx_route *r)
{
    return r->body || has_body_flag(r->in, MX_F_REQUIRED) || (r->in && r->in->check);
}

bool mx_route_reads_body(const struct mx_route *r)
{
    return r->method == MX_POST || r->method == MX_PUT || r->method == MX_PATCH ||
           mx_shape_takes(r->in, MX_BODY);
}
