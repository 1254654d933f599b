/* A small route table with fake hooks, and one request through mx_dispatch. Shared by the tests and
 * fuzz targets of the http layer. */
#ifndef MX_TESTS_EXCHANGE_H
#define MX_TESTS_EXCHANGE_H

#include "base/arena.h"
#include "http/dispatch.h"

#define EX_ID "01890a5d-ac96-774b-bcce-b302099a8057"

static const char *const ex_sort_names[] = {"newest", "price", "title", NULL};

struct ex_line {
    struct mx_str sku;
    int64_t quantity;
    bool has_quantity;
};

struct ex_in {
    struct mx_id id;
    struct mx_str slug;
    int64_t limit;
    struct mx_str version;
    bool has_limit, in_stock;
    int sort;
    struct mx_list attrs, brands;
    struct mx_time since;
    struct mx_str email, name, note, metadata;
    bool has_note, has_metadata;
    struct mx_money price;
    struct mx_list lines, tags, labels;
    struct ex_line first;
    struct ex_line *second;
    struct mx_id other;
    int state;
    bool flag;
};

static const struct mx_field ex_line_fields[] = {
    MX_F(struct ex_line, sku, MX_BODY, MX_F_REQUIRED, 1, 10, MX_SKU, "Article."),
    MX_F_HAS(struct ex_line, quantity, MX_BODY, MX_F_REQUIRED, 1, 999, MX_LINE, "How many."),
};
static MX_SHAPE(ex_line, "Line", struct ex_line, ex_line_fields);

static const struct mx_field ex_list_fields[] = {
    MX_F_HAS(struct ex_in, limit, MX_QUERY, 0, 1, 100, MX_LINE, "Page size."),
    MX_F(struct ex_in, in_stock, MX_QUERY, 0, 0, 0, MX_LINE, "Only what can be had."),
    MX_F_ENUM(struct ex_in, sort, MX_QUERY, 0, ex_sort_names, "Order."),
    MX_F(struct ex_in, since, MX_QUERY, 0, 0, 0, MX_LINE, "From then on."),
    MX_F_KIND(struct ex_in, attrs, "attr.", MX_K_MAP, MX_QUERY, MX_F_PREFIX, 0, 3, MX_LINE, "By."),
    MX_F_KIND(struct ex_in, brands, "brand", MX_K_STRS, MX_QUERY, 0, 0, 2, MX_SLUG, "Brands."),
};
static MX_SHAPE(ex_list, "ListIn", struct ex_in, ex_list_fields);

static const struct mx_field ex_write_fields[] = {
    MX_F(struct ex_in, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Which."),
    MX_F_IF_MATCH(struct ex_in, version),
    MX_F(struct ex_in, limit, MX_QUERY, 0, 1, 100, MX_LINE, "Page size."),
    MX_F(struct ex_in, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL, "Address."),
    MX_F(struct ex_in, name, MX_BODY, MX_F_REQUIRED, 1, 5, MX_LINE, "Name."),
    MX_F_HAS(struct ex_in, note, MX_BODY, MX_F_NULLABLE, 0, 20, MX_TEXT, "Note."),
    MX_F(struct ex_in, price, MX_BODY, 0, 1, 1000, MX_LINE, "Price."),
    MX_F_SUB(struct ex_in, lines, MX_K_LIST, 0, 1, 3, &ex_line, "Lines."),
    MX_F_KIND(struct ex_in, tags, "tags", MX_K_STRS, MX_BODY, 0, 0, 2, MX_SLUG, "Tags."),
    MX_F_KIND(struct ex_in, labels, "labels", MX_K_MAP, MX_BODY, 0, 0, 2, MX_LINE, "Labels."),
    MX_F_METADATA(struct ex_in, metadata, "Their own."),
    MX_F_SUB(struct ex_in, first, MX_K_OBJECT, 0, 0, 0, &ex_line, "First."),
    MX_F_SUB(struct ex_in, second, MX_K_OBJPTR, MX_F_NULLABLE, 0, 0, &ex_line, "Second."),
    MX_F(struct ex_in, other, MX_BODY, MX_F_NULLABLE, 0, 0, MX_LINE, "Another."),
    MX_F_ENUM(struct ex_in, state, MX_BODY, MX_F_NULLABLE, ex_sort_names, "State."),
    MX_F(struct ex_in, flag, MX_BODY, 0, 0, 0, MX_LINE, "Flag."),
    MX_F(struct ex_in, since, MX_BODY, MX_F_NULLABLE, 0, 0, MX_LINE, "Since."),
};
static MX_SHAPE(ex_write, "Write", struct ex_in, ex_write_fields);

static const struct mx_field ex_slug_fields[] = {
    MX_F(struct ex_in, slug, MX_PATH, MX_F_REQUIRED, 1, 20, MX_SLUG, "Which."),
};
static MX_SHAPE(ex_slug, "SlugIn", struct ex_in, ex_slug_fields);

static const struct mx_field ex_password_fields[] = {
    MX_F(struct ex_in, name, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 8, 64, MX_PASSWORD, "Password."),
};
static MX_SHAPE(ex_password, "PasswordIn", struct ex_in, ex_password_fields);

struct ex_out {
    struct mx_id id;
    struct mx_str title, stored, gone;
    int64_t count;
    bool has_count;
    struct mx_money price, old_price;
    struct mx_time at, never;
    int sort;
    struct mx_list lines, tags, labels;
    struct ex_line first, *none;
    bool ok;
};

static const struct mx_field ex_out_fields[] = {
    MX_O(struct ex_out, id, "Id."),
    MX_O(struct ex_out, title, "Title."),
    MX_F_HAS(struct ex_out, count, MX_BODY, MX_F_NULLABLE, 0, 0, MX_LINE, "Count."),
    MX_O(struct ex_out, price, "Price."),
    MX_O_NULL(struct ex_out, old_price, "Former price."),
    MX_O(struct ex_out, at, "When."),
    MX_O_NULL(struct ex_out, never, "Never."),
    MX_O_ENUM(struct ex_out, sort, ex_sort_names, "Order."),
    MX_O_LIST(struct ex_out, lines, &ex_line, "Lines."),
    MX_F_KIND(struct ex_out, tags, "tags", MX_K_STRS, MX_BODY, 0, 0, 0, MX_LINE, "Tags."),
    MX_F_KIND(struct ex_out, labels, "labels", MX_K_MAP, MX_BODY, 0, 0, 0, MX_LINE, "Labels."),
    MX_O_OBJ(struct ex_out, first, &ex_line, "First."),
    MX_O_PTR(struct ex_out, none, &ex_line, "None."),
    MX_O_RAW(struct ex_out, stored, "Stored."),
    MX_F(struct ex_out, gone, MX_BODY, MX_F_OMIT, 0, 0, MX_TEXT, "Left out."),
    MX_O(struct ex_out, ok, "Fine."),
};
static MX_SHAPE(ex_out, "Thing", struct ex_out, ex_out_fields);

static const struct mx_field ex_challenge_fields[] = {MX_O(struct ex_out, ok, "Fine.")};
static MX_SHAPE(ex_challenge, "Challenge", struct ex_out, ex_challenge_fields);

/* Behaviour of the next handler. */
static struct {
    enum mx_err fail, replied;
    int answer, runs;
    size_t huge;
    bool location;
    struct mx_rate rate; /* limit 0: leaves that of the route */
} ex_do;

static enum mx_err ex_thing(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    static struct ex_line lines[2] = {{{"A-1", 3}, 2, true}, {{"B", 1}, 1, true}};
    static struct mx_str tags[1] = {{"new", 3}};
    static struct mx_pair labels[1] = {{{"colour", 6}, {"r\"ed", 4}}};
    struct ex_out *out = MX_NEW(cx->arena, struct ex_out);

    (void)in;
    ex_do.runs++;
    if (ex_do.rate.limit > 0)
        cx->rate = ex_do.rate;
    if (ex_do.fail != MX_OK)
        return mx_fail(cx->faults, ex_do.fail, "Told by the handler.");
    (void)mx_id_parse(MX_S(EX_ID), &out->id);
    (void)mx_currency_parse(MX_S("EUR"), &out->price.currency);
    out->title =
        ex_do.huge ? mx_str_fmt(cx->arena, "%*d", (int)ex_do.huge, 7) : MX_S("Caf\xc3\xa9");
    out->price.minor = INT64_C(9007199254740991);
    out->at.ms = 1767323045678;
    out->lines = MX_LIST(lines, 2);
    out->tags = MX_LIST(tags, 1);
    out->labels = MX_LIST(labels, 1);
    out->first = lines[1];
    out->stored = MX_S("{\"a\":[1]}");
    out->ok = true;
    reply->out = out;
    reply->answer = ex_do.answer;
    reply->error = ex_do.replied;
    if (ex_do.location)
        reply->location = MX_S("/v1/things/1");
    if (reply->error != MX_OK)
        mx_fault_extra(cx->faults, "order_id", MX_S(EX_ID));
    return MX_OK;
}

static enum mx_err ex_text(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)cx;
    (void)in;
    reply->raw = MX_S("up 1\n");
    return MX_OK;
}

static const struct mx_route ex_routes[] = {
    {.id = "meta.health",
     .method = MX_GET,
     .path = "/v1/health",
     .who = MX_WHO_ANYONE,
     .answers = {{200, &ex_challenge, NULL}},
     .fn = ex_thing,
     .doc = "Alive"},
    {.id = "meta.metrics",
     .method = MX_GET,
     .path = "/metrics",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_UNLISTED,
     .answers = {{200, NULL, "text/plain"}},
     .fn = ex_text,
     .doc = "Numbers"},
    {.id = "auth.login",
     .method = MX_POST,
     .path = "/v1/login",
     .who = MX_WHO_ANYONE,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &ex_password,
     .answers = {{200, &ex_out, NULL}, {200, &ex_challenge, NULL}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS),
     .fn = ex_thing,
     .doc = "Sign in",
     .more = "With a password."},
    {.id = "things.list",
     .method = MX_GET,
     .path = "/v1/things",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .in = &ex_list,
     .answers = {{200, &ex_out, NULL}},
     .fn = ex_thing,
     .doc = "All"},
    {.id = "things.best",
     .method = MX_GET,
     .path = "/v1/things/best",
     .who = MX_WHO_TOKEN,
     .answers = {{200, &ex_out, NULL}},
     .fn = ex_thing,
     .doc = "The best"},
    {.id = "things.get",
     .method = MX_GET,
     .path = "/v1/things/{slug}",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .in = &ex_slug,
     .answers = {{200, &ex_out, NULL}},
     .errors = MX_ROUTE_ERRORS(MX_E_NOT_FOUND),
     .fn = ex_thing,
     .doc = "One"},
    {.id = "things.put",
     .method = MX_PUT,
     .path = "/v1/admin/things/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_WRITE),
     .flags = MX_R_TX,
     .in = &ex_write,
     .answers = {{200, &ex_out, NULL}},
     .errors = MX_ROUTE_ERRORS(MX_E_VERSION_CONFLICT),
     .fn = ex_thing,
     .doc = "Write"},
    {.id = "things.delete",
     .method = MX_DELETE,
     .path = "/v1/admin/things/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_WRITE),
     .flags = MX_R_TX,
     .in = &(const struct mx_shape){"DeleteIn", sizeof(struct ex_in), ex_write_fields, 1, NULL},
     .answers = {{204, NULL, NULL}},
     .fn = ex_thing,
     .doc = "Remove"},
    {.id = "me.delete",
     .method = MX_DELETE,
     .path = "/v1/me",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &ex_password,
     .answers = {{204, NULL, NULL}},
     .fn = ex_thing,
     .doc = "Remove me"},
    {.id = "checkout",
     .method = MX_POST,
     .path = "/v1/checkout",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_IDEMPOTENT,
     .answers = {{201, &ex_out, NULL}},
     .errors = MX_ROUTE_ERRORS(MX_E_PAYMENT_DECLINED, MX_E_OUT_OF_STOCK),
     .fn = ex_thing,
     .doc = "Buy"},
    {0},
};
static const struct mx_route *const ex_tables[] = {ex_routes, NULL};

/* Calls of the hooks, and their results. */
static struct {
    struct mx_str bearer;
    int authorized, admitted, tries;
    uint64_t permission;
    const char *replay;
    enum mx_err gate; /* of routes open to all with a token */
    enum mx_err commit;
    bool shared; /* public answers are remembered: */
    char body[4000], etag[64];
    int recalled;
} ex_hook;

static enum mx_err ex_authenticate(struct mx_ctx *cx, struct mx_str bearer)
{
    ex_hook.bearer = bearer;
    if (mx_str_eqc(bearer, "staff"))
        cx->actor.kind = MX_STAFF;
    else if (mx_str_eqc(bearer, "customer"))
        cx->actor.kind = MX_CUSTOMER;
    else
        return MX_E_UNAUTHORIZED;
    return MX_OK;
}

static enum mx_err ex_authorize(struct mx_ctx *cx, const struct mx_route *route)
{
    (void)cx;
    if (route->who != MX_WHO_STAFF)
        return ex_hook.gate;
    ex_hook.authorized++;
    return route->permission == ex_hook.permission ? MX_OK : MX_E_FORBIDDEN;
}

static enum mx_err ex_admit(struct mx_ctx *cx, enum mx_rate_class c)
{
    (void)c;
    cx->rate = (struct mx_rate){3, ex_hook.admitted < 3 ? 2 - ex_hook.admitted : 0, 7};
    if (ex_hook.admitted++ < 3)
        return MX_OK;
    cx->faults->retry_after_s = 7;
    return MX_E_RATE_LIMITED;
}

/* Runs `tries` times, with the arena rewound between two tries, as a transaction does. */
static enum mx_err ex_run(struct mx_ctx *cx, const struct mx_route *route, const struct mx_req *req,
                          const struct mx_work *work, struct mx_res *res)
{
    struct mx_arena_mark mark = mx_arena_mark(cx->arena);
    enum mx_err e = MX_OK;

    (void)route;
    (void)req;
    for (int i = 0; i < ex_hook.tries; i++) {
        if (i > 0)
            mx_arena_rewind(cx->arena, mark);
        e = work->handle(work->arg);
        if (e == MX_OK)
            e = work->render(work->arg);
    }
    if (e == MX_OK && ex_hook.replay) {
        res->status = 201;
        res->replayed = true;
        res->location = MX_S("/api/v1/things/stored");
        res->etag = (struct mx_str){0};
        mx_buf_clear(&res->body);
        mx_buf_c(&res->body, ex_hook.replay);
    }
    return e != MX_OK ? e : ex_hook.commit;
}

static bool ex_recall(struct mx_ctx *cx, const struct mx_req *req, struct mx_kept *k)
{
    (void)req;
    if (!ex_hook.shared || !ex_hook.body[0])
        return false;
    ex_hook.recalled++;
    k->body = mx_str_dup(cx->arena, mx_str_c(ex_hook.body));
    k->etag = mx_str_dup(cx->arena, mx_str_c(ex_hook.etag));
    return true;
}

static void ex_remember(struct mx_ctx *cx, const struct mx_req *req, const struct mx_kept *k)
{
    (void)cx;
    (void)req;
    (void)snprintf(ex_hook.body, sizeof(ex_hook.body), "%.*s", MX_FMT(k->body));
    (void)snprintf(ex_hook.etag, sizeof(ex_hook.etag), "%.*s", MX_FMT(k->etag));
}

static const struct mx_hooks ex_hooks = {ex_authenticate, ex_authorize, ex_admit,
                                         ex_run,          ex_recall,    ex_remember};

/* One worker: its context, and the last answer. */
static struct {
    struct mx_arena *arena;
    struct mx_settings conf;
    struct mx_faults faults;
    struct mx_proc proc;
    struct mx_ctx cx;
    struct mx_res res;
} ex;

MX_UNUSED static void ex_reset(void)
{
    if (!ex.arena)
        ex.arena = mx_arena_new(65536, 8 << 20);
    mx_arena_reset(ex.arena);
    memset(&ex_do, 0, sizeof(ex_do));
    memset(&ex_hook, 0, sizeof(ex_hook));
    ex_hook.tries = 1;
    ex_hook.permission = MX_PERM(CATALOG_WRITE);
    ex.conf = (struct mx_settings){.body_max = 1024,
                                   .queue_age_max_ms = 5000,
                                   .catalog_max_age_s = 30,
                                   .catalog_swr_s = 300,
                                   .cors_headers = "*",
                                   .cors_origins = "https://a.example https://b.example"};
}

/* Dispatch one request; ex.res is the answer. */
MX_UNUSED static enum mx_err ex_send(const struct mx_req *req)
{
    struct mx_app app = {mx_router_new(ex.arena, ex_tables), &ex_hooks};

    ex.proc.conf = &ex.conf;
    ex.cx = (struct mx_ctx){
        .proc = &ex.proc, .arena = ex.arena, .faults = &ex.faults, .now_ms = 1767323045678};
    mx_buf_init(&ex.res.headers, ex.arena, 8192);
    mx_buf_init(&ex.res.body, ex.arena, 1 << 20);
    return mx_dispatch(&app, &ex.cx, req, &ex.res);
}

#endif
