/* Walks the route table. Answers that the gates of dispatch.c give by themselves are listed here
 * once (gate_errors): the two belong together. */
#include "http/openapi.h"

#include "http/openapi_schema.h"
#include "http/pick.h"
#include "http/problem.h"

#define CODES_MAX 256
#define DESCRIPTION_MAX 4000 /* of an operation */

/* The errors of one route, each code once. */
struct codes {
    enum mx_err at[CODES_MAX];
    size_t n;
};

static void add(struct codes *c, bool when, enum mx_err e)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(mx_err_code(c->at[i]), mx_err_code(e)) == 0)
            return;
    }
    if (!when)
        return;
    MX_ASSERT(c->n < CODES_MAX);
    c->at[c->n++] = e;
}

static void gate_errors(const struct mx_route *r, struct codes *c)
{
    bool body = mx_route_reads_body(r), post = r->method == MX_POST;
    bool token = r->who == MX_WHO_TOKEN || r->who == MX_WHO_STAFF;

    add(c, true, MX_E_BAD_REQUEST);
    add(c, body, MX_E_MALFORMED_JSON);
    add(c, (r->flags & MX_R_IDEMPOTENT) != 0, MX_E_IDEMPOTENCY_KEY_REQUIRED);
    add(c, r->who != MX_WHO_PUBLIC, MX_E_UNAUTHORIZED);
    add(c, r->who == MX_WHO_STAFF, MX_E_FORBIDDEN);
    add(c, (r->flags & MX_R_RECENT_AUTH) != 0, MX_E_REAUTH_REQUIRED);
    add(c, token && !(r->flags & MX_R_WITHOUT_MFA), MX_E_MFA_ENROLMENT_REQUIRED);
    add(c, mx_shape_takes(r->in, MX_PATH), MX_E_NOT_FOUND);
    add(c, post, MX_E_IDEMPOTENCY_IN_PROGRESS);
    add(c, mx_shape_takes(r->in, MX_HEADER), MX_E_VERSION_CONFLICT);
    add(c, body, MX_E_PAYLOAD_TOO_LARGE);
    add(c, body, MX_E_UNSUPPORTED_MEDIA_TYPE);
    add(c, true, MX_E_VALIDATION_FAILED);
    add(c, post, MX_E_IDEMPOTENCY_KEY_REUSED);
    add(c, r->rate != MX_RATE_NONE, MX_E_RATE_LIMITED);
    add(c, true, MX_E_OVERLOADED);
    add(c, true, MX_E_UNAVAILABLE);
    add(c, true, MX_E_DEADLINE);
}

static struct codes errors_of(const struct mx_route *r)
{
    struct codes c = {.n = 0};

    gate_errors(r, &c);
    for (const enum mx_err *e = r->errors; e && *e != MX_OK; e++)
        add(&c, true, *e);
    return c;
}

/* ---- parameters ---- */

static const char *place_of(enum mx_from from)
{
    return from == MX_PATH ? "path" : from == MX_QUERY ? "query" : "header";
}

static void write_parameter(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_field *f)
{
    mx_jsonw_open(w);
    mx_openapi_c(w, "name", f->name);
    mx_openapi_c(w, "in", place_of(f->from));
    if (f->from == MX_PATH || (f->flags & MX_F_REQUIRED))
        mx_openapi_bool(w, "required", true);
    if (f->doc && f->doc[0])
        mx_openapi_c(w, "description", f->doc);
    if (f->from == MX_QUERY &&
        (f->kind == MX_K_STRS || f->kind == MX_K_IDS || f->kind == MX_K_MAP)) {
        mx_openapi_c(w, "style", "form");
        mx_openapi_bool(w, "explode", f->kind != MX_K_IDS);
    }
    mx_jsonw_name(w, "schema");
    mx_openapi_field(w, s, f, true);
    mx_jsonw_close(w);
}

static void write_idempotency_key(struct mx_jsonw *w, bool required)
{
    mx_jsonw_open(w);
    mx_openapi_c(w, "name", "Idempotency-Key");
    mx_openapi_c(w, "in", "header");
    mx_openapi_bool(w, "required", required);
    mx_openapi_c(
        w, "description",
        "Makes a retry safe: use a new key for each operation and the same key for each of "
        "its retries, which then get the first answer again. Keys are kept for at least 24 "
        "hours.");
    mx_jsonw_name(w, "schema");
    mx_jsonw_open(w);
    mx_openapi_c(w, "type", "string");
    mx_openapi_int(w, "minLength", 1);
    mx_openapi_int(w, "maxLength", 255);
    mx_openapi_c(w, "pattern", "^[!-~]+$");
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

static void write_parameters(struct mx_jsonw *w, const struct mx_shapes *s,
                             const struct mx_route *r)
{
    mx_jsonw_name(w, "parameters");
    mx_jsonw_array(w);
    for (size_t i = 0; r->in && i < r->in->n; i++) {
        if (r->in->fields[i].from != MX_BODY)
            write_parameter(w, s, &r->in->fields[i]);
    }
    for (size_t i = 0; (r->flags & MX_R_LIST) && i < mx_shape_page_query.n; i++)
        write_parameter(w, s, &mx_shape_page_query.fields[i]);
    if (mx_route_picks(r))
        write_parameter(w, s, &mx_shape_pick_query.fields[0]);
    if (r->method == MX_POST)
        write_idempotency_key(w, (r->flags & MX_R_IDEMPOTENT) != 0);
    if ((r->flags & MX_R_PUBLIC) && r->method == MX_GET)
        mx_jsonw_raw(
            w, MX_S("{\"name\":\"If-None-Match\",\"in\":\"header\",\"description\":"
                    "\"ETag of the copy that the client has: the answer is 304 if it is current.\","
                    "\"schema\":{\"type\":\"string\",\"maxLength\":8192}}"));
    mx_jsonw_array_end(w);
}

static void write_example(struct mx_jsonw *w, const struct mx_openapi_about *about,
                          const struct mx_route *r, const char *kind)
{
    const char *json = about->example ? about->example(r->id, kind) : NULL;

    if (!json)
        return;
    mx_jsonw_name(w, "example");
    mx_jsonw_raw(w, mx_str_c(json));
}

static void write_request_body(struct mx_jsonw *w, const struct mx_shapes *s,
                               const struct mx_openapi_about *about, const struct mx_route *r)
{
    if (!r->body && !mx_shape_takes(r->in, MX_BODY))
        return;
    mx_jsonw_name(w, "requestBody");
    mx_jsonw_open(w);
    mx_openapi_bool(w, "required", mx_route_requires_body(r));
    mx_jsonw_name(w, "content");
    mx_jsonw_open(w);
    mx_jsonw_name(w, "application/json");
    mx_jsonw_open(w);
    mx_jsonw_name(w, "schema");
    if (r->body)
        mx_openapi_ref(w, s, r->body, r->method == MX_PATCH ? MX_PATCHED : MX_TAKEN);
    else
        mx_openapi_ref(w, s, r->in, MX_TAKEN);
    write_example(w, about, r, "request");
    mx_jsonw_close(w);
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

/* ---- responses ---- */

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No content";
    case 304:
        return "Not modified";
    default:
        return "Answer";
    }
}

/* Titles of the errors of that status; the answer's reason in front when it is one, too. */
static void write_description(struct mx_jsonw *w, const struct codes *c, int status, bool answered)
{
    struct mx_buf text;

    mx_buf_init(&text, w->out->arena, 2000);
    if (answered)
        mx_buf_c(&text, reason(status));
    for (size_t i = 0; i < c->n; i++) {
        if (mx_err_status(c->at[i]) == status)
            mx_buf_fmt(&text, "%s%s", text.n ? "; " : "", mx_err_title(c->at[i]));
    }
    mx_jsonw_name(w, "description");
    mx_jsonw_str(w, mx_buf_view(&text));
}

/* The i-th answer is of that status, and of JSON by a shape. */
static bool shaped(const struct mx_route *r, int i, int status)
{
    return r->answers[i].status == status && r->answers[i].shape;
}

/* One answer of a route, with the headers that it may carry. */
struct response {
    const struct mx_route *route;
    int status;
};

static bool always(const struct response *a MX_UNUSED)
{
    return true;
}

static bool has_version(const struct response *a)
{
    for (int i = 0; i < MX_ANSWERS_MAX; i++) {
        if (shaped(a->route, i, a->status) && mx_shape_has_version(a->route->answers[i].shape))
            return true;
    }
    return false;
}

static bool has_tag(const struct response *a)
{
    bool cached = (a->route->flags & MX_R_PUBLIC) && (a->status == 200 || a->status == 304);

    return cached || has_version(a);
}

static bool has_location(const struct response *a)
{
    return a->status == 201;
}

static bool is_unauthorized(const struct response *a)
{
    return a->status == 401;
}

static bool waits(const struct response *a)
{
    return a->status == 429 || a->status == 503;
}

static bool is_replayed(const struct response *a)
{
    return a->route->method == MX_POST && a->status < 300;
}

static bool is_limited(const struct response *a)
{
    return a->route->rate != MX_RATE_NONE;
}

static const struct {
    const char *name, *type, *doc;
    bool (*in)(const struct response *a);
} headers[] = {
    {"X-Request-Id", "string",
     "Identifies the request in the logs; the client's own, if it sent one.", always},
    {"traceparent", "string",
     "W3C Trace Context: the trace that the request's own traceparent names, or a new one, and the "
     "span of this request.",
     always},
    {"Location", "string", "Path of the new resource.", has_location},
    {"ETag", "string", "Version of the answer, for If-None-Match or If-Match.", has_tag},
    {"WWW-Authenticate", "string",
     "Bearer error=\"invalid_token\" if the access token that was sent is invalid, has expired or "
     "its session has ended. Bearer alone if none was sent, or if a password, a code or another "
     "secret in the body is wrong (invalid_credentials and others); the access token is still "
     "good.",
     is_unauthorized},
    {"Retry-After", "integer", "Seconds to wait before the next attempt.", waits},
    {"Idempotency-Replayed", "boolean",
     "True: this is the stored answer to an earlier request with this Idempotency-Key.",
     is_replayed},
    {"RateLimit-Limit", "integer", "Size of the limit, in requests.", is_limited},
    {"RateLimit-Remaining", "integer", "Requests left within the limit.", is_limited},
    {"RateLimit-Reset", "integer", "Seconds until the limit allows one more request.", is_limited},
};

static void write_headers(struct mx_jsonw *w, const struct mx_route *r, int status)
{
    const struct response a = {r, status};

    mx_jsonw_name(w, "headers");
    mx_jsonw_open(w);
    for (size_t i = 0; i < MX_LEN(headers); i++) {
        if (!headers[i].in(&a))
            continue;
        mx_jsonw_name(w, headers[i].name);
        mx_jsonw_open(w);
        mx_openapi_c(w, "description", headers[i].doc);
        mx_jsonw_name(w, "schema");
        mx_jsonw_open(w);
        mx_openapi_c(w, "type", headers[i].type);
        mx_jsonw_close(w);
        mx_jsonw_close(w);
    }
    mx_jsonw_close(w);
}

/* The member by which a client tells one shape from another: an enumeration of one value. */
static const struct mx_field *constant_of(const struct mx_shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];

        if (f->kind == MX_K_ENUM && f->names[0] && !f->names[1] && strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

/* The constant that all shapes of the status have, under the name that it has in the first. */
static const char *discriminator(const struct mx_route *r, int status)
{
    const struct mx_shape *first = NULL;

    for (int i = 0; i < MX_ANSWERS_MAX && !first; i++)
        first = shaped(r, i, status) ? r->answers[i].shape : NULL;
    for (size_t k = 0; first && k < first->n; k++) {
        const char *name = first->fields[k].name;
        bool all = true;

        for (int i = 0; i < MX_ANSWERS_MAX; i++)
            all &= !shaped(r, i, status) || constant_of(r->answers[i].shape, name);
        if (all)
            return name;
    }
    return NULL;
}

static void write_discriminator(struct mx_jsonw *w, const struct mx_route *r, int status)
{
    const char *name = discriminator(r, status);

    if (!name)
        return;
    mx_jsonw_name(w, "discriminator");
    mx_jsonw_open(w);
    mx_openapi_c(w, "propertyName", name);
    mx_jsonw_name(w, "mapping");
    mx_jsonw_open(w);
    for (int i = 0; i < MX_ANSWERS_MAX; i++) {
        if (!shaped(r, i, status))
            continue;
        mx_jsonw_name(w, constant_of(r->answers[i].shape, name)->names[0]);
        mx_jsonw_str(
            w, mx_str_fmt(w->out->arena, "#/components/schemas/%s", r->answers[i].shape->name));
    }
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

/* JSON answers of one status: one schema, or oneOf. */
static void write_json_content(struct mx_jsonw *w, const struct mx_shapes *s,
                               const struct mx_openapi_about *about, const struct mx_route *r,
                               int status)
{
    char kind[12];
    int n = 0;

    for (int i = 0; i < MX_ANSWERS_MAX; i++)
        n += shaped(r, i, status);
    if (n == 0)
        return;
    mx_jsonw_name(w, "application/json");
    mx_jsonw_open(w);
    mx_jsonw_name(w, "schema");
    if (n > 1) {
        mx_jsonw_open(w);
        mx_jsonw_name(w, "oneOf");
        mx_jsonw_array(w);
    }
    for (int i = 0; i < MX_ANSWERS_MAX; i++) {
        if (shaped(r, i, status) && (r->flags & MX_R_LIST))
            mx_openapi_list_ref(w, r->answers[i].shape);
        else if (shaped(r, i, status))
            mx_openapi_ref(w, s, r->answers[i].shape, MX_GIVEN);
    }
    if (n > 1) {
        mx_jsonw_array_end(w);
        write_discriminator(w, r, status);
        mx_jsonw_close(w);
    }
    snprintf(kind, sizeof kind, "%d", status);
    write_example(w, about, r, kind);
    mx_jsonw_close(w);
}

static void write_media_content(struct mx_jsonw *w, const struct mx_route *r, int status)
{
    for (int i = 0; i < MX_ANSWERS_MAX; i++) {
        const char *media = r->answers[i].media;

        if (r->answers[i].status != status || !media)
            continue;
        mx_jsonw_name(w, media);
        mx_jsonw_open(w);
        mx_jsonw_name(w, "schema");
        mx_jsonw_open(w);
        mx_openapi_c(w, "type", strstr(media, "json") ? "object" : "string");
        mx_jsonw_close(w);
        mx_jsonw_close(w);
    }
}

static void write_problem_content(struct mx_jsonw *w, const struct mx_shapes *s,
                                  const struct mx_route *r, int status)
{
    static const char any[] = "{\"$ref\":\"#/components/schemas/Problem\"}";

    mx_jsonw_name(w, MX_PROBLEM_MEDIA);
    mx_jsonw_open(w);
    mx_jsonw_name(w, "schema");
    if (r->problem && r->problem_status == status) {
        mx_jsonw_open(w);
        mx_jsonw_name(w, "allOf");
        mx_jsonw_array(w);
        mx_jsonw_raw(w, mx_str_c(any));
        mx_openapi_ref(w, s, r->problem, MX_GIVEN);
        mx_jsonw_array_end(w);
        mx_jsonw_close(w);
    } else {
        mx_jsonw_raw(w, mx_str_c(any));
    }
    mx_jsonw_close(w);
}

static void write_codes(struct mx_jsonw *w, const struct codes *c, int status)
{
    mx_jsonw_name(w, "x-codes");
    mx_jsonw_array(w);
    for (size_t i = 0; i < c->n; i++) {
        if (mx_err_status(c->at[i]) == status)
            mx_jsonw_c(w, mx_err_code(c->at[i]));
    }
    mx_jsonw_array_end(w);
}

/* One status of a route, if it can answer with it: by an answer, an error or both. */
static void write_response(struct mx_jsonw *w, const struct mx_shapes *s,
                           const struct mx_openapi_about *about, const struct mx_route *r,
                           const struct codes *c, int status)
{
    bool answered = status == 304 && (r->flags & MX_R_PUBLIC), failed = false, body = false;

    for (int i = 0; i < MX_ANSWERS_MAX; i++) {
        answered |= r->answers[i].status == status;
        body |= r->answers[i].status == status && (r->answers[i].shape || r->answers[i].media);
    }
    for (size_t i = 0; i < c->n; i++)
        failed |= mx_err_status(c->at[i]) == status;
    if (!answered && !failed)
        return;
    mx_jsonw_name_str(w, mx_str_fmt(w->out->arena, "%d", status));
    mx_jsonw_open(w);
    write_description(w, c, status, answered);
    write_headers(w, r, status);
    if (body || failed) {
        mx_jsonw_name(w, "content");
        mx_jsonw_open(w);
        write_json_content(w, s, about, r, status);
        write_media_content(w, r, status);
        if (failed)
            write_problem_content(w, s, r, status);
        mx_jsonw_close(w);
    }
    if (failed)
        write_codes(w, c, status);
    mx_jsonw_close(w);
}

/* ---- operations ---- */

/* The part of the id before its first dot. */
static struct mx_str tag_of(const struct mx_route *r)
{
    struct mx_str rest = mx_str_c(r->id), tag = {0};

    (void)mx_str_split(&rest, '.', &tag);
    return tag;
}

static void write_security(struct mx_jsonw *w, const struct mx_route *r)
{
    static const char *const security[] = {[MX_WHO_PUBLIC] = "[]",
                                           [MX_WHO_ANYONE] = "[{},{\"bearer\":[]}]",
                                           [MX_WHO_TOKEN] = "[{\"bearer\":[]}]",
                                           [MX_WHO_STAFF] = "[{\"bearer\":[]}]"};

    mx_jsonw_name(w, "security");
    mx_jsonw_raw(w, mx_str_c(security[r->who]));
}

static void write_extensions(struct mx_jsonw *w, const struct mx_route *r)
{
    static const char *const classes[] = {[MX_RATE_NONE] = "none",
                                          [MX_RATE_GUEST] = "guest",
                                          [MX_RATE_SIGN_IN] = "sign_in",
                                          [MX_RATE_PASSWORD] = "password"};

    mx_openapi_c(w, "x-who", mx_who_name(r->who));
    if (r->permission)
        mx_openapi_c(w, "x-permission", mx_permission_name(__builtin_ctzll(r->permission)));
    mx_openapi_c(w, "x-pool", mx_pool_kind_names[mx_route_pool(r)]);
    mx_openapi_c(w, "x-rate-class", classes[r->rate]);
    mx_openapi_bool(w, "x-transaction", (r->flags & MX_R_TX) != 0);
}

/* The callers of an operation, and how recent their sign-in must be. */
static void describe_caller(struct mx_buf *out, const struct mx_route *r)
{
    static const char *const callers[] = {
        [MX_WHO_PUBLIC] = "No access token is required.",
        [MX_WHO_ANYONE] = "An access token is optional.",
        [MX_WHO_TOKEN] = "Requires an access token.",
    };

    if (r->who == MX_WHO_STAFF)
        mx_buf_fmt(out, "Requires a staff token with the permission `%s`.",
                   mx_permission_name(__builtin_ctzll(r->permission)));
    else
        mx_buf_c(out, callers[r->who]);
    if (r->flags & MX_R_RECENT_AUTH)
        mx_buf_c(out, " Customers and staff must have signed in recently: after 403 "
                      "`reauth_required`, call POST /v1/auth/reauth and repeat the request.");
}

/* The text of the row beyond its summary, and all that follows from its members. */
static void write_more(struct mx_jsonw *w, const struct mx_route *r)
{
    struct mx_buf text;

    mx_buf_init(&text, w->out->arena, DESCRIPTION_MAX);
    if (r->more)
        mx_buf_fmt(&text, "%s\n\n", r->more);
    describe_caller(&text, r);
    if (r->flags & MX_R_LIST)
        mx_buf_c(&text, " Paged: send `next_cursor` as `cursor` for the next page, until it is "
                        "null.");
    MX_ASSERT(!text.overflow);
    mx_jsonw_name(w, "description");
    mx_jsonw_str(w, mx_buf_view(&text));
}

static void write_operation(struct mx_jsonw *w, const struct mx_shapes *s,
                            const struct mx_openapi_about *about, const struct mx_route *r)
{
    static const char *const keys[] = {[MX_GET] = "get",
                                       [MX_POST] = "post",
                                       [MX_PUT] = "put",
                                       [MX_PATCH] = "patch",
                                       [MX_DELETE] = "delete"};
    struct codes c = errors_of(r);

    mx_jsonw_name(w, keys[r->method]);
    mx_jsonw_open(w);
    mx_openapi_c(w, "operationId", r->id);
    mx_openapi_c(w, "summary", r->doc);
    write_more(w, r);
    mx_jsonw_name(w, "tags");
    mx_jsonw_array(w);
    mx_jsonw_str(w, tag_of(r));
    mx_jsonw_array_end(w);
    write_security(w, r);
    write_extensions(w, r);
    write_parameters(w, s, r);
    write_request_body(w, s, about, r);
    mx_jsonw_name(w, "responses");
    mx_jsonw_open(w);
    for (int status = 200; status < 600; status++)
        write_response(w, s, about, r, &c, status);
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}

/* ---- document ---- */

/* The first listed row with this path. */
static const struct mx_route *first_of_path(mx_routes_ptr tables, const char *path)
{
    MX_EACH_ROUTE(tables, r) {
        if (mx_route_listed(r) && strcmp(r->path, path) == 0)
            return r;
    }
    return NULL;
}

static void write_paths(struct mx_jsonw *w, const struct mx_shapes *s,
                        const struct mx_openapi_about *about, mx_routes_ptr tables)
{
    mx_jsonw_name(w, "paths");
    mx_jsonw_open(w);
    MX_EACH_ROUTE(tables, first) {
        if (first_of_path(tables, first->path) != first)
            continue;
        mx_jsonw_name(w, first->path);
        mx_jsonw_open(w);
        MX_EACH_ROUTE(tables, r) {
            if (mx_route_listed(r) && strcmp(r->path, first->path) == 0)
                write_operation(w, s, about, r);
        }
        mx_jsonw_close(w);
    }
    mx_jsonw_close(w);
}

static const struct mx_route *first_of_tag(mx_routes_ptr tables, struct mx_str tag)
{
    MX_EACH_ROUTE(tables, r) {
        if (mx_route_listed(r) && mx_str_eq(tag_of(r), tag))
            return r;
    }
    return NULL;
}

static void describe_tag(struct mx_jsonw *w, const struct mx_openapi_tag *tags, struct mx_str name)
{
    for (const struct mx_openapi_tag *t = tags; t && t->name; t++) {
        if (mx_str_eqc(name, t->name))
            mx_openapi_c(w, "description", t->doc);
    }
}

static void write_tags(struct mx_jsonw *w, mx_routes_ptr tables, const struct mx_openapi_tag *tags)
{
    mx_jsonw_name(w, "tags");
    mx_jsonw_array(w);
    MX_EACH_ROUTE(tables, r) {
        struct mx_str tag = tag_of(r);

        if (first_of_tag(tables, tag) != r)
            continue;
        mx_jsonw_open(w);
        mx_jsonw_name(w, "name");
        mx_jsonw_str(w, tag);
        describe_tag(w, tags, tag);
        mx_jsonw_close(w);
    }
    mx_jsonw_array_end(w);
}

static void write_info(struct mx_jsonw *w, const struct mx_openapi_about *about)
{
    mx_openapi_c(w, "openapi", "3.1.0");
    mx_jsonw_name(w, "info");
    mx_jsonw_open(w);
    mx_openapi_c(w, "title", about->title);
    mx_openapi_c(w, "version", "1");
    mx_openapi_c(
        w, "description",
        "The API of a store, for shopping apps and storefronts and for its staff.\n\n"
        "Amounts are integers in minor units (1299 with EUR is 12.99 EUR), times are "
        "RFC 3339 in UTC, ids are UUIDs. Errors are `application/problem+json` (RFC 9457): "
        "decide by `code`, take values from `params`. Requests with unknown members are "
        "refused; answers may get new members, which clients ignore. HEAD works wherever "
        "GET does.\n\n"
        "An optional text that is empty counts as absent. In a PATCH no member is required, and "
        "an empty text clears a member that may be null, as null does.\n\n"
        "Start with POST /v1/auth/guest: its token opens a cart and checks out, and "
        "signing up or in later keeps the cart. Access tokens are short-lived: on 401, "
        "call POST /v1/auth/refresh. On 429 and 503, wait as long as `Retry-After` says.");
    mx_jsonw_name(w, "contact");
    mx_jsonw_open(w);
    mx_openapi_c(w, "name", about->title);
    mx_openapi_c(w, "url", about->url);
    mx_jsonw_close(w);
    mx_jsonw_name(w, "license");
    mx_jsonw_raw(w, MX_S("{\"name\":\"MIT\",\"identifier\":\"MIT\"}"));
    mx_jsonw_close(w);
    mx_jsonw_name(w, "servers");
    mx_jsonw_array(w);
    mx_jsonw_open(w);
    mx_jsonw_name(w, "url");
    mx_jsonw_str(w, about->server.n ? about->server : MX_S("/"));
    mx_jsonw_close(w);
    mx_jsonw_array_end(w);
}

void mx_openapi_write(struct mx_jsonw *w, mx_routes_ptr tables,
                      const struct mx_openapi_about *about)
{
    struct mx_shapes shapes;

    mx_shapes_collect(tables, &shapes);
    mx_jsonw_open(w);
    write_info(w, about);
    write_tags(w, tables, about->tags);
    write_paths(w, &shapes, about, tables);
    mx_jsonw_name(w, "components");
    mx_jsonw_open(w);
    mx_jsonw_name(w, "securitySchemes");
    mx_jsonw_raw(
        w, MX_S("{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
                "\"bearerFormat\":\"JWT\",\"description\":\"Access token of a guest, a customer or "
                "a member of staff, from one of the sign-in operations.\"}}"));
    mx_jsonw_name(w, "schemas");
    mx_openapi_components(w, &shapes, tables);
    mx_jsonw_close(w);
    mx_jsonw_close(w);
}
