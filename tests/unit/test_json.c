#include "base/arena.h"
#include "base/buf.h"
#include "codec/json.h"
#include "tap.h"

static struct mx_arena *arena;

static const struct mx_json *parsed(struct mx_str text)
{
    const struct mx_json *root = NULL;
    const char *why = "";
    size_t offset = 0;

    if (mx_json_parse(arena, text, &root, &why, &offset) != MX_OK) {
        printf("# %s at %zu\n", why, offset);
        return NULL;
    }
    return root;
}

static void accepted(void)
{
    const struct mx_str texts[] = {
        MX_S("null"),
        MX_S(" \t\r\n true \t\r\n "),
        MX_S("{}"),
        MX_S("[]"),
        MX_S("[ ]"),
        MX_S("{ }"),
        MX_S("\"\""),
        MX_S("0"),
        MX_S("-0"),
        MX_S("-1"),
        MX_S("1.5"),
        MX_S("1e5"),
        MX_S("1E+5"),
        MX_S("0.0"),
        MX_S("-0.1e-10"),
        MX_S("1e999"),
        MX_S("-1e-999"),
        MX_S("123456789012345678901234567890123456789012345678901234567890123456789012345678901"),
        MX_S("[0.1111111111111111111111111111111111111111111111111111111111111111111111111e9,1]"),
        MX_S("{\"a\":1,\"A\":2,\"\":3}"),
        MX_S("[{\"a\":1},{\"a\":1}]"),
        MX_S("{\"a\":{\"a\":{\"a\":[]}}}"),
        MX_S("\"\\u0001\\ud83d\\ude00\\uFFFF\""),
        MX_S("\"\x7f\xC2\x80\xF4\x8F\xBF\xBF\""),
        MX_S("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"),
        MX_S("[[1],[2],[3],[4],[5],[6],[7],[8],[9],[10],[11],[12],[13],[14],[15],[16],[17]]"),
        MX_S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    };
    size_t i;

    for (i = 0; i < MX_LEN(texts); i++)
        tap_ok(parsed(texts[i]) != NULL, "accepted: %.40s", texts[i].p);
}

static void refused(void)
{
    const struct {
        struct mx_str text;
        const char *why;
        size_t offset;
    } cases[] = {
        {MX_S(""), "unexpected end", 0},
        {MX_S("  "), "unexpected end", 2},
        {{0}, "unexpected end", 0},
        {MX_S("\0"), "value or digit expected", 0},
        {MX_S("1\0"), "bytes after the document", 1},
        {MX_S("{}\0"), "bytes after the document", 2},
        {MX_S("\xEF\xBB\xBF{}"), "value or digit expected", 0},
        {MX_S("{} {}"), "bytes after the document", 3},
        {MX_S("1 2"), "bytes after the document", 2},
        {MX_S("[1]]"), "bytes after the document", 3},
        {MX_S("nul"), "value expected", 0},
        {MX_S("nulll"), "bytes after the document", 4},
        {MX_S("True"), "value or digit expected", 0},
        {MX_S("NaN"), "value or digit expected", 0},
        {MX_S("Infinity"), "value or digit expected", 0},
        {MX_S("-Infinity"), "value or digit expected", 1},
        {MX_S("'a'"), "value or digit expected", 0},
        {MX_S("// a\n1"), "value or digit expected", 0},
        {MX_S("\v1"), "value or digit expected", 0},
        {MX_S("\xC2\xA0"
              "1"),
         "value or digit expected", 0},
        /* numbers */
        {MX_S("01"), "bytes after the document", 1},
        {MX_S("-01"), "bytes after the document", 2},
        {MX_S("[00]"), "',' or closing bracket expected", 2},
        {MX_S("+1"), "value or digit expected", 0},
        {MX_S("-"), "unexpected end", 1},
        {MX_S(".5"), "value or digit expected", 0},
        {MX_S("1."), "unexpected end", 2},
        {MX_S("[1.]"), "value or digit expected", 3},
        {MX_S("[1.e5]"), "value or digit expected", 3},
        {MX_S("[1e]"), "value or digit expected", 3},
        {MX_S("[1e+]"), "value or digit expected", 4},
        {MX_S("[1e+-5]"), "value or digit expected", 4},
        {MX_S("0x10"), "bytes after the document", 1},
        {MX_S("1_000"), "bytes after the document", 1},
        {MX_S("-a"), "value or digit expected", 1},
        /* strings */
        {MX_S("\"a"), "unexpected end", 2},
        {MX_S("\"a\nb\""), "control byte in a string", 2},
        {MX_S("\"\t\""), "control byte in a string", 1},
        {MX_S("\"a\0b\""), "control byte in a string", 2},
        {MX_S("\"\xC0\xAF\""), "invalid UTF-8", 1},
        {MX_S("\"\xED\xA0\x80\""), "invalid UTF-8", 1},
        {MX_S("\"\xFF\""), "invalid UTF-8", 1},
        {MX_S("\"\xE2\x82\""), "invalid UTF-8", 1},
        {MX_S("\"admin\\u0000x\""), "NUL in an escape", 6},
        {MX_S("{\"admin\\u0000x\":1}"), "NUL in an escape", 7},
        {MX_S("\"\\ud800\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\ud800x\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\ud800\\n\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\ud800\\u0041\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\udc00\\ud800\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\ud800\\ud800\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\u12"), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\u12g4\""), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\ud83d\\u"), "lone surrogate or bad digit in an escape", 1},
        {MX_S("\"\\x41\""), "unknown escape", 1},
        {MX_S("\"\\U0041\""), "unknown escape", 1},
        {MX_S("\"\\'\""), "unknown escape", 1},
        {MX_S("\"\\\0\""), "unknown escape", 1},
        {MX_S("\"\\"), "unknown escape", 1},
        /* structure */
        {MX_S("["), "unexpected end", 1},
        {MX_S("[1"), "unexpected end", 2},
        {MX_S("[1,]"), "value or digit expected", 3},
        {MX_S("[,1]"), "value or digit expected", 1},
        {MX_S("[1 2]"), "',' or closing bracket expected", 3},
        {MX_S("[1}"), "',' or closing bracket expected", 2},
        {MX_S("{1:2}"), "string expected", 1},
        {MX_S("{a:2}"), "string expected", 1},
        {MX_S("{\"a\":1,}"), "string expected", 7},
        {MX_S("{\"a\" 1}"), "':' expected", 5},
        {MX_S("{\"a\":}"), "value or digit expected", 5},
        {MX_S("{\"a\""), "unexpected end", 4},
        {MX_S("{\"a\":1]"), "',' or closing bracket expected", 6},
        {MX_S("]"), "value or digit expected", 0},
        {MX_S("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), "nested too deeply", 16},
        {MX_S("{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"), "nested too deeply", 20},
        /* duplicates */
        {MX_S("{\"a\":1,\"a\":1}"), "duplicate member", 7},
        {MX_S("{\"a\":1,\"b\":{\"a\":1},\"a\":1}"), "duplicate member", 19},
        {MX_S("{\"\":1,\"\":1}"), "duplicate member", 6},
        {MX_S("[{\"ab\":1,\"\\u0061b\":2}]"), "duplicate member", 9},
        {MX_S("{\"\\u00e9\":1,\"\xC3\xA9\":2}"), "duplicate member", 12},
        {MX_S("{\"\xF0\x9F\x98\x80\":1,\"\\uD83D\\uDE00\":2}"), "duplicate member", 10},
        {MX_S("{\"\\u20ac\":1,\"\xE2\x82\xAC\":2}"), "duplicate member", 12},
        {MX_S("{\"\\/\\n\":1,\"/\\u000a\":2}"), "duplicate member", 10},
    };
    const struct mx_json *root;
    const char *why;
    size_t offset, i;

    for (i = 0; i < MX_LEN(cases); i++) {
        why = "accepted";
        offset = 0;
        tap_ok(mx_json_parse(arena, cases[i].text, &root, &why, &offset) == MX_E_MALFORMED_JSON &&
                   strcmp(why, cases[i].why) == 0 && offset == cases[i].offset,
               "refused %zu: %s at %zu", i, why, offset);
    }
}

static void integers(void)
{
    const struct {
        struct mx_str text;
        bool good;
        int64_t value;
    } cases[] = {
        {MX_S("0"), true, 0},
        {MX_S("-0"), true, 0},
        {MX_S("1299"), true, 1299},
        {MX_S("-1"), true, -1},
        {MX_S("2147483648"), true, 2147483648},
        {MX_S("999999999999999"), true, 999999999999999},
        {MX_S("9007199254740991"), true, 9007199254740991},
        {MX_S("-9007199254740991"), true, -9007199254740991},
        {MX_S("9007199254740992"), false, 0},
        {MX_S("-9007199254740992"), false, 0},
        {MX_S("9007199254740993"), false, 0},
        {MX_S("9223372036854775808"), false, 0},
        {MX_S("10000000000000000"), false, 0},
        {MX_S("1.5"), false, 0},
        {MX_S("1.0"), true, 1},
        {MX_S("-12.000"), true, -12},
        {MX_S("9007199254740991.0"), true, INT64_C(9007199254740991)},
        {MX_S("9007199254740992.0"), false, 0},
        {MX_S("1.0e1"), false, 0},
        {MX_S("1.00000000000000001"), false, 0},
        {MX_S("1e2"), false, 0},
        {MX_S("1E0"), false, 0},
        {MX_S("0e1"), false, 0},
        {MX_S("-0.0"), true, 0},
        {MX_S("1e999"), false, 0},
        {MX_S("1e-999"), false, 0},
        {MX_S("\"1\""), false, 0},
        {MX_S("true"), false, 0},
        {MX_S("null"), false, 0},
        {MX_S("[1]"), false, 0},
        {MX_S("{}"), false, 0},
    };
    const struct mx_json *v;
    int64_t value;
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++) {
        value = -7;
        v = parsed(cases[i].text);
        tap_ok(v && mx_json_int(v, &value) == cases[i].good &&
                   value == (cases[i].good ? cases[i].value : -7),
               "integer: %s", cases[i].text.p);
    }
}

static void walking(void)
{
    const struct mx_json *root =
        parsed(MX_S("{\"role\":\"u\",\"Role\":\"\\u00e9\\ud83d\\ude00\\n\\/\",\"list\":[1.25,2,1e3,"
                    "null,false,{\"x\":[]}],\"k\\u0065y\":true}"));
    const struct mx_json *v;
    int64_t value = 0;

    if (!tap_ok(root != NULL, "a document"))
        return;
    tap_int(mx_json_type(root), MX_JSON_OBJECT, "object");
    tap_str(mx_json_string(mx_json_get(root, "role")), "u", "names are case-sensitive");
    tap_str(mx_json_string(mx_json_get(root, "Role")), "\xC3\xA9\xF0\x9F\x98\x80\n/", "unescaped");
    tap_ok(!mx_json_get(root, "ROLE"), "no such member");
    tap_ok(mx_json_bool(mx_json_get(root, "key")), "a name is unescaped");
    v = mx_json_next(mx_json_next(mx_json_first(root)));
    tap_str(mx_json_name(v), "list", "members are in order");
    tap_int(mx_json_type(v), MX_JSON_ARRAY, "array");
    tap_ok(!mx_json_get(v, "list"), "an array has no members");
    v = mx_json_first(v);
    tap_ok(mx_json_type(v) == MX_JSON_NUMBER && !mx_json_int(v, &value), "no integer");
    v = mx_json_next(v);
    tap_ok(mx_json_int(v, &value) && value == 2, "integer between others");
    v = mx_json_next(v);
    tap_ok(mx_json_type(v) == MX_JSON_NUMBER && !mx_json_int(v, &value), "an exponent");
    v = mx_json_next(v);
    tap_int(mx_json_type(v), MX_JSON_NULL, "null");
    v = mx_json_next(v);
    tap_ok(mx_json_type(v) == MX_JSON_BOOL && !mx_json_bool(v), "false");
    v = mx_json_next(v);
    tap_int(mx_json_type(v), MX_JSON_OBJECT, "the last");
    tap_ok(!mx_json_next(v), "is the last");
    tap_ok(!mx_json_first(mx_json_get(v, "x")), "an empty array");
}

/* `n` members m0, m1 … and one more that is named like the last when `twice`. */
static struct mx_str members(int n, bool twice)
{
    struct mx_buf b;
    int i;

    mx_buf_init(&b, arena, 1 << 20);
    mx_buf_c(&b, "{\"m0\":0");
    for (i = 1; i < n; i++)
        mx_buf_fmt(&b, ",\"m%d\":%d", i, i);
    mx_buf_fmt(&b, "%s}", twice ? mx_str_fmt(arena, ",\"m%d\":0", n - 1).p : "");
    return mx_buf_view(&b);
}

static void limits(void)
{
    const struct mx_json *root = parsed(members(MX_JSON_NODES - 1, false));
    const char *why = "";
    size_t offset = 0;
    int64_t value = 0;

    tap_ok(root && mx_json_int(mx_json_get(root, "m19998"), &value) && value == 19998,
           "as many members as values are allowed");
    tap_ok(!parsed(members(MX_JSON_NODES, false)), "and not one more");
    tap_ok(mx_json_parse(arena, members(9000, true), &root, &why, &offset) != MX_OK &&
               strcmp(why, "duplicate member") == 0,
           "one duplicate among thousands");
}

static void nul_members(void)
{
    static const struct {
        const char *text, *member;
    } cases[] = {
        {"{\"a\":\"\\u0000\"}", "a"},
        {"{\"b\":1,\"\\u0061\":[{\"c\":\"x\\u0000\"}]}", "a"},
        {"{\"a\":1,\"b\\u0000\":2}", NULL},
        {"{\"a\":\"\\u0001\",\"b\":\"\\ud800\"}", NULL},
        {"[\"\\u0000\"]", NULL},
        {"{\"a\":\"\\u0000\"", "a"},
        {"{\"a\":1}", NULL},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_str(mx_json_nul_member(arena, mx_str_c(cases[i].text)), cases[i].member, cases[i].text);
}

int main(void)
{
    arena = mx_arena_new(65536, 64 << 20);
    accepted();
    refused();
    integers();
    walking();
    limits();
    nul_members();
    mx_arena_free(arena);
    return tap_done();
}
