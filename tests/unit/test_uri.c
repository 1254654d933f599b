#include "base/arena.h"
#include "codec/uri.h"
#include "tap.h"

static void decoding(struct mx_arena *a)
{
    const struct {
        struct mx_str in;
        bool plus;
        const char *out; /* NULL: refused */
    } cases[] = {
        {MX_S(""), false, ""},
        {MX_S("plain"), false, "plain"},
        {MX_S("a%20b%2fc%2Fd"), false, "a b/c/d"},
        {MX_S("a+b"), false, "a+b"},
        {MX_S("a+b%2B"), true, "a b+"},
        {MX_S("%c3%A9"), false, "\xC3\xA9"},
        {MX_S("%25%32%35"), false, "%25"},
        {MX_S("%"), false, NULL},
        {MX_S("%4"), false, NULL},
        {MX_S("abc%4"), false, NULL},
        {MX_S("%4g"), false, NULL},
        {MX_S("%g4"), false, NULL},
        {MX_S("%%41"), false, NULL},
        {MX_S("%+1"), false, NULL},
        {MX_S("%00"), false, NULL},
        {MX_S("a\0b"), false, NULL},
        {MX_S("%c0%af"), false, NULL},
        {MX_S("%ed%a0%80"), false, NULL},
        {MX_S("%ff"), false, NULL},
        {MX_S("\xC3"), false, NULL},
    };
    struct mx_str out;
    size_t i;
    bool good;

    for (i = 0; i < MX_LEN(cases); i++) {
        out = (struct mx_str){0};
        good = mx_uri_decode(a, cases[i].in, cases[i].plus, &out);
        tap_ok(good == (cases[i].out != NULL), "decode %s", cases[i].in.p);
        if (good)
            tap_str(out, cases[i].out, "its result");
    }
}

static void query_pairs(struct mx_arena *a)
{
    struct mx_pair *p = NULL;
    int n = -1;

    tap_err(mx_uri_query(a, MX_S("&a=1&&b=x+y%26=z&c&d=&=e&a=2&"), 6, &p, &n), MX_OK, "a query");
    tap_int(n, 6, "its pairs");
    tap_str(p[0].name, "a", "name");
    tap_str(p[0].value, "1", "value");
    tap_str(p[1].value, "x y&=z", "the value keeps further '='");
    tap_str(p[2].name, "c", "a name alone");
    tap_str(p[2].value, "", "has an empty value");
    tap_str(p[3].value, "", "an empty value");
    tap_str(p[4].name, "", "an empty name");
    tap_str(p[4].value, "e", "with its value");
    tap_str(p[5].name, "a", "a repeated name is kept");
    tap_err(mx_uri_query(a, (struct mx_str){0}, 6, &p, &n), MX_OK, "absent query");
    tap_int(n, 0, "no pairs");
    tap_err(mx_uri_query(a, MX_S(""), 0, &p, &n), MX_OK, "empty query");
    tap_err(mx_uri_query(a, MX_S("a&b&c"), 2, &p, &n), MX_E_BAD_REQUEST, "too many pairs");
    tap_err(mx_uri_query(a, MX_S("a=%zz"), 2, &p, &n), MX_E_BAD_REQUEST, "bad escape in a value");
    tap_err(mx_uri_query(a, MX_S("%=1"), 2, &p, &n), MX_E_BAD_REQUEST, "bad escape in a name");
    tap_err(mx_uri_query(a, MX_S("a=%00"), 2, &p, &n), MX_E_BAD_REQUEST, "NUL");
}

static void encoding(struct mx_arena *a)
{
    struct mx_buf b;
    struct mx_str back = {0};

    mx_buf_init(&b, a, 1000);
    mx_uri_encode(&b, MX_S("aZ09-._~ /?&=+%\xC3\xA9\x7f"));
    tap_str(mx_buf_view(&b), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9%7F", "encode");
    tap_ok(mx_uri_decode(a, mx_buf_view(&b), true, &back), "and back");
    tap_str(back, "aZ09-._~ /?&=+%\xC3\xA9\x7f", "to the same");
}

static void base64url(struct mx_arena *a)
{
    static const struct {
        const char *plain, *coded;
    } pairs[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbe", "-_--"}};
    static const char *const refused[] = {"Z",     "Zg==",     "Zm8=",  "Zm9vY", "Zh",
                                          "Zm9",   "+/+/",     "Zm 9v", "Zg\n",  "Zm.v",
                                          "Zm9v!", "\xC3\xA9", "====",  "Zm9v=", "Zm9m9v\254g"};
    struct mx_str out = {0};
    size_t i;

    for (i = 0; i < MX_LEN(pairs); i++) {
        tap_str(mx_b64url(a, pairs[i].plain, strlen(pairs[i].plain)), pairs[i].coded, "encode");
        tap_ok(mx_b64url_decode(a, mx_str_c(pairs[i].coded), &out), "decode %s", pairs[i].coded);
        tap_str(out, pairs[i].plain, "to the same");
    }
    for (i = 0; i < MX_LEN(refused); i++)
        tap_ok(!mx_b64url_decode(a, mx_str_c(refused[i]), &out), "refused: %zu", i);
    tap_ok(!mx_b64url_decode(a, MX_S("Zm\0v"), &out), "refused: NUL");
}

int main(void)
{
    struct mx_arena *a = mx_arena_new(4096, 1 << 20);

    decoding(a);
    query_pairs(a);
    encoding(a);
    base64url(a);
    mx_arena_free(a);
    return tap_done();
}
