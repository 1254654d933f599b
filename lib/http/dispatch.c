/* The gates. Refusals before the route is known, before the token is read and before the
 * input is: their order is that of mx_dispatch and nowhere else. */
#include "http/dispatch.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "codec/utf8.h"
#include "http/answer.h"
#include "http/pick.h"
#include "http/problem.h"

#define QUERY_MAX 100
#define USER_AGENT_MAX 200
#define REQUEST_ID_MAX 64
#define IDEMPOTENCY_KEY_MAX 255

#define CORS_HEADERS_MAX 1024
#define CORS_EXPOSED                                                               \
    "ETag, Idempotency-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, " \
    "RateLimit-Reset, "                                                            \
    "Retry-After, X-Request-Id, traceparent"

/* One request on its way through the gates. */
struct exchange {
    const struct mx_app *app;
    struct mx_ctx *cx;
    const struct mx_req *req;
    struct mx_res *res;
    const struct mx_route *route;
    struct mx_match match;
    bool cors;                  /* the origin is one of ours */
    void *in;                   /* struct of route->in */
    struct mx_page page;        /* what is asked of a list */
    const struct mx_pick *pick; /* what is kept of the answer */
    struct mx_reply reply;      /* of the handler */
    struct mx_res bare;         /* the response before the handler: headers of the gates, no body */
    enum mx_err replied;        /* the error of a reply that commits all the same */
};

/* ---- names and tracing ---- */

/* 1 to `max` letters, digits and characters of `others`. */
static bool made_of(struct mx_str s, const char *others, size_t max)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!alnum && (c == 0 || strchr(others, c) == NULL))
            return false;
    }
    return s.n >= 1 && s.n <= max;
}

static bool request_id_ok(struct mx_str s)
{
    return made_of(s, "._-", REQUEST_ID_MAX);
}

/* The user agent as far as it fits into its column; absent when it is no UTF-8. */
static struct mx_str user_agent(struct mx_str s)
{
    size_t n = s.n < USER_AGENT_MAX ? s.n : USER_AGENT_MAX;

    if (!mx_utf8_valid(s))
        return (struct mx_str){0};
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return mx_str_sub(s, 0, n);
}

/* ---- CORS ---- */

static bool origin_ours(struct mx_str origins, struct mx_str origin)
{
    struct mx_str one;

    if (origin.n == 0 || mx_str_eqc(origin, "null") || mx_str_eqc(origin, "*"))
        return false;
    while (mx_str_split(&origins, ' ', &one)) {
        if (mx_str_eq(one, origin))
            return true;
    }
    return false;
}

static void begin(struct exchange *x)
{
    const struct mx_req *req = x->req;
    struct mx_ctx *cx = x->cx;
    struct mx_str origins = mx_str_c(cx->proc->conf->cors_origins);

    x->res->status = 0;
    x->res->replayed = false;
    cx->exchange = mx_id_new();
    cx->request_id =
        request_id_ok(req->request_id) ? req->request_id : mx_id_str(cx->arena, cx->exchange);
    cx->address = req->address;
    cx->user_agent = user_agent(req->user_agent);
    cx->accept_language = req->accept_language;
    cx->head = req->method == MX_HEAD;
    cx->mount = req->mount;
    mx_faults_init(cx->faults, cx->arena);
    mx_trace_begin(cx->arena, req->traceparent, &cx->trace);
    mx_log_context(cx->request_id, cx->trace.id);
    mx_res_header(x->res, "X-Request-Id", cx->request_id);
    mx_res_header(x->res, "traceparent", mx_trace_parent(cx->arena, &cx->trace));
    mx_res_header(x->res, "X-Content-Type-Options", MX_S("nosniff"));
    if (origins.n == 0)
        return;
    mx_res_header(x->res, "Vary", MX_S("Origin"));
    x->cors = origin_ours(origins, req->origin);
    if (x->cors) {
        mx_res_header(x->res, "Access-Control-Allow-Origin", req->origin);
        mx_res_header(x->res, "Access-Control-Expose-Headers", MX_S(CORS_EXPOSED));
    }
}

/* ---- gates ---- */

static size_t slashes(struct mx_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '/';
    return n;
}

/* The path that was sent must be the path that is served: what nginx normalised away (dot segments,
 * double slashes, an escaped slash) could have passed a rule made for another path. Escapes of
 * single characters are no difference. */
static bool same_path(struct mx_arena *a, const struct mx_req *req)
{
    struct mx_str raw = req->raw_path, decoded;

    if (!raw.p || !mx_uri_decode(a, raw, false, &decoded))
        return false;
    return decoded.n == req->mount.n + req->path.n && mx_str_starts(decoded, req->mount) &&
           mx_str_ends(decoded, req->path) &&
           slashes(raw) == slashes(req->mount) + slashes(req->path);
}

static enum mx_err check_sanity(struct exchange *x)
{
    struct mx_str path = x->req->path;

    if (!mx_utf8_valid(path) || !same_path(x->cx->arena, x->req))
        return mx_fail(x->cx->faults, MX_E_BAD_REQUEST, "The path must be in normalized form.");
    for (size_t i = 0; i < path.n; i++) {
        if ((unsigned char)path.p[i] < 0x20 || path.p[i] == 0x7f)
            return mx_fail(x->cx->faults, MX_E_BAD_REQUEST,
                           "The path must not contain control characters.");
    }
    return MX_OK;
}

static enum mx_err too_old(void)
{
    mx_metric_add(MX_M_SHED, MX_SHED_AGE, 0, 1);
    return MX_E_OVERLOADED;
}

static enum mx_err find_route(struct exchange *x)
{
    x->match = mx_router_match(x->app->router, x->req->method, x->req->path);
    x->route = x->match.route;
    /* Routes that are not part of the API are not served below its mount, which the world can
     * reach. */
    if (x->req->mount.n > 0 && !x->match.listed)
        x->match.methods = 0;
    if (x->match.methods == 0)
        return mx_fail(x->cx->faults, MX_E_NOT_FOUND, "This path does not exist.");
    if (x->route)
        x->cx->route_id = mx_str_c(x->route->id);
    return MX_OK;
}

/* Whether the request is run at all: not when it has waited for too long. Health checks are, or a
 * busy host would look like a dead one. */
static enum mx_err check_load(struct exchange *x)
{
    int64_t arrival_ms = x->req->arrival_ms;

    if (x->route && x->route->flags & MX_R_HEALTH)
        return MX_OK;
    if (x->cx->refuse != MX_OK)
        return x->cx->refuse;
    if (arrival_ms > 0 && x->cx->now_ms - arrival_ms > x->cx->proc->conf->queue_age_max_ms)
        return too_old();
    return MX_OK;
}

static bool header_names(struct mx_str s)
{
    return made_of(s, "-_, ", CORS_HEADERS_MAX);
}

/* The headers that a page may send: those of the setting, or with "*" all that it asks for (fetch
 * takes a literal * for none when it sends Authorization). */
static void write_allowed_headers(struct exchange *x)
{
    struct mx_str allowed = mx_str_c(x->cx->proc->conf->cors_headers);

    if (mx_str_eqc(allowed, "*"))
        allowed = header_names(x->req->cors_headers) ? x->req->cors_headers : (struct mx_str){0};
    if (allowed.n > 0)
        mx_res_header(x->res, "Access-Control-Allow-Headers", allowed);
    mx_res_header(x->res, "Vary", MX_S("Access-Control-Request-Headers"));
}

/* A method that the path does not have: a preflight of one of our origins, or 405. */
static enum mx_err answer_options(struct exchange *x)
{
    struct mx_res *res = x->res;
    char allow[MX_ALLOW_TEXT];

    mx_match_allow(&x->match, allow);
    if (x->req->method != MX_OPTIONS || !x->cors || x->req->cors_method.n == 0) {
        mx_res_header(res, "Allow", mx_str_c(allow));
        return MX_E_METHOD_NOT_ALLOWED;
    }
    res->status = 204;
    mx_res_header(res, "Access-Control-Allow-Methods", mx_str_c(allow));
    write_allowed_headers(x);
    mx_res_header(res, "Access-Control-Max-Age", MX_S("600"));
    mx_res_header(res, "Cache-Control", MX_S("no-store"));
    return MX_OK;
}

static bool is_json(struct mx_str type)
{
    struct mx_str media, parameter;

    if (!mx_str_split(&type, ';', &media) ||
        !mx_str_ieq(mx_str_trim(media), MX_S("application/json")))
        return false;
    while (mx_str_split(&type, ';', &parameter)) {
        parameter = mx_str_trim(parameter);
        if (!mx_str_ieq(mx_str_sub(parameter, 0, 8), MX_S("charset=")))
            continue;
        parameter = mx_str_sub(parameter, 8, parameter.n);
        if (!mx_str_ieq(parameter, MX_S("utf-8")) && !mx_str_ieq(parameter, MX_S("\"utf-8\"")))
            return false;
    }
    return true;
}

static enum mx_err check_size(struct exchange *x)
{
    const struct mx_req *req = x->req;
    int64_t max = x->cx->proc->conf->body_max;
    bool large = req->content_length > max || (int64_t)req->body.n > max;

    return large && mx_route_reads_body(x->route) ? MX_E_PAYLOAD_TOO_LARGE : MX_OK;
}

static enum mx_err check_media(struct exchange *x)
{
    const struct mx_req *req = x->req;

    if (!mx_route_reads_body(x->route))
        return MX_OK;
    if (req->content_encoding.n > 0 && !mx_str_ieq(req->content_encoding, MX_S("identity"))) {
        mx_res_header(x->res, "Accept-Encoding", MX_S("identity"));
        return mx_fail(x->cx->faults, MX_E_UNSUPPORTED_MEDIA_TYPE,
                       "The body of a request must not be compressed.");
    }
    if (req->body.n == 0 && !mx_route_requires_body(x->route))
        return MX_OK;
    return is_json(req->content_type) ? MX_OK : MX_E_UNSUPPORTED_MEDIA_TYPE;
}

/* Does the route take the token of a session that has ended? */
static bool takes_ended(const struct exchange *x)
{
    return (x->route->flags & MX_R_REVOKED_OK) &&
           (x->route->who == MX_WHO_TOKEN || x->cx->actor.kind == MX_GUEST);
}

static bool has_bearer(const struct mx_req *req)
{
    return mx_str_ieq(mx_str_sub(req->authorization, 0, 7), MX_S("Bearer "));
}

static enum mx_err authenticate(struct exchange *x)
{
    struct mx_str given = x->req->authorization;
    enum mx_err e;

    if (x->route->who == MX_WHO_PUBLIC)
        return MX_OK;
    if (given.n == 0)
        return x->route->who == MX_WHO_ANYONE ? MX_OK : MX_E_UNAUTHORIZED;
    if (!has_bearer(x->req))
        return MX_E_UNAUTHORIZED;
    e = x->app->hooks->authenticate(x->cx, mx_str_trim(mx_str_sub(given, 7, given.n)));
    if (e != MX_E_SESSION_ENDED)
        return e;
    return takes_ended(x) ? MX_OK : MX_E_UNAUTHORIZED;
}

static enum mx_err authorize(struct exchange *x)
{
    if (x->route->who != MX_WHO_STAFF && x->route->who != MX_WHO_TOKEN)
        return MX_OK;
    if (x->route->who == MX_WHO_STAFF && x->cx->actor.kind != MX_STAFF)
        return mx_fail(x->cx->faults, MX_E_FORBIDDEN, "Only staff can do this.");
    return x->app->hooks->authorize(x->cx, x->route);
}

static enum mx_err admit(struct exchange *x)
{
    if (x->route->rate == MX_RATE_NONE)
        return MX_OK;
    return x->app->hooks->admit(x->cx, x->route->rate);
}

static enum mx_err check_key(struct exchange *x)
{
    struct mx_str key = x->req->idempotency_key;

    if (x->req->method != MX_POST)
        return MX_OK;
    if (key.n == 0)
        return x->route->flags & MX_R_IDEMPOTENT ? MX_E_IDEMPOTENCY_KEY_REQUIRED : MX_OK;
    for (size_t i = 0; i < key.n; i++) {
        if (key.n > IDEMPOTENCY_KEY_MAX || key.p[i] < '!' || key.p[i] > '~')
            return mx_fail(x->cx->faults, MX_E_BAD_REQUEST,
                           "Idempotency-Key must be 1 to 255 visible ASCII characters.");
    }
    return MX_OK;
}

/* The text is no JSON of ours. In a password, though, a NUL is a character like another that people
 * may not use: its sender is told where. */
static enum mx_err malformed(struct exchange *x, const char *why, size_t offset)
{
    struct mx_ctx *cx = x->cx;
    struct mx_str name = mx_json_nul_member(cx->arena, x->req->body);

    if (name.p && mx_shape_is_secret(x->route->in, name)) {
        mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/%.*s", MX_FMT(name)), "bad_format",
                    "must not contain the character U+0000");
        return MX_E_VALIDATION_FAILED;
    }
    return mx_fail(cx->faults, MX_E_MALFORMED_JSON,
                   "The body is not well-formed JSON at byte %zu: %s.", offset, why);
}

static enum mx_err parse_body(struct exchange *x, const struct mx_json **ret_body)
{
    const char *why = "";
    size_t offset = 0;
    enum mx_err e;

    if (!mx_route_reads_body(x->route) ||
        (x->req->body.n == 0 && !mx_route_requires_body(x->route)))
        return MX_OK;
    e = mx_json_parse(x->cx->arena, x->req->body, ret_body, &why, &offset);
    return e == MX_E_MALFORMED_JSON ? malformed(x, why, offset) : e;
}

/* The body of a route that has a shape of its own for it. */
static enum mx_err read_noun(struct exchange *x, struct mx_sources *src)
{
    struct mx_sent *sent = x->in;

    sent->at = mx_arena_zalloc(x->cx->arena, 1, x->route->body->size);
    src->sent = &sent->rows;
    return mx_fields_read(x->cx->arena, x->route->body, src, x->cx->faults, sent->at);
}

static enum mx_err read_input(struct exchange *x)
{
    static const struct mx_shape nothing = {"Nothing", 0, NULL, 0, NULL};
    const struct mx_shape *shape = x->route->in ? x->route->in : &nothing;
    struct mx_sources src = {.path = x->match.params,
                             .n_path = x->match.n_params,
                             .if_match = x->req->if_match.n ? x->req->if_match : (struct mx_str){0},
                             .partial = x->route->method == MX_PATCH};
    struct mx_sources body = {.partial = src.partial};
    struct mx_pair *query = NULL;
    enum mx_err e, paged = MX_OK, picked = MX_OK;

    e = mx_uri_query(x->cx->arena, x->req->query, QUERY_MAX, &query, &src.n_query);
    if (e == MX_E_BAD_REQUEST)
        return mx_fail(x->cx->faults, e, "The query is malformed or has too many parameters.");
    MX_TRY(e);
    MX_TRY(parse_body(x, &src.body));
    src.query = query;
    if (x->route->flags & MX_R_LIST)
        paged = mx_page_read(x->cx->arena, mx_cursor_tag(x->cx->route_id, 0), &src, x->cx->faults,
                             &x->page);
    if (mx_route_picks(x->route))
        picked = mx_pick_read(x->cx->arena, x->route, &src, x->cx->faults, &x->pick);
    x->in = mx_arena_zalloc(x->cx->arena, 1, shape->size ? shape->size : 1);
    body.body = src.body;
    if (x->route->body)
        src.body = NULL;
    e = mx_fields_read(x->cx->arena, shape, &src, x->cx->faults, x->in);
    if (e == MX_OK && x->route->body)
        e = read_noun(x, &body);
    if (e == MX_OK)
        e = paged;
    return e == MX_OK ? picked : e;
}

/* ---- running ---- */

/* Take back what a try wrote. The buffers go back to the memory they had, so that whoever runs the
 * handler again may rewind the arena between two tries. */
static void rewind_response(struct exchange *x)
{
    *x->res = x->bare;
    x->res->headers.p[x->res->headers.n] = 0;
    x->res->body.p[0] = 0;
}

/* A public answer comes from the host's memory where it can: the handler runs for the first who
 * asks. The key set is not kept: a key that is gone must be gone. */
static enum mx_err ask_handler(struct exchange *x)
{
    const struct mx_hooks *hooks = x->app->hooks;
    bool shared = hooks->recall && (x->route->flags & (MX_R_PUBLIC | MX_R_KEYSET)) == MX_R_PUBLIC;
    struct mx_reply *reply = &x->reply;
    struct mx_kept kept = {0};

    if (shared && hooks->recall(x->cx, x->req, &kept)) {
        reply->raw = kept.body;
        reply->etag = kept.etag;
        return MX_OK;
    }
    MX_TRY(x->route->fn(x->cx, x->in, reply));
    if (shared && reply->answer == 0 && reply->error == MX_OK &&
        mx_answer_render(x->route, reply, &x->res->body)) {
        kept.body = reply->raw;
        kept.etag = reply->etag;
        hooks->remember(x->cx, x->req, &kept);
    }
    return MX_OK;
}

/* Errors that are about one member, where the route takes it in its body. */
static const struct {
    const char *member;
    enum mx_err e;
    bool own; /* only where the caller is known: elsewhere the answer must not tell what is wrong */
} about[] = {
    {"code", MX_E_CODE_INVALID, false},
    {"code", MX_E_INVALID_MFA_CODE, false},
    {"mfa_token", MX_E_INVALID_MFA_TOKEN, false},
    {"refresh_token", MX_E_INVALID_REFRESH_TOKEN, false},
    {"email", MX_E_EMAIL_TAKEN, false},
    {"expected_total", MX_E_PRICE_CHANGED, false},
    {"current_password", MX_E_INVALID_CREDENTIALS, true},
    {"password", MX_E_INVALID_CREDENTIALS, true},
};

static bool takes_member(const struct mx_shape *shape, const char *name)
{
    for (size_t i = 0; shape && i < shape->n; i++)
        if (shape->fields[i].from == MX_BODY && strcmp(shape->fields[i].name, name) == 0)
            return true;
    return false;
}

/* The problem document of `e`, with a pointer to the member that it is about unless there are
 * faults that tell more. */
static void write_problem(struct exchange *x, enum mx_err e)
{
    struct mx_faults *f = x->cx->faults;
    bool known = x->route && x->route->who == MX_WHO_TOKEN;

    for (size_t i = 0; x->route && f->n == 0 && i < MX_LEN(about); i++)
        if (about[i].e == e && (known || !about[i].own) &&
            takes_member(x->route->in, about[i].member))
            mx_fault_at(f, mx_str_fmt(x->cx->arena, "/%s", about[i].member), mx_err_code(e), "%s",
                        f->detail.p ? f->detail.p : mx_err_title(e));
    f->bad_token = has_bearer(x->req) && strcmp(mx_err_code(e), "unauthorized") == 0;
    mx_problem(x->res, e, f, x->cx->request_id);
}

static enum mx_err handle(void *arg)
{
    struct exchange *x = arg;

    rewind_response(x);
    x->reply = (struct mx_reply){.route = x->route, .page = x->page, .pick = x->pick};
    mx_faults_init(x->cx->faults, x->cx->arena);
    return ask_handler(x);
}

static enum mx_err render(void *arg)
{
    struct exchange *x = arg;
    struct mx_reply *reply = &x->reply;
    struct mx_res *res = x->res;

    rewind_response(x);
    if (reply->complete)
        reply->complete(x->cx, reply);
    x->replied = reply->error;
    if (reply->error != MX_OK)
        write_problem(x, reply->error);
    else
        mx_answer_write(x->route, x->cx->proc->conf, x->req, reply, res);
    return res->body.overflow || res->headers.overflow ? MX_E_INTERNAL : MX_OK;
}

/* Complete an answer that an earlier request stored: only its status and body were kept. */
static void write_replay(struct exchange *x)
{
    x->res->headers = x->bare.headers;
    x->res->headers.p[x->res->headers.n] = 0;
    mx_res_header(x->res, "Idempotency-Replayed", MX_S("true"));
    mx_answer_headers(x->res);
    if (x->res->status >= 400) {
        mx_problem_headers(x->res, false);
        return;
    }
    mx_res_header(x->res, "Cache-Control", MX_S("no-store"));
    if (x->res->body.n > 0)
        mx_res_header(x->res, "Content-Type", MX_S(MX_JSON_MEDIA));
}

static enum mx_err run(struct exchange *x)
{
    const struct mx_work work = {handle, render, x};
    enum mx_err e;

    x->bare = *x->res;
    e = x->app->hooks->run(x->cx, x->route, x->req, &work, x->res);
    if (e != MX_OK) {
        rewind_response(x);
        return e;
    }
    if (x->res->replayed) {
        x->replied = MX_OK;
        write_replay(x);
    }
    return MX_OK;
}

static enum mx_err pass(struct exchange *x)
{
    MX_TRY(check_sanity(x));
    MX_TRY(find_route(x));
    MX_TRY(check_load(x));
    if (!x->route)
        return answer_options(x);
    MX_TRY(check_size(x));
    MX_TRY(authenticate(x));
    MX_TRY(authorize(x));
    MX_TRY(admit(x));
    MX_TRY(check_media(x));
    MX_TRY(check_key(x));
    MX_TRY(read_input(x));
    return run(x);
}

static void rate_header(struct exchange *x, const char *name, int64_t value)
{
    mx_res_header(x->res, name, mx_str_fmt(x->cx->arena, "%lld", (long long)value));
}

/* Last of all: a limit met by the handler stands in for that of the route's class. */
static void write_rate(struct exchange *x)
{
    const struct mx_rate *rate = &x->cx->rate;

    if (rate->limit == 0)
        return;
    rate_header(x, "RateLimit-Limit", rate->limit);
    rate_header(x, "RateLimit-Remaining", rate->left);
    rate_header(x, "RateLimit-Reset", rate->reset_s);
}

enum mx_err mx_dispatch(const struct mx_app *app, struct mx_ctx *cx, const struct mx_req *req,
                        struct mx_res *res)
{
    struct exchange x = {.app = app, .cx = cx, .req = req, .res = res};
    enum mx_err e;

    begin(&x);
    e = pass(&x);
    if (mx_err_status(e) == 500)
        mx_log(MX_LOG_ERROR, "request failed", MX_KS("route", cx->route_id),
               MX_KI("error", (int)e));
    if (e != MX_OK)
        write_problem(&x, e);
    write_rate(&x);
    return e == MX_OK ? x.replied : e;
}
