/* The check of the route table at start-up: a table that says something impossible never serves. */
#include "http/field_read.h"
#include "http/pick.h"
#include "http/shapes.h"

#define KINDS_TEXT (1u << MX_K_STR | 1u << MX_K_INT | 1u << MX_K_ID | 1u << MX_K_ENUM)

/* The kinds that each source can carry. */
static const unsigned kinds_from[] = {
    [MX_BODY] = ~(1u << MX_K_IDS | 1u << MX_K_JSON_LIST | 1u << MX_K_JSON_MAP),
    [MX_PATH] = KINDS_TEXT,
    [MX_QUERY] = KINDS_TEXT | 1u << MX_K_BOOL | 1u << MX_K_TIME | 1u << MX_K_STRS | 1u << MX_K_IDS |
                 1u << MX_K_MAP,
    [MX_HEADER] = 1u << MX_K_STR,
};

static void check_bounds(const struct mx_route *r, const struct mx_field *f)
{
    bool sized = f->kind == MX_K_STR || f->kind == MX_K_LIST || f->kind == MX_K_EACH ||
                 f->kind == MX_K_STRS || f->kind == MX_K_IDS || f->kind == MX_K_MAP ||
                 f->kind == MX_K_METADATA;

    if (f->max < f->min || (sized && f->min < 0))
        MX_BUG("%s: %s: bounds are the wrong way round", r->id, f->name);
    if (sized && f->max == 0)
        MX_BUG("%s: %s: input without a maximum", r->id, f->name);
    if (f->kind == MX_K_INT && f->min == 0 && f->max == 0)
        MX_BUG("%s: %s: an integer without bounds", r->id, f->name);
}

static void check_taken(const struct mx_route *r, const struct mx_field *f)
{
    bool prefix = (f->flags & MX_F_PREFIX) != 0;
    bool nested = f->kind == MX_K_OBJECT || f->kind == MX_K_OBJPTR || f->kind == MX_K_LIST ||
                  f->kind == MX_K_EACH;

    if (!(kinds_from[f->from] & 1u << f->kind))
        MX_BUG("%s: %s: a kind that its source cannot carry", r->id, f->name);
    if (prefix != (f->from == MX_QUERY && f->kind == MX_K_MAP))
        MX_BUG("%s: %s: a map in the query is a prefix, nothing else is", r->id, f->name);
    if (prefix && !mx_str_ends(mx_str_c(f->name), MX_S(".")))
        MX_BUG("%s: %s: a prefix ends with a dot", r->id, f->name);
    if (f->from == MX_HEADER && strcmp(f->name, "If-Match") != 0)
        MX_BUG("%s: %s: no such header is read", r->id, f->name);
    if (f->kind == MX_K_ENUM && (!f->names || !f->names[0]))
        MX_BUG("%s: %s: an enum without names", r->id, f->name);
    if (nested != (f->shape != NULL))
        MX_BUG("%s: %s: a shape where none belongs, or none where one does", r->id, f->name);
    check_bounds(r, f);
}

static void check_row(const struct mx_route *r, const struct mx_field *f)
{
    if (!(f->flags & MX_F_READ_ONLY))
        check_taken(r, f);
}

static void check_nested(const struct mx_route *r, const struct mx_shape *shape)
{
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];

        if (f->from != MX_BODY)
            MX_BUG("%s: %s.%s: only the body nests", r->id, shape->name, f->name);
        check_row(r, f);
        if (f->shape && !(f->flags & MX_F_READ_ONLY))
            check_nested(r, f->shape);
    }
}

/* True when the path has "{name}". */
static bool path_names(const char *path, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = strchr(path, '{'); p; p = strchr(p + 1, '{')) {
        if (strncmp(p + 1, name, n) == 0 && p[1 + n] == '}')
            return true;
    }
    return false;
}

static bool binds(const struct mx_shape *in, struct mx_str name)
{
    for (size_t i = 0; in && i < in->n; i++) {
        if (in->fields[i].from == MX_PATH && mx_str_eqc(name, in->fields[i].name))
            return true;
    }
    return false;
}

static void check_path(const struct mx_route *r)
{
    int n = 0;

    if (!r->path || r->path[0] != '/')
        MX_BUG("%s: the path does not begin with a slash", r->id);
    for (const char *p = strchr(r->path, '{'); p; p = strchr(p + 1, '{')) {
        const char *end = strchr(p, '}');

        if (!end || p[-1] != '/' || (end[1] && end[1] != '/') || ++n > MX_PATH_PARAMS_MAX)
            MX_BUG("%s: a {name} is not one whole segment, or too many", r->id);
        if (!binds(r->in, (struct mx_str){p + 1, (size_t)(end - p - 1)}))
            MX_BUG("%s: a {name} of the path is not bound", r->id);
    }
}

static void check_input(const struct mx_route *r)
{
    for (size_t i = 0; r->in && i < r->in->n; i++) {
        const struct mx_field *f = &r->in->fields[i];

        check_row(r, f);
        if (f->from == MX_PATH && !path_names(r->path, f->name))
            MX_BUG("%s: %s is not in the path", r->id, f->name);
        if (f->from == MX_BODY && r->method == MX_GET)
            MX_BUG("%s: GET takes no body", r->id);
        if (f->from == MX_BODY && r->method == MX_PATCH && (f->flags & MX_F_REQUIRED))
            MX_BUG("%s: PATCH requires no member", r->id);
        if (f->from == MX_BODY && r->method == MX_PATCH && mx_field_may_be_empty(f) &&
            !(f->flags & MX_F_NULLABLE))
            MX_BUG("%s: %s: text that may be empty is cleared by null, too", r->id, f->name);
        if (f->shape)
            check_nested(r, f->shape);
    }
}

/* A body of its own: its rows fit the bits of what was sent, and there is room for them. */
static void check_body(const struct mx_route *r)
{
    if (!r->body)
        return;
    if (r->body->n > 64 || !r->in || r->in->size < sizeof(struct mx_sent))
        MX_BUG("%s: %s has too many rows, or the input no room for it", r->id, r->body->name);
    if (mx_shape_takes(r->in, MX_BODY) || (r->method != MX_POST && r->method != MX_PATCH))
        MX_BUG("%s: has two bodies, or a method without one", r->id);
    check_nested(r, r->body);
}

static void check_who(const struct mx_route *r)
{
    bool one_bit = r->permission && !(r->permission & (r->permission - 1));
    bool known = one_bit && mx_permission_name(__builtin_ctzll(r->permission));

    if (r->who == MX_WHO_UNSET || r->who > MX_WHO_STAFF)
        MX_BUG("%s: nobody says who may call it", r->id);
    if (r->who == MX_WHO_STAFF ? !known : r->permission != 0)
        MX_BUG("%s: staff routes need one permission, others none", r->id);
}

static void check_answers(const struct mx_route *r)
{
    if (r->answers[0].status < 200 || r->answers[0].status > 299)
        MX_BUG("%s: the first answer is no success", r->id);
    for (int i = 0; i < MX_ANSWERS_MAX && r->answers[i].status; i++) {
        const struct mx_answer *a = &r->answers[i];

        if (a->status == 204 && (a->shape || a->media))
            MX_BUG("%s: 204 has no body", r->id);
        if (a->shape && a->media)
            MX_BUG("%s: answer %d has both a shape and a media type", r->id, a->status);
    }
}

/* Dispatch reads those parameters itself. */
static void check_reserved(const struct mx_route *r, const struct mx_shape *query)
{
    for (size_t i = 0; r->in && i < r->in->n; i++) {
        for (size_t k = 0; k < query->n; k++) {
            if (strcmp(r->in->fields[i].name, query->fields[k].name) == 0)
                MX_BUG("%s: dispatch reads %s", r->id, query->fields[k].name);
        }
    }
}

/* The rows of a list begin with their key. */
static void check_list(const struct mx_route *r)
{
    const struct mx_shape *rows = r->answers[0].shape;

    if (!(r->flags & MX_R_LIST))
        return;
    if (r->method != MX_GET || !rows || r->answers[0].status != 200 || r->answers[1].status)
        MX_BUG("%s: a list is what a GET answers with, and nothing else", r->id);
    if (rows->fields[0].kind != MX_K_ID && rows->fields[0].kind != MX_K_STR)
        MX_BUG("%s: the first member of %s is no key", r->id, rows->name);
    check_reserved(r, &mx_shape_page_query);
}

static void check_flags(const struct mx_route *r)
{
    if ((r->flags & MX_R_PUBLIC) && (r->method != MX_GET || r->who != MX_WHO_PUBLIC))
        MX_BUG("%s: public routes are GET and look at no token", r->id);
    if ((r->flags & MX_R_IDEMPOTENT) && r->method != MX_POST)
        MX_BUG("%s: only POST has an idempotency key", r->id);
    if ((r->flags & MX_R_RECENT_AUTH) && r->who != MX_WHO_TOKEN && r->who != MX_WHO_STAFF)
        MX_BUG("%s: only who has a token can have signed in lately", r->id);
    if ((r->flags & MX_R_WITHOUT_MFA) && r->who != MX_WHO_TOKEN)
        MX_BUG("%s: staff enrol where everybody does", r->id);
    if ((r->flags & MX_R_REVOKED_OK) && r->who != MX_WHO_TOKEN && r->who != MX_WHO_ANYONE)
        MX_BUG("%s: only who has a token can have had a session", r->id);
    if ((r->flags & MX_R_BRIEF_REPLAY) && r->method != MX_POST)
        MX_BUG("%s: only POST has answers that are kept", r->id);
    if (r->method == MX_HEAD || r->method >= MX_OPTIONS)
        MX_BUG("%s: no route has this method", r->id);
}

/* True when two patterns match the same paths. */
static bool same_paths(const char *a, const char *b)
{
    while (*a && *a == *b) {
        if (*a == '{') {
            a = strchr(a, '}');
            b = strchr(b, '}');
        }
        a++;
        b++;
    }
    return *a == *b;
}

static void check_pair(const struct mx_route *a, const struct mx_route *b)
{
    if (strcmp(a->id, b->id) == 0)
        MX_BUG("two routes have the id %s", a->id);
    if (!same_paths(a->path, b->path))
        return;
    if (a->method == b->method)
        MX_BUG("%s and %s have the same method and path", a->id, b->id);
    if (strcmp(a->path, b->path) != 0)
        MX_BUG("%s and %s spell one path differently", a->id, b->id);
}

static void check_pairs(mx_routes_ptr tables, const struct mx_route *r)
{
    MX_EACH_ROUTE(tables, earlier) {
        if (earlier == r)
            return;
        check_pair(earlier, r);
    }
}

void mx_route_check(mx_routes_ptr tables)
{
    struct mx_shapes shapes;

    mx_shapes_collect(tables, &shapes);
    MX_EACH_ROUTE(tables, r) {
        if (!r->fn || !r->doc)
            MX_BUG("route %s lacks handler or doc", r->id);
        check_flags(r);
        check_path(r);
        check_who(r);
        check_answers(r);
        check_list(r);
        if (mx_route_picks(r))
            check_reserved(r, &mx_shape_pick_query);
        check_input(r);
        check_body(r);
        check_pairs(tables, r);
    }
}
