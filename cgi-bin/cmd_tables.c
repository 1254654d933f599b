/* Commands that print what the route table implies. */
#include "api/routes.h"
#include "cmd.h"
#include "codec/jsonw.h"
#include "http/route.h"
#include "shop/holding.h"

#define OPENAPI_MAX ((size_t)8 << 20)

static void print_permission(uint64_t permission)
{
    for (int bit = 0; bit < 64; bit++)
        if (permission & (UINT64_C(1) << bit))
            printf(" %s", mx_permission_name(bit));
}

static void print_flags(unsigned flags)
{
    static const struct {
        unsigned bit;
        const char *name;
    } known[] = {{MX_R_TX, "tx"},
                 {MX_R_IDEMPOTENT, "idempotent"},
                 {MX_R_PUBLIC, "public"},
                 {MX_R_LOCK_SESSION, "money"},
                 {MX_R_UNLISTED, "unlisted"},
                 {MX_R_RECENT_AUTH, "fresh"},
                 {MX_R_WITHOUT_MFA, "enrol"},
                 {MX_R_KEYSET, "keyset"}};

    for (size_t i = 0; i < MX_LEN(known); i++)
        if (flags & known[i].bit)
            printf(" %s", known[i].name);
}

int mx_cmd_routes(struct mx_cmd *c)
{
    (void)c;
    MX_EACH_ROUTE(mx_routes, r) {
        printf("%-7s %-40s %-28s %s", mx_method_name(r->method), r->path, r->id,
               mx_who_name(r->who));
        print_permission(r->permission);
        print_flags(r->flags);
        if (mx_route_pool(r) != MX_POOL_FAST)
            printf(" %s", mx_pool_kind_names[mx_route_pool(r)]);
        printf("\n");
    }
    return 0;
}

int mx_cmd_holdings(struct mx_cmd *c)
{
    (void)c;
    for (const struct mx_holding *h = mx_holdings; h->table; h++)
        printf("%-16s%s%s%s%s%s%s\n", h->table, h->merge ? " merged" : "",
               h->export ? " exported" : "", h->erase ? " erased" : "", h->reseal ? " sealed" : "",
               h->kept ? ": " : "", h->kept ? h->kept : "");
    return 0;
}

static const char *mount_of(const struct mx_cmd *c)
{
    return c->argc > 0 ? c->argv[0] : "/api";
}

int mx_cmd_openapi(struct mx_cmd *c)
{
    struct mx_buf out;
    struct mx_jsonw w;

    mx_buf_init(&out, c->arena, OPENAPI_MAX);
    mx_jsonw_init(&w, &out);
    mx_api_openapi(&w, c->settings, mx_str_c(mount_of(c)));
    mx_buf_byte(&out, '\n');
    if (out.overflow)
        MX_BUG("the OpenAPI document is too large");
    fwrite(out.p, 1, out.n, stdout);
    return 0;
}

/* Append `s` so that a regular expression takes it literally. */
static void add_literal(struct mx_buf *out, struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (strchr(".^$*+?()[]{}|\\\"", s.p[i]))
            mx_buf_byte(out, '\\');
        mx_buf_byte(out, s.p[i]);
    }
}

/* The regular expression of a route's method and path: a {name} stands for one segment. It is one
 * even where a plain text would do, for nginx compares those without regard to case. */
static struct mx_str request_pattern(struct mx_cmd *c, const char *method, const char *path)
{
    struct mx_str rest = mx_str_c(path), segment;
    struct mx_buf out;

    mx_buf_init(&out, c->arena, 4096);
    mx_buf_fmt(&out, "~^%s ", method);
    while (mx_str_split(&rest, '/', &segment)) {
        if (segment.n == 0)
            continue;
        mx_buf_byte(&out, '/');
        if (segment.p[0] == '{')
            mx_buf_c(&out, "[^/]+");
        else
            add_literal(&out, segment);
    }
    mx_buf_byte(&out, '$');
    return mx_buf_view(&out);
}

/* All paths of staff's routes, and of no others, begin so: one pattern stands for them. */
#define STAFF_PATHS "/v1/admin/"

static const char *slow(const struct mx_route *r)
{
    return mx_route_pool(r) == MX_POOL_SLOW ? "merx_slow" : NULL;
}

static const char *pool(const struct mx_route *r)
{
    static const char *const upstreams[MX_POOL_KINDS] = {
        [MX_POOL_SLOW] = "merx_slow", [MX_POOL_PAY] = "merx_pay"};
    bool below = mx_str_starts(mx_str_c(r->path), MX_S(STAFF_PATHS));

    if (below != (mx_route_pool(r) == MX_POOL_STAFF))
        MX_BUG("%s: routes of the staff pool are those below " STAFF_PATHS, r->id);
    return upstreams[mx_route_pool(r)];
}

/* Not to be compressed: what holds a secret, whose length may tell of it (BREACH), and what has a
 * version as its entity tag, which nginx would weaken. */
static const char *plain(const struct mx_route *r)
{
    for (int i = 0; i < MX_ANSWERS_MAX && r->answers[i].status; i++) {
        const struct mx_shape *shape = r->answers[i].shape;

        if (mx_shape_has_secret(shape) || (!(r->flags & MX_R_LIST) && mx_shape_has_version(shape)))
            return "1";
    }
    return NULL;
}

/* The maps of nginx that follow from the table: what a route is mapped to (NULL: it is not in the
 * map), and a line behind the routes. */
static const struct {
    const char *name, *doc;
    const char *(*value)(const struct mx_route *r);
    const char *more;
} maps[] = {
    {"pools", "the upstream of each route that is not the fast pool's", pool,
     "\"~^[A-Z]+ " STAFF_PATHS "\" merx_staff;\n"},
    {"slow", "routes of the slow pool, for a merx-http.conf that knows no other", slow, ""},
    {"plain", "routes whose answers are not compressed", plain, ""},
};

static int print_map(struct mx_cmd *c, size_t map)
{
    printf("# Printed by `merx nginx %s`: %s.\n", maps[map].name, maps[map].doc);
    MX_EACH_ROUTE(mx_routes, r) {
        const char *value = r->flags & MX_R_UNLISTED ? NULL : maps[map].value(r);
        struct mx_str pattern;

        if (!value)
            continue;
        pattern = request_pattern(c, mx_method_name(r->method), r->path);
        printf("\"%.*s\" %s;\n", MX_FMT(pattern), value);
    }
    fputs(maps[map].more, stdout);
    return 0;
}

int mx_cmd_nginx(struct mx_cmd *c)
{
    const char *name = c->argc > 0 ? c->argv[0] : maps[0].name;

    for (size_t i = 0; i < MX_LEN(maps); i++) {
        if (c->argc <= 1 && strcmp(name, maps[i].name) == 0)
            return print_map(c, i);
    }
    fprintf(stderr, "usage: merx nginx [pools|slow|plain]\n");
    return 2;
}
