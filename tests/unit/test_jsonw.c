#include "base/arena.h"
#include "codec/jsonw.h"
#include "tap.h"

static struct mx_jsonw start(struct mx_buf *b, struct mx_arena *a, size_t max)
{
    struct mx_jsonw w;

    mx_buf_init(b, a, max);
    mx_jsonw_init(&w, b);
    return w;
}

static void strings(struct mx_arena *a)
{
    const struct {
        struct mx_str in;
        const char *out, *name;
    } cases[] = {
        {MX_S(""), "\"\"", "empty string"},
        {MX_S("plain"), "\"plain\"", "plain string"},
        {MX_S("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"", "quote and backslash"},
        {MX_S("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"", "short escapes"},
        {MX_S("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"", "control bytes"},
        {MX_S("h\xC3\xA9\xE2\x82\xAC"), "\"h\xC3\xA9\xE2\x82\xAC\"", "UTF-8 as it is"},
        {MX_S("\xFF"), "\"\xEF\xBF\xBD\"", "invalid byte"},
        {MX_S("a\xC0\xAF"
              "b"),
         "\"a\xEF\xBF\xBD\xEF\xBF\xBD"
         "b\"",
         "overlong form"},
        {MX_S("x\xE2\x82"), "\"x\xEF\xBF\xBD\xEF\xBF\xBD\"", "cut code point"},
    };
    struct mx_buf b;
    struct mx_jsonw w;
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++) {
        w = start(&b, a, 1000);
        mx_jsonw_str(&w, cases[i].in);
        tap_str(mx_buf_view(&b), cases[i].out, cases[i].name);
    }
}

static void document(struct mx_arena *a)
{
    struct mx_id id = {{0}};
    struct mx_buf b;
    struct mx_jsonw w = start(&b, a, 10000);

    tap_ok(mx_id_parse(MX_S("01890a5d-ac96-774b-bcce-b302099a8057"), &id), "an id");
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "list");
    mx_jsonw_array(&w);
    mx_jsonw_array_end(&w);
    mx_jsonw_name(&w, "numbers");
    mx_jsonw_array(&w);
    mx_jsonw_int(&w, INT64_MIN);
    mx_jsonw_int(&w, INT64_MAX);
    mx_jsonw_int(&w, 9007199254740993);
    mx_jsonw_array_end(&w);
    mx_jsonw_name_str(&w, MX_S("a\"b"));
    mx_jsonw_open(&w);
    mx_jsonw_close(&w);
    mx_jsonw_name(&w, "values");
    mx_jsonw_array(&w);
    mx_jsonw_bool(&w, true);
    mx_jsonw_bool(&w, false);
    mx_jsonw_null(&w);
    mx_jsonw_c(&w, "c");
    mx_jsonw_c(&w, NULL);
    mx_jsonw_str(&w, (struct mx_str){0});
    mx_jsonw_id(&w, id);
    mx_jsonw_id(&w, (struct mx_id){{0}});
    mx_jsonw_time(&w, (struct mx_time){1767323045678});
    mx_jsonw_time(&w, (struct mx_time){0});
    mx_jsonw_raw(&w, MX_S("{\"raw\":[1]}"));
    mx_jsonw_raw(&w, (struct mx_str){0});
    mx_jsonw_array_end(&w);
    mx_jsonw_close(&w);
    tap_str(mx_buf_view(&b),
            "{\"list\":[],"
            "\"numbers\":[-9223372036854775808,9223372036854775807,9007199254740993],"
            "\"a\\\"b\":{},"
            "\"values\":[true,false,null,\"c\",null,null,"
            "\"01890a5d-ac96-774b-bcce-b302099a8057\",null,"
            "\"2026-01-02T03:04:05.678Z\",null,{\"raw\":[1]},null]}",
            "a document of every kind");
}

static void overflow(struct mx_arena *a)
{
    struct mx_buf b;
    struct mx_jsonw w = start(&b, a, 8);

    mx_jsonw_c(&w, "longer than eight bytes");
    tap_ok(b.overflow, "the buffer's maximum holds");
}

int main(void)
{
    struct mx_arena *a = mx_arena_new(4096, 1 << 20);

    strings(a);
    document(a);
    overflow(a);
    mx_arena_free(a);
    return tap_done();
}
