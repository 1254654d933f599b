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
