/* Messages as they are written: headers, encoding, what a value can not do. */
#include "tap.h"

#include "shop/mail.h"

static struct mx_proc proc;
static struct mx_ctx cx = {.proc = &proc};
static struct mx_settings conf;

static struct mx_str compose(struct mx_mail m, struct mx_pair *vars, size_t n)
{
    struct mx_str message = {0};

    m.created_at.ms = INT64_C(1767323045678);
    if (m.recipient.p == NULL)
        m.recipient = MX_S("ada@x.test");
    if (!mx_mail_compose(&cx, &m, MX_LIST(vars, n), &message))
        return (struct mx_str){0};
    return message;
}

static bool has(struct mx_str s, const char *part)
{
    struct mx_str want = mx_str_c(part);

    for (size_t i = 0; i + want.n <= s.n; i++)
        if (memcmp(s.p + i, want.p, want.n) == 0)
            return true;
    return false;
}

static bool no_cr(struct mx_str s)
{
    return s.n > 0 && memchr(s.p, '\r', s.n) == NULL;
}

static void test_plain(void)
{
    struct mx_pair code = {MX_S("code"), MX_S("012345")};
    struct mx_mail m = {.name = MX_S("verify_code"), .locale = MX_S("en-GB")};
    struct mx_str s = compose(m, &code, 1);

    tap_ok(no_cr(s), "lines end in LF");
    tap_ok(has(s, "Date: Fri, 2 Jan 2026 03:04:05 +0000\n"), "date");
    tap_ok(has(s, "To: ada@x.test\n"), "recipient");
    tap_ok(has(s, "Subject: Your code to sign up with Caf"), "no encoding needed");
    tap_ok(has(s, "\nCode: 012345\n"), "the code has a line of its own");
    tap_ok(!has(s, "{"), "nothing is left to fill");
    tap_ok(has(s, "@shop.test>\n"), "message id of the sender's host");
    tap_ok(has(s, "From: \"Caf\"\n <hello@shop.test>\n"), "sender with the shop's name");
    tap_ok(has(s, "Content-Type: multipart/alternative;\n boundary=\"=_"), "two forms");
    tap_ok(has(s, "<strong>012345</strong>"), "the second one is HTML");
}

static void test_languages(void)
{
    struct mx_pair code = {MX_S("code"), MX_S("012345")};
    struct mx_mail m = {.name = MX_S("verify_code"), .locale = MX_S("de-AT")};
    struct mx_str s = compose(m, &code, 1);

    tap_ok(has(s, "Content-Language: de\n"), "a region falls back to its language");
    tap_ok(has(s, "Subject: =?utf-8?B?SWhyIENvZGUgZsO8ciBkaWUgQW5tZWxkdW5nIGJlaSBDYWY=?=\n"),
           "encoded subject");
    m.locale = MX_S("dex");
    tap_ok(has(compose(m, &code, 1), "Content-Language: en\n"), "unknown ones are English");
    m.name = MX_S("no_such");
    tap_ok(compose(m, &code, 1).p == NULL, "unknown template");
}

static void test_injection(void)
{
    struct mx_pair vars[] = {{MX_S("number"), MX_S("1\r\nBcc: e@x.test\r\n\r\nCode: 1")},
                             {MX_S("total"), MX_S("{shop}")}};
    struct mx_mail m = {.name = MX_S("order_placed"), .locale = MX_S("en")};
    struct mx_str s;

    m.recipient = MX_S("a@x.test\r\nBcc: e@x.test");
    s = compose(m, vars, 2);

    tap_ok(no_cr(s), "no CR of a value");
    tap_ok(!has(s, "\nBcc:") && !has(s, "\nCode:"), "[REG-6] a value makes no line of its own");
    tap_ok(has(s, "Total: {shop}\n"), "a value is not filled in turn");
}

static void test_html(void)
{
    struct mx_pair vars[] = {{MX_S("number"), MX_S("<b>&\"'")}, {MX_S("total"), MX_S("1")}};
    struct mx_mail m = {.name = MX_S("order_placed"), .locale = MX_S("en")};
    struct mx_str s = compose(m, vars, 2);

    tap_ok(has(s, "Order number: <b>&\"'\n"), "text as it is");
    tap_ok(has(s, "<strong>&lt;b&gt;&amp;&quot;&#39;</strong>"), "HTML escaped");
    tap_ok(!has(s, "<strong><b>"), "a value is no markup");
}

/* The values that any text may name, for one of each. */
static void test_all(void)
{
    for (size_t i = 0; i < mx_mail_texts_n; i++) {
        const struct mx_mail_text *t = &mx_mail_texts[i];
        struct mx_pair vars[16];
        struct mx_str rest = mx_str_c(t->plain), part, name;
        size_t n = 0;
        struct mx_mail m;
        struct mx_str s;

        mx_str_split(&rest, '{', &part);
        while (rest.p != NULL && n < MX_LEN(vars) && mx_str_split(&rest, '}', &name)) {
            vars[n++] = (struct mx_pair){name, MX_S("value")};
            mx_str_split(&rest, '{', &part);
        }
        m = (struct mx_mail){.name = mx_str_c(t->name), .locale = mx_str_c(t->locale)};
        s = compose(m, vars, n);
        tap_ok(mx_mail_complete(t->name, MX_LIST(vars, n)), "%s", t->name);
        tap_ok(has(s, mx_arena_printf(cx.arena, "Content-Language: %s\n", t->locale)), "%s",
               t->locale);
        tap_ok(!has(s, "{"), "nothing is left to fill");
    }
    tap_ok(!mx_mail_complete("verify_code", (struct mx_list){0}), "a value is missing");
    tap_ok(!mx_mail_complete("no_such", (struct mx_list){0}), "no such mail");
}

static void test_accepted(void)
{
    static const struct {
        const char *header, *want;
    } cases[] = {
        {"de", "de"},
        {"de-AT, en;q=0.9", "de"},
        {"fr, de;q=0.5, en;q=0.4", "de"},
        {"en;q=0.4,DE;q=0.55", "de"},
        {" en , de ", "en"},
        {"de;q=0, en;q=0.1", "en"},
        {"fr", "en"},
        {"*", "en"},
        {"de;q=x", "en"},
        {"dex, ;q=1,,;;", "en"},
        {"", "en"},
    };
    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_str(mx_mail_language(mx_str_c(cases[i].header)), cases[i].want, cases[i].header);
    tap_str(mx_mail_language((struct mx_str){0}), "en", "no header");
}

static void test_long_subject(void)
{
    struct mx_mail m;
    struct mx_str s;
    bool fits;
    struct mx_str line;

    conf.shop_name = "Ärmelkanal-Überfahrten und sonstige Geschäfte der Größenordnung Öl GmbH";
    m = (struct mx_mail){.name = MX_S("address_taken"), .locale = MX_S("de")};
    s = compose(m, NULL, 0);
    fits = true;

    tap_ok(has(s, "?=\n =?utf-8?B?"), "a long subject is folded");
    while (s.n > 0 && mx_str_split(&s, '\n', &line))
        fits = fits && line.n <= 78;
    tap_ok(fits, "no line is long");
}

int main(void)
{
    conf.shop_name = "Caf";
    conf.mail_from = "hello@shop.test";
    proc.conf = &conf;
    cx.arena = mx_arena_new(65536, 1 << 22);
    test_plain();
    test_languages();
    test_accepted();
    test_injection();
    test_html();
    test_all();
    test_long_subject();
    mx_arena_free(cx.arena);
    return tap_done();
}
