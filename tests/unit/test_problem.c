/* Problem documents and response headers. */
#include "tap.h"

#include "base/arena.h"
#include "codec/params.h"
#include "http/problem.h"

static struct mx_arena *arena;
static struct mx_res res;
static struct mx_faults faults;

static void fresh(void)
{
    mx_arena_reset(arena);
    mx_buf_init(&res.headers, arena, 2000);
    mx_buf_init(&res.body, arena, 20000);
    mx_faults_init(&faults, arena);
}

static bool has(const char *part)
{
    return strstr(res.headers.p, part) != NULL;
}

static void test_documents(void)
{
    struct mx_params params;

    fresh();
    mx_buf_c(&res.body, "half an answer");
    mx_res_header(&res, "X-A", MX_S("b"));
    mx_problem(&res, MX_E_NOT_FOUND, &faults, MX_S("r-1"));
    tap_int(res.status, 404, "status");
    tap_str(mx_buf_view(&res.body),
            "{\"type\":\"/problems/not_found\",\"title\":\"Not found\",\"status\":404,"
            "\"detail\":\"The resource does not exist.\",\"code\":\"not_found\","
            "\"request_id\":\"r-1\"}",
            "document");
    tap_str(mx_buf_view(&res.headers),
            "X-A: b\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n",
            "headers");

    fresh();
    mx_fault_at(&faults, MX_S("/items/0/quantity"), "out_of_range", "must be from 1 to %d", 999);
    mx_params_init(&params, arena);
    mx_params_int(&params, "max", 999);
    mx_fault_params(&faults, mx_params_text(&params));
    mx_fault_param(&faults, MX_S("limit"), "wrong_type", "must be an integer");
    mx_params_init(&params, arena);
    mx_params_money(&params, "was", mx_money(1299, mx_currency_stored(MX_S("EUR"))));
    faults.params = mx_params_text(&params);
    mx_fault_extra(&faults, "order_id", MX_S("o-1"));
    mx_problem(&res, mx_fail(&faults, MX_E_VALIDATION_FAILED, "Two \"faults\"."), &faults,
               MX_S("r-2"));
    tap_str(mx_buf_view(&res.body),
            "{\"type\":\"/problems/validation_failed\",\"title\":\"Validation failed\","
            "\"status\":422,\"detail\":\"Two \\\"faults\\\".\",\"code\":\"validation_failed\","
            "\"request_id\":\"r-2\",\"order_id\":\"o-1\","
            "\"params\":{\"was\":{\"amount\":1299,\"currency\":\"EUR\"}},\"errors\":[{\"pointer\":"
            "\"/items/0/quantity\",\"code\":\"out_of_range\",\"detail\":\"must be from 1 to 999\","
            "\"params\":{\"max\":999}},"
            "{\"parameter\":\"limit\",\"code\":\"wrong_type\",\"detail\":\"must be an integer\"}]}",
            "faults and further members");
}

static void test_kinds(void)
{
    fresh();
    mx_fault_at(&faults, MX_S("/x"), "y", "z");
    mx_problem(&res, mx_fail(&faults, MX_E_UNAVAILABLE, "SELECT broke in db.c"), &faults,
               MX_S("r-3"));
    tap_ok(!strstr(res.body.p, "SELECT") && !strstr(res.body.p, "errors"),
           "details of 5xx are constant");
    tap_ok(has("Retry-After: 1\r\n"), "503 has Retry-After");

    fresh();
    faults.retry_after_s = 30;
    mx_problem(&res, MX_E_RATE_LIMITED, &faults, MX_S("r"));
    tap_ok(has("Retry-After: 30\r\n"), "429 has the given Retry-After");
    fresh();
    mx_problem(&res, MX_E_IDEMPOTENCY_IN_PROGRESS, &faults, MX_S("r"));
    tap_ok(has("Retry-After: 1\r\n"), "a running first request has Retry-After");
    fresh();
    mx_problem(&res, MX_E_INVALID_CREDENTIALS, NULL, (struct mx_str){0});
    tap_ok(has("WWW-Authenticate: Bearer\r\n"), "401 has WWW-Authenticate");
    tap_ok(strstr(res.body.p, "\"request_id\":\"\"") != NULL, "an absent request id is empty");
    fresh();
    faults.bad_token = true;
    mx_problem(&res, MX_E_UNAUTHORIZED, &faults, MX_S("r"));
    tap_ok(has("WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"), "a token that is no good");
    fresh();
    for (int i = 0; i < MX_FAULTS_MAX; i++)
        mx_fault_at(&faults, MX_S("/x"), "y", "z");
    mx_problem(&res, MX_E_VALIDATION_FAILED, &faults, MX_S("r"));
    tap_ok(!strstr(res.body.p, "errors_total"), "all faults are there");
    mx_fault_at(&faults, MX_S("/x"), "y", "z");
    mx_problem(&res, MX_E_VALIDATION_FAILED, &faults, MX_S("r"));
    tap_ok(strstr(res.body.p, "],\"errors_total\":21}") != NULL, "one is not");
    for (int e = 1; e < MX_ERR_COUNT; e++) {
        fresh();
        mx_problem(&res, (enum mx_err)e, &faults, MX_S("r"));
        tap_ok(strstr(res.body.p, mx_err_code((enum mx_err)e)) && !res.body.overflow,
               "%s has a document", mx_err_code((enum mx_err)e));
    }
}

int main(void)
{
    arena = mx_arena_new(65536, 1 << 20);
    test_documents();
    test_kinds();
    fresh();
    mx_res_header(&res, "Location", MX_S("/a\r\nSet-Cookie: x"));
    tap_str(mx_buf_view(&res.headers), "Location: /a\r\n", "a header value ends at CR");
    fresh();
    mx_res_header(&res, "X", (struct mx_str){"a\0b", 3});
    tap_str(mx_buf_view(&res.headers), "X: a\r\n", "and at NUL");
    mx_arena_free(arena);
    return tap_done();
}
