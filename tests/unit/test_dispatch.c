/* The gates, with hooks that need no database. */
#include "tap.h"

#include "exchange.h"

#include "http/answer.h"

/* A request for `path` below the mount; the last eight are valid. */
static struct mx_req request(enum mx_method m, const char *path)
{
    static char paths[8][400];
    static int turn;
    char *raw = paths[turn++ % 8];

    (void)snprintf(raw, sizeof(paths[0]), "/api%s", path);
    return (struct mx_req){.method = m,
                           .mount = MX_S("/api"),
                           .path = mx_str_c(path),
                           .raw_path = mx_str_c(raw),
                           .content_length = -1,
                           .address = MX_S("192.0.2.1")};
}

static struct mx_req with_body(struct mx_req r, const char *body)
{
    r.content_type = MX_S("application/json");
    r.body = mx_str_c(body);
    r.content_length = (int64_t)r.body.n;
    return r;
}

static struct mx_req as(struct mx_req r, const char *authorization)
{
    r.authorization = mx_str_c(authorization);
    return r;
}

static bool header(const char *line)
{
    char wanted[400];

    (void)snprintf(wanted, sizeof(wanted), "%s\r\n", line);
    return strstr(ex.res.headers.p, wanted) != NULL;
}

/* How often a header of that name stands in the answer. */
static int headers_named(const char *name)
{
    char wanted[100];
    int n = 0;

    (void)snprintf(wanted, sizeof(wanted), "%s: ", name);
    for (const char *p = strstr(ex.res.headers.p, wanted); p; p = strstr(p + 1, wanted))
        n++;
    return n;
}

static bool body_has(const char *part)
{
    return strstr(ex.res.body.p, part) != NULL;
}

/* Send and check the error; every answer has a request id, nosniff and one Cache-Control. */
static void expect(struct mx_req r, enum mx_err e, const char *name)
{
    tap_err(ex_send(&r), e, name);
    tap_ok(headers_named("X-Request-Id") == 1 && headers_named("Cache-Control") == 1 &&
               header("X-Content-Type-Options: nosniff") &&
               headers_named("Content-Type") == (ex.res.body.n > 0),
           "%s: common headers", name);
    if (e != MX_OK)
        tap_int(ex.res.status, mx_err_status(e), "status");
    if (e != MX_OK && e != MX_E_PAYMENT_DECLINED)
        tap_ok(body_has(mx_err_code(e)) && header("Content-Type: application/problem+json") &&
                   header("Cache-Control: no-store"),
               "%s: problem", name);
}

static void test_path(void)
{
    static const struct {
        const char *raw, *path;
        bool fine;
    } cases[] = {
        {"/api/v1/health", "/v1/health", true},
        {"/api/v1/he%61lth", "/v1/health", true},
        {"/api//v1/health", "/v1/health", false},
        {"/api/v1/x/../health", "/v1/health", false},
        {"/api/v1/./health", "/v1/health", false},
        {"/api/v1%2fhealth", "/v1/health", false},
        {"/api/v1/%2e%2e/v1/health", "/v1/health", false},
        {"/api/v1/health%", "/v1/health", false},
        {"/api/v1/health%00", "/v1/health", false},
        {"/api/v1/health/", "/v1/health", false},
        {"/other/v1/health", "/v1/health", false},
        {NULL, "/v1/health", false},
        {"/api/v1/a%0ab", "/v1/a\nb", false},
        {"/api/v1/a%ff", "/v1/a\xff", false},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        struct mx_req r = request(MX_GET, cases[i].path);

        ex_reset();
        r.raw_path = mx_str_c(cases[i].raw);
        expect(r, cases[i].fine ? MX_OK : MX_E_BAD_REQUEST, cases[i].raw ? cases[i].raw : "none");
    }
    expect(request(MX_GET, "/v1/nothing"), MX_E_NOT_FOUND, "unknown path");
    tap_ok(!ex.cx.route_id.p, "has no route");
    expect(request(MX_GET, "/v1/health"), MX_OK, "known path");
    tap_str(ex.cx.route_id, "meta.health", "has its route");
    tap_str(ex.cx.address, "192.0.2.1", "address is passed on");
}

static void test_method(void)
{
    struct mx_req r = request(MX_DELETE, "/v1/things");

    ex_reset();
    expect(r, MX_E_METHOD_NOT_ALLOWED, "wrong method");
    tap_ok(header("Allow: GET, HEAD"), "405 has Allow");
    r.method = MX_METHOD_OTHER;
    expect(r, MX_E_METHOD_NOT_ALLOWED, "unknown method");
    expect(request(MX_HEAD, "/v1/things"), MX_OK, "HEAD where GET is");
    tap_ok(ex.res.body.n > 0 && header("Content-Type: application/json; charset=utf-8"),
           "HEAD has the answer of GET");
}

static void test_age(void)
{
    struct mx_req r = request(MX_GET, "/v1/health");

    ex_reset();
    r.arrival_ms = 1767323045678 - 5000;
    expect(r, MX_OK, "old enough to be served");
    r.arrival_ms--;
    expect(r, MX_E_OVERLOADED, "too old");
    tap_ok(header("Retry-After: 1"), "try again later");
    r.raw_path = MX_S("/api//v1/health");
    expect(r, MX_E_BAD_REQUEST, "sanity comes first");
    tap_int(ex_do.runs, 1, "nothing ran");
}

static void test_cors(void)
{
    struct mx_req r = request(MX_OPTIONS, "/v1/checkout");
    static const char *const foreign[] = {"null",
                                          "*",
                                          "https://a.example.evil.test",
                                          "http://a.example",
                                          "https://A.example",
                                          "https://a.exam"};

    ex_reset();
    r.cors_method = MX_S("POST");
    expect(r, MX_E_METHOD_NOT_ALLOWED, "OPTIONS without an origin");
    tap_ok(header("Vary: Origin"), "answers vary by origin");
    for (size_t i = 0; i < MX_LEN(foreign); i++) {
        r.origin = mx_str_c(foreign[i]);
        expect(r, MX_E_METHOD_NOT_ALLOWED, foreign[i]);
        tap_int(headers_named("Access-Control-Allow-Origin"), 0, "no CORS");
    }
    r.origin = MX_S("https://b.example");
    expect(r, MX_OK, "preflight of ours");
    tap_int(ex.res.status, 204, "preflight status");
    tap_ok(header("Access-Control-Allow-Origin: https://b.example") &&
               header("Access-Control-Allow-Methods: POST") &&
               headers_named("Access-Control-Allow-Headers") == 0,
           "preflight headers");
    r.cors_headers = MX_S("authorization,sentry-trace");
    expect(r, MX_OK, "preflight with headers");
    tap_ok(header("Access-Control-Allow-Headers: authorization,sentry-trace"),
           "all that it asks for");
    r.cors_headers = MX_S("a\r\nb: c");
    expect(r, MX_OK, "preflight with no header names");
    tap_int(headers_named("Access-Control-Allow-Headers"), 0, "nothing of it is repeated");
    ex.conf.cors_headers = "Authorization";
    r.cors_headers = MX_S("authorization,sentry-trace");
    expect(r, MX_OK, "preflight of a host with a list");
    tap_ok(header("Access-Control-Allow-Headers: Authorization"), "its list");
    ex.conf.cors_headers = "*";
    r.cors_method = (struct mx_str){0};
    expect(r, MX_E_METHOD_NOT_ALLOWED, "no preflight without the method");
    r = request(MX_GET, "/v1/things/best");
    r.origin = MX_S("https://a.example");
    expect(r, MX_E_UNAUTHORIZED, "errors, too");
    tap_ok(header("Access-Control-Allow-Origin: https://a.example"), "can be read by our origin");
    ex.conf.cors_origins = "";
    expect(r, MX_E_UNAUTHORIZED, "CORS is off by default");
    tap_ok(headers_named("Access-Control-Allow-Origin") + headers_named("Vary") == 0, "no CORS");
}

static void test_body(void)
{
    static const char *const wrong[] = {"text/plain", "application/jsonx", "",
                                        "application/json; charset=latin1",
                                        "application/json, application/json"};
    static const char *const right[] = {"application/json", "Application/JSON;charset=UTF-8",
                                        "application/json; charset=\"utf-8\"; x=y"};
    struct mx_req login = with_body(request(MX_POST, "/v1/login"), "{\"name\":\"secret123\"}"), r;
    struct mx_req list = with_body(request(MX_GET, "/v1/things"), "not json");

    for (size_t i = 0; i < MX_LEN(wrong); i++) {
        ex_reset();
        login.content_type = mx_str_c(wrong[i]);
        expect(login, MX_E_UNSUPPORTED_MEDIA_TYPE, wrong[i]);
    }
    for (size_t i = 0; i < MX_LEN(right); i++) {
        ex_reset();
        login.content_type = mx_str_c(right[i]);
        expect(login, MX_OK, right[i]);
    }
    ex_reset();
    expect(request(MX_POST, "/v1/login"), MX_E_UNSUPPORTED_MEDIA_TYPE, "no body, no type");
    expect(with_body(login, ""), MX_E_MALFORMED_JSON, "an empty body");
    ex_reset();
    expect(with_body(login, "{\"name\":\"a\",\"name\":\"b\"}"), MX_E_MALFORMED_JSON, "twice");
    expect(with_body(login, "{\"name\":\"secret123\"} x"), MX_E_MALFORMED_JSON, "behind it");
    ex_reset();
    r = with_body(login, "{}");
    r.content_length = 1025;
    expect(r, MX_E_PAYLOAD_TOO_LARGE, "too large by its length");
    r.body.n = 1025;
    r.content_length = -1;
    expect(r, MX_E_PAYLOAD_TOO_LARGE, "too large by its bytes");
    list.content_type = MX_S("text/plain");
    expect(list, MX_OK, "a body of GET is not looked at");
    r = as(with_body(request(MX_DELETE, "/v1/me"), "{}"), "Bearer customer");
    expect(r, MX_E_VALIDATION_FAILED, "a body of DELETE is, where it is taken");
    expect(
        as(with_body(request(MX_DELETE, "/v1/me"), "{\"name\":\"secret123\"}"), "Bearer customer"),
        MX_OK, "and read");
    tap_int(ex.res.status, 204, "no content");
    tap_int((int64_t)ex.res.body.n, 0, "has no body");
}

static void test_who(void)
{
    struct mx_req best = request(MX_GET, "/v1/things/best");
    struct mx_req remove = request(MX_DELETE, "/v1/admin/things/" EX_ID);

    ex_reset();
    expect(best, MX_E_UNAUTHORIZED, "no token");
    tap_ok(header("WWW-Authenticate: Bearer"), "says how");
    expect(as(best, "Basic customer"), MX_E_UNAUTHORIZED, "another scheme");
    expect(as(best, "Bearer"), MX_E_UNAUTHORIZED, "no token behind Bearer");
    expect(as(best, "Bearer x"), MX_E_UNAUTHORIZED, "a bad token");
    expect(as(best, "bearer  customer "), MX_OK, "a good token");
    tap_str(ex_hook.bearer, "customer", "is trimmed");
    expect(as(request(MX_GET, "/v1/health"), "Bearer x"), MX_E_UNAUTHORIZED,
           "a bad token where none is needed");
    expect(as(request(MX_GET, "/v1/health"), ""), MX_OK, "an empty header is absent");
    ex_hook.gate = MX_E_REAUTH_REQUIRED;
    expect(as(best, "Bearer customer"), MX_E_REAUTH_REQUIRED, "a sign-in too long ago [MFA-5]");
    ex_hook.gate = MX_OK;
    expect(remove, MX_E_UNAUTHORIZED, "staff route without a token");
    expect(as(remove, "Bearer customer"), MX_E_FORBIDDEN, "staff route for a customer");
    tap_int(ex_hook.authorized, 0, "permissions were not asked for");
    expect(as(remove, "Bearer staff"), MX_OK, "staff route for staff");
    ex_hook.permission = 0;
    expect(as(remove, "Bearer staff"), MX_E_FORBIDDEN, "without the permission");
    best = request(MX_DELETE, "/v1/admin/things/not-an-id");
    ex_hook.permission = MX_PERM(CATALOG_WRITE);
    expect(as(best, "Bearer customer"), MX_E_FORBIDDEN, "permission comes before input");
    expect(as(best, "Bearer staff"), MX_E_NOT_FOUND, "a malformed id is not found");
    tap_ok(!body_has("errors"), "and nothing more is said");
}

static void test_rate(void)
{
    struct mx_req r = with_body(request(MX_POST, "/v1/login"), "{\"name\":\"secret123\"}");

    ex_reset();
    for (int i = 0; i < 3; i++)
        expect(r, MX_OK, "within the rate");
    tap_ok(header("RateLimit-Limit: 3") && header("RateLimit-Remaining: 0") &&
               header("RateLimit-Reset: 7"),
           "the rate is told");
    expect(r, MX_E_RATE_LIMITED, "beyond the rate");
    tap_ok(header("RateLimit-Limit: 3") && header("Retry-After: 7"), "and when to come back");
    tap_int(ex_do.runs, 3, "nothing ran");
    expect(request(MX_GET, "/v1/health"), MX_OK, "other routes are not counted");
    tap_int(ex_hook.admitted, 4, "indeed");
    tap_ok(strstr(ex.res.headers.p, "RateLimit") == NULL, "and tell of no rate");
    ex_reset();
    ex_do.fail = MX_E_RATE_LIMITED;
    ex_do.rate = (struct mx_rate){10, 0, 59};
    expect(r, MX_E_RATE_LIMITED, "a limit of the handler's own");
    tap_ok(header("RateLimit-Limit: 10") && header("RateLimit-Remaining: 0") &&
               header("RateLimit-Reset: 59") && !header("RateLimit-Limit: 3"),
           "is told instead");
}

static void test_faults(void)
{
    struct mx_req r =
        as(with_body(request(MX_PUT, "/v1/admin/things/" EX_ID), "{\"email\":\"x\",\"role\":1}"),
           "Bearer staff");

    ex_reset();
    r.query = MX_S("limit=0&y=%41");
    r.if_match = MX_S("\"nonsense");
    expect(r, MX_E_VALIDATION_FAILED, "faults everywhere");
    tap_ok(body_has("{\"parameter\":\"y\",\"code\":\"unknown_parameter\"") &&
               body_has("{\"parameter\":\"limit\",\"code\":\"out_of_range\"") &&
               body_has("{\"parameter\":\"If-Match\",\"code\":\"bad_format\"") &&
               body_has("{\"pointer\":\"/email\",\"code\":\"bad_format\"") == false &&
               body_has("{\"pointer\":\"/email\",\"code\":\"too_short\"") &&
               body_has("{\"pointer\":\"/role\",\"code\":\"unknown_member\"") &&
               body_has("{\"pointer\":\"/name\",\"code\":\"required\""),
           "all of them are told");
    r.query = MX_S("limit=%");
    expect(r, MX_E_BAD_REQUEST, "a malformed query");
    r = request(MX_GET, "/v1/health");
    r.query = MX_S("x=1");
    expect(r, MX_E_VALIDATION_FAILED, "a parameter where none is taken");
    ex_do.fail = MX_E_OUT_OF_STOCK;
    expect(request(MX_GET, "/v1/health"), MX_E_OUT_OF_STOCK, "an error of the handler");
    tap_ok(body_has("Told by the handler."), "with its words");
}

static void test_keys(void)
{
    static char big[257];
    struct mx_req r = as(request(MX_POST, "/v1/checkout"), "Bearer customer");

    ex_reset();
    expect(r, MX_E_IDEMPOTENCY_KEY_REQUIRED, "no key");
    memset(big, 'k', 256);
    r.idempotency_key = mx_str_c(big);
    expect(r, MX_E_BAD_REQUEST, "a key too long");
    r.idempotency_key.n = 255;
    expect(r, MX_OK, "the longest key");
    tap_int(ex.res.status, 201, "created");
    r.idempotency_key = MX_S("a b");
    expect(r, MX_E_BAD_REQUEST, "a space in a key");
    r.idempotency_key = MX_S("k\xc3\xa9");
    expect(r, MX_E_BAD_REQUEST, "no ASCII");
    r.idempotency_key = MX_S("k");
    expect(with_body(r, "{}"), MX_OK, "an empty object is no input");
    expect(with_body(r, "{\"x\":1}"), MX_E_VALIDATION_FAILED, "a member is");
    r = request(MX_GET, "/v1/health");
    r.idempotency_key = MX_S("a b");
    expect(r, MX_OK, "a key of GET is not looked at");
}

static void test_run(void)
{
    struct mx_req r = as(request(MX_POST, "/v1/checkout"), "Bearer customer");
    size_t first;

    ex_reset();
    r.idempotency_key = MX_S("k");
    ex_do.location = true;
    expect(r, MX_OK, "one try");
    first = ex.res.body.n;
    tap_ok(header("Location: /api/v1/things/1"), "location");
    ex_hook.tries = 3;
    expect(r, MX_OK, "three tries");
    tap_ok(ex.res.body.n == first && headers_named("Location") == 1, "leave one answer");
    ex_hook.commit = MX_E_UNAVAILABLE;
    expect(r, MX_E_UNAVAILABLE, "a failed commit");
    tap_ok(headers_named("Location") == 0 && !body_has("Caf"), "takes the answer back");
    ex_hook.commit = MX_E_RETRY;
    tap_err(ex_send(&r), MX_E_RETRY, "a signal between layers");
    tap_ok(ex.res.status == 500 && body_has("internal_error"), "is an internal error");
    ex_hook.commit = MX_OK;
    ex_do.replied = MX_E_PAYMENT_DECLINED;
    expect(r, MX_E_PAYMENT_DECLINED, "an error that commits");
    tap_ok(header("Content-Type: application/problem+json") && body_has("\"order_id\":\"" EX_ID),
           "is a problem with its order");
    ex_hook.replay = "{\"stored\":1}";
    expect(r, MX_OK, "a replay");
    tap_ok(header("Idempotency-Replayed: true") && headers_named("Location") == 1 &&
               header("Location: /api/v1/things/stored") &&
               header("Content-Type: application/json; charset=utf-8"),
           "has its headers");
    tap_str(mx_buf_view(&ex.res.body), "{\"stored\":1}", "and the stored body");
    ex_reset();
    r.idempotency_key = MX_S("k");
    ex_do.huge = 2 << 20;
    expect(r, MX_E_INTERNAL, "an answer that is too large");
    tap_ok(!body_has("Caf"), "is not sent in part");
}

static void test_cache(void)
{
    struct mx_req r = request(MX_GET, "/v1/things/a");
    char tag[64];
    const char *p;

    ex_reset();
    expect(r, MX_OK, "public answer");
    tap_ok(header("Cache-Control: public, max-age=30, stale-while-revalidate=300"), "is cacheable");
    p = strstr(ex.res.headers.p, "ETag: \"");
    tap_ok(p && strcspn(p + 7, "\"") == 32, "has a strong entity tag");
    (void)snprintf(tag, sizeof(tag), "%.34s", p ? p + 6 : "");
    r.if_none_match = mx_str_c(tag);
    expect(r, MX_OK, "the same tag");
    tap_int(ex.res.status, 304, "not modified");
    tap_ok(ex.res.body.n == 0 && headers_named("ETag") == 1 &&
               header("Cache-Control: public, max-age=30, stale-while-revalidate=300"),
           "304 has tag and cache headers, no body");
    r.if_none_match = MX_S("\"x\"");
    expect(r, MX_OK, "another tag");
    tap_int(ex.res.status, 200, "is sent again");
    ex_do.fail = MX_E_NOT_FOUND;
    expect(r, MX_E_NOT_FOUND, "errors are not cached");
    ex_do.fail = MX_OK;
    expect(as(request(MX_GET, "/v1/things/best"), "Bearer customer"), MX_OK, "private answer");
    tap_ok(header("Cache-Control: no-store") && headers_named("ETag") == 0, "is not stored");
    expect(request(MX_POST, "/metrics"), MX_E_NOT_FOUND, "what is unlisted takes no method");
    r = request(MX_GET, "/metrics");
    expect(r, MX_E_NOT_FOUND, "what is unlisted is not below the mount");
    r.mount = MX_S("");
    r.raw_path = r.path;
    expect(r, MX_OK, "raw answer");
    tap_ok(header("Content-Type: text/plain"), "of its own type");
}

/* Public answers that the host remembers. */
static void test_shared(void)
{
    struct mx_req r = request(MX_GET, "/v1/things/a");
    static char tag[80];
    size_t n;

    ex_reset();
    ex_hook.shared = true;
    ex_do.replied = MX_E_UNAVAILABLE;
    ex_do.fail = MX_E_NOT_FOUND;
    expect(r, MX_E_NOT_FOUND, "an error of the handler");
    ex_do.fail = MX_OK;
    tap_err(ex_send(&r), MX_E_UNAVAILABLE, "an error that commits");
    tap_int(ex_hook.body[0], 0, "errors are not remembered");
    ex_do.replied = MX_OK;
    ex_do.runs = 0;
    expect(r, MX_OK, "the first who asks");
    n = ex.res.body.n;
    tap_ok(n > 0 && n == strlen(ex_hook.body) && ex_hook.recalled == 0, "has it remembered");
    expect(r, MX_OK, "the second");
    tap_ok(ex_do.runs == 1 && ex_hook.recalled == 1, "runs no handler");
    tap_ok(ex.res.body.n == n && headers_named("ETag") == 1 &&
               header("Content-Type: application/json; charset=utf-8"),
           "and has the same answer");
    (void)snprintf(tag, sizeof(tag), "\"%s\"", ex_hook.etag);
    r.if_none_match = mx_str_c(tag);
    expect(r, MX_OK, "the same tag");
    tap_int(ex.res.status, 304, "not modified");
    r.query = MX_S("x=1");
    expect(r, MX_E_VALIDATION_FAILED, "input is still checked");
    expect(as(request(MX_GET, "/v1/things/best"), "Bearer customer"), MX_OK, "private answer");
    tap_ok(ex_do.runs == 2 && ex_hook.recalled == 2, "is never shared");
}

static void test_tracing(void)
{
    static const char *const bad[] = {
        "", "a b", "\xc3\xa9", "a\r\nb",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct mx_req r = request(MX_GET, "/v1/health");
    struct mx_id id;

    ex_reset();
    r.traceparent = MX_S("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    r.request_id = MX_S("Req_1.2-3");
    expect(r, MX_OK, "a request id");
    tap_ok(header("X-Request-Id: Req_1.2-3"), "is given back");
    tap_ok(headers_named("traceparent") == 1 &&
               strstr(ex.res.headers.p, "00-0af7651916cd43dd8448eb211c80319c-"),
           "so is the trace");
    tap_str(ex.cx.trace.parent, "b7ad6b7169203331", "and its caller is known");
    for (size_t i = 0; i < MX_LEN(bad); i++) {
        r.request_id = mx_str_c(bad[i]);
        expect(r, MX_OK, "a bad request id");
        tap_ok(mx_id_parse(ex.cx.request_id, &id), "is replaced");
    }
    r.user_agent = MX_S("\xff");
    expect(r, MX_OK, "a bad user agent");
    tap_ok(!ex.cx.user_agent.p, "is absent");
}

int main(void)
{
    test_path();
    test_method();
    test_age();
    test_cors();
    test_body();
    test_who();
    test_rate();
    test_faults();
    test_keys();
    test_run();
    test_cache();
    test_shared();
    test_tracing();
    mx_arena_free(ex.arena);
    return tap_done();
}
