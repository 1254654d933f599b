#include "http/router.h"

#include "base/arena.h"

/* A row that ends at a node. */
struct leaf {
    const struct mx_route *row;
    struct leaf *next;
};

/* A segment of a path behind those of its parents. */
struct node {
    struct mx_str literal; /* absent: a {name} */
    struct node *child, *sibling;
    struct leaf *leaves;
};

struct mx_router {
    struct node root;
};

/* The segment at the beginning of *rest, which is left with what follows it. False: there is none.
 */
static bool next_segment(struct mx_str *rest, struct mx_str *ret_segment)
{
    size_t end = 1;

    if (rest->n == 0 || rest->p[0] != '/')
        return false;
    while (end < rest->n && rest->p[end] != '/')
        end++;
    *ret_segment = mx_str_sub(*rest, 1, end - 1);
    *rest = mx_str_sub(*rest, end, rest->n);
    return true;
}

static bool is_name(struct mx_str segment)
{
    return segment.n > 0 && segment.p[0] == '{';
}

/* ---- making it ---- */

static struct node *child_of(struct mx_arena *a, struct node *parent, struct mx_str segment)
{
    struct node **at = &parent->child;
    struct mx_str literal = {0};

    if (!is_name(segment))
        literal = segment;
    while (*at && !mx_str_eq((*at)->literal, literal))
        at = &(*at)->sibling;
    if (!*at) {
        *at = MX_NEW(a, struct node);
        (*at)->literal = literal;
    }
    return *at;
}

static void add(struct mx_arena *a, struct node *at, const struct mx_route *row)
{
    struct mx_str rest = mx_str_c(row->path), segment;
    struct leaf *leaf = MX_NEW(a, struct leaf);

    while (next_segment(&rest, &segment))
        at = child_of(a, at, segment);
    MX_ASSERT(rest.n == 0);
    *leaf = (struct leaf){row, at->leaves};
    at->leaves = leaf;
}

struct mx_router *mx_router_new(struct mx_arena *a, mx_routes_ptr tables)
{
    struct mx_router *r = MX_NEW(a, struct mx_router);

    MX_EACH_ROUTE(tables, row)
        add(a, &r->root, row);
    return r;
}

/* ---- asking it ---- */

/* A search: the way to the node that is looked at, and what was found. */
struct search {
    enum mx_method wanted;
    struct mx_str values[MX_PATH_PARAMS_MAX];
    int n;
    struct mx_match *found;
};

static void take_names(const struct mx_route *row, struct mx_pair *params)
{
    struct mx_str rest = mx_str_c(row->path), segment;

    while (next_segment(&rest, &segment)) {
        if (is_name(segment))
            (params++)->name = mx_str_sub(segment, 1, segment.n - 2);
    }
}

static void take(struct search *s, const struct mx_route *row)
{
    struct mx_match *found = s->found;

    found->methods |= 1u << row->method;
    found->listed |= mx_route_listed(row);
    if (row->method != s->wanted || (found->route && found->n_params <= s->n))
        return;
    found->route = row;
    found->n_params = s->n;
    for (int i = 0; i < s->n; i++)
        found->params[i].value = s->values[i];
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the longest path of the table */
static void visit(const struct node *at, struct mx_str rest, struct search *s)
{
    struct mx_str segment;

    if (rest.n == 0) {
        for (const struct leaf *l = at->leaves; l; l = l->next)
            take(s, l->row);
        return;
    }
    if (!next_segment(&rest, &segment))
        return;
    for (const struct node *c = at->child; c; c = c->sibling) {
        if (c->literal.p && mx_str_eq(c->literal, segment))
            visit(c, rest, s);
        if (c->literal.p || segment.n == 0)
            continue;
        s->values[s->n++] = segment;
        visit(c, rest, s);
        s->n--;
    }
}

struct mx_match mx_router_match(const struct mx_router *r, enum mx_method m, struct mx_str path)
{
    struct mx_match found = {0};
    struct search s = {.wanted = m == MX_HEAD ? MX_GET : m, .found = &found};

    if (path.n > 0)
        visit(&r->root, path, &s);
    if (found.route)
        take_names(found.route, found.params);
    return found;
}

void mx_match_allow(const struct mx_match *m, char out[MX_ALLOW_TEXT])
{
    unsigned methods = m->methods;
    size_t n = 0;

    if (methods & 1u << MX_GET)
        methods |= 1u << MX_HEAD;
    out[0] = 0;
    for (enum mx_method i = 0; methods >> i != 0 && n < MX_ALLOW_TEXT; i++) {
        if (methods & 1u << i)
            n += (size_t)snprintf(out + n, MX_ALLOW_TEXT - n, "%s%s", n ? ", " : "",
                                  mx_method_name(i));
    }
}
