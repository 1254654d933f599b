/* The OpenAPI document: well-formed, complete, the same every time. With an argument it is printed,
 * for validators. */
#include "tap.h"

#include "exchange.h"

#include "http/openapi.h"

static const struct mx_json *root;

/* Value at a path of member names separated by spaces, or NULL. */
static const struct mx_json *at(const char *names)
{
    struct mx_str rest = mx_str_c(names), name;
    const struct mx_json *v = root;

    while (v && mx_str_split(&rest, ' ', &name))
        v = mx_json_get(v, mx_str_z(ex.arena, name));
    return v;
}

static struct mx_str text(const char *names)
{
    const struct mx_json *v = at(names);

    return v && mx_json_type(v) == MX_JSON_STRING ? mx_json_string(v) : (struct mx_str){0};
}

/* True when the array at `names` holds the string. */
static bool lists(const char *names, const char *wanted)
{
    for (const struct mx_json *v = at(names) ? mx_json_first(at(names)) : NULL; v;
         v = mx_json_next(v)) {
        if (mx_json_type(v) == MX_JSON_STRING && mx_str_eqc(mx_json_string(v), wanted))
            return true;
    }
    return false;
}

static const char *example(const char *operation, const char *kind)
{
    return strcmp(operation, "auth.login") == 0 && strcmp(kind, "request") == 0 ? "{\"n\":7}"
                                                                                : NULL;
}

static const struct mx_openapi_tag tags[] = {{"auth", "Sign-up and sign-in."}, {0}};

static struct mx_str document(void)
{
    const struct mx_openapi_about about = {"Test", "https://shop.example", MX_S("/api"), example,
                                           tags};
    struct mx_jsonw w;
    struct mx_buf b;

    mx_buf_init(&b, ex.arena, 1 << 20);
    mx_jsonw_init(&w, &b);
    mx_openapi_write(&w, ex_tables, &about);
    return b.overflow ? MX_S("overflow") : mx_buf_view(&b);
}

/* The description of a tag; absent where it has none. */
static struct mx_str tag_doc(const char *name)
{
    for (const struct mx_json *v = mx_json_first(at("tags")); v; v = mx_json_next(v)) {
        if (mx_str_eqc(mx_json_string(mx_json_get(v, "name")), name))
            return mx_json_string(mx_json_get(v, "description"));
    }
    return (struct mx_str){0};
}

#define LOGIN "paths /v1/login post "
#define PUT "paths /v1/admin/things/{id} put "
#define CHECKOUT "paths /v1/checkout post "
#define SCHEMAS "components schemas "

static void test_operations(void)
{
    tap_str(text("openapi"), "3.1.0", "version");
    tap_str(text(LOGIN "operationId"), "auth.login", "operation id");
    tap_str(text(LOGIN "summary"), "Sign in", "summary");
    tap_str(text(LOGIN "description"), "With a password.\n\nAn access token is optional.",
            "description");
    tap_str(text(PUT "description"), "Requires a staff token with the permission `catalog.write`.",
            "a row without more says who may call");
    tap_str(tag_doc("auth"), "Sign-up and sign-in.", "tag");
    tap_str(text("info contact url"), "https://shop.example", "contact");
    tap_ok(at(LOGIN "requestBody content application/json example n") != NULL, "example");
    tap_ok(at(LOGIN "responses 429 headers RateLimit-Reset description") != NULL, "limits");
    tap_str(text(LOGIN "x-who"), "anyone", "who may call");
    tap_str(text(LOGIN "x-pool"), "slow", "pool");
    tap_str(text(LOGIN "x-rate-class"), "password", "rate class");
    tap_ok(lists(LOGIN "responses 429 x-codes", "rate_limited"), "429");
    tap_ok(lists(LOGIN "responses 401 x-codes", "unauthorized") &&
               lists(LOGIN "responses 401 x-codes", "invalid_credentials"),
           "codes of one status are together");
    tap_ok(at(LOGIN "responses 200 content application/json schema oneOf") != NULL, "two answers");
    tap_ok(at(LOGIN "responses 415") && at(LOGIN "responses 413") && !at(LOGIN "responses 403") &&
               !at(LOGIN "responses 404"),
           "what can occur and no more");
    tap_str(text(PUT "x-permission"), "catalog.write", "permission");
    tap_ok(at(PUT "x-transaction") && mx_json_bool(at(PUT "x-transaction")), "transaction");
    tap_ok(lists(PUT "responses 412 x-codes", "version_conflict") && at(PUT "responses 404") &&
               at(PUT "responses 403"),
           "staff route");
    tap_ok(at("paths /v1/admin/things/{id} delete responses 204") != NULL, "one path item");
    tap_ok(at(CHECKOUT "responses 402") &&
               lists(CHECKOUT "responses 409 x-codes", "out_of_stock") &&
               lists(CHECKOUT "responses 409 x-codes", "idempotency_in_progress") &&
               lists(CHECKOUT "responses 422 x-codes", "idempotency_key_reused") &&
               lists(CHECKOUT "responses 400 x-codes", "idempotency_key_required"),
           "idempotency");
    tap_ok(at("paths /v1/things/{slug} get responses 304") != NULL, "public routes have 304");
    tap_ok(!at("paths /metrics"), "unlisted routes are not shown");
}

static void test_schemas(void)
{
    int64_t n = 0;

    tap_ok(at(SCHEMAS "Thing") && at(SCHEMAS "Write") && at(SCHEMAS "Money") &&
               at(SCHEMAS "Problem"),
           "components");
    tap_ok(at(SCHEMAS "Line") && at(SCHEMAS "LineInput"), "a shape of both directions is two");
    tap_ok(!at(SCHEMAS "ListIn"), "parameters are no component");
    tap_ok(at(SCHEMAS "Write additionalProperties") &&
               !mx_json_bool(at(SCHEMAS "Write additionalProperties")),
           "what is taken is closed");
    tap_ok(at(SCHEMAS "Thing") && !at(SCHEMAS "Thing additionalProperties") &&
               !at(SCHEMAS "Problem additionalProperties"),
           "what is given may grow");
    tap_str(text(SCHEMAS "Thing properties sort $ref"), "#/components/schemas/ExSort",
            "an enumeration is a component");
    tap_ok(lists(SCHEMAS "ExSort enum", "newest"), "of its names");
    tap_str(text(SCHEMAS "Problem properties code $ref"), "#/components/schemas/ErrorCode", "code");
    tap_ok(lists(SCHEMAS "ErrorCode enum", "out_of_stock") &&
               lists(SCHEMAS "ErrorCode enum", "uri_too_long"),
           "codes of ours and of nginx");
    tap_ok(lists(SCHEMAS "FaultCode enum", "unknown_value"), "codes of faults");
    tap_ok(lists(SCHEMAS "Write required", "email") && !lists(SCHEMAS "Write required", "note"),
           "required of a request");
    tap_ok(lists(SCHEMAS "Thing required", "never") && !lists(SCHEMAS "Thing required", "gone"),
           "required of an answer");
    tap_ok(lists(SCHEMAS "Write properties note type", "null"), "nullable");
    tap_str(text(SCHEMAS "Write properties email format"), "email", "format");
    tap_ok(at(SCHEMAS "Write properties name maxLength") &&
               mx_json_int(at(SCHEMAS "Write properties name maxLength"), &n) && n == 5,
           "bounds of a string");
    tap_ok(at(SCHEMAS "Write properties price properties amount maximum") != NULL,
           "bounds of an amount");
    tap_ok(at(SCHEMAS "Write properties lines maxItems") != NULL, "bounds of a list");
    tap_str(text(SCHEMAS "Write properties lines items $ref"), "#/components/schemas/LineInput",
            "reference of a request");
    tap_str(text(SCHEMAS "Thing properties lines items $ref"), "#/components/schemas/Line",
            "reference of an answer");
    tap_ok(!at(SCHEMAS "Write properties id"), "parameters are no members");
}

int main(int argc, char **argv)
{
    struct mx_str doc, again;
    const char *why = "";
    size_t offset = 0;

    (void)argv;
    ex_reset();
    doc = document();
    if (argc > 1) {
        printf("%.*s\n", MX_FMT(doc));
        return 0;
    }
    again = document();
    tap_ok(mx_str_eq(doc, again), "the same bytes every time");
    tap_err(mx_json_parse(ex.arena, doc, &root, &why, &offset), MX_OK, "well-formed JSON");
    if (root) {
        test_operations();
        test_schemas();
    }
    mx_arena_free(ex.arena);
    return tap_done();
}
