/* Which row serves a request. */
#include "tap.h"

#include "exchange.h"

static void test_match(void)
{
    struct mx_arena *a = mx_arena_new(4096, 65536);
    const struct mx_router *router = mx_router_new(a, ex_tables);
    struct mx_match m;
    char allow[MX_ALLOW_TEXT];
    static const struct {
        enum mx_method m;
        const char *path, *id, *allow;
        bool known;
    } cases[] = {
        {MX_GET, "/v1/things", "things.list", "GET, HEAD", true},
        {MX_HEAD, "/v1/things", "things.list", "GET, HEAD", true},
        {MX_POST, "/v1/things", NULL, "GET, HEAD", true},
        {MX_GET, "/v1/things/best", "things.best", "GET, HEAD", true},
        {MX_GET, "/v1/things/bes", "things.get", "GET, HEAD", true},
        {MX_GET, "/v1/things/best/", NULL, "", false},
        {MX_GET, "/v1/things/", NULL, "", false},
        {MX_GET, "/v1/things/a/b", NULL, "", false},
        {MX_GET, "/v1/thing", NULL, "", false},
        {MX_GET, "/V1/things", NULL, "", false},
        {MX_GET, "", NULL, "", false},
        {MX_GET, "/", NULL, "", false},
        {MX_DELETE, "/v1/admin/things/x", "things.delete", "PUT, DELETE", true},
        {MX_HEAD, "/v1/admin/things/x", NULL, "PUT, DELETE", true},
        {MX_METHOD_OTHER, "/v1/checkout", NULL, "POST", true},
        {MX_OPTIONS, "/v1/checkout", NULL, "POST", true},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        m = mx_router_match(router, cases[i].m, mx_str_c(cases[i].path));

        tap_str(mx_str_c(m.route ? m.route->id : NULL), cases[i].id, cases[i].path);
        mx_match_allow(&m, allow);
        tap_str(mx_str_c(allow), cases[i].allow, "methods");
        tap_ok((m.methods != 0) == cases[i].known, "path is %sknown", cases[i].known ? "" : "un");
    }
    m = mx_router_match(router, MX_PUT, MX_S("/v1/admin/things/a-1"));

    tap_int(m.n_params, 1, "one parameter");
    tap_str(m.params[0].name, "id", "its name");
    tap_str(m.params[0].value, "a-1", "its value");
    m = mx_router_match(router, MX_GET, (struct mx_str){0});
    tap_ok(m.methods == 0 && !m.route, "an absent path is unknown");
    mx_arena_free(a);
}

int main(void)
{
    test_match();
    return tap_done();
}
