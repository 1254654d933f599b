/* lib/api/gen_examples.awk: what it refuses and what it writes; and the examples that it compiled
 * in. Run from the top of the tree, as `make unit` does. */
#include "shell.h"

#include "api/examples.h"

static char dir[] = "/tmp/merx-examples-XXXXXX";

static int generate(const char *text, char *out, size_t cap)
{
    shell_write(dir, "examples.txt", text);
    return shell_run(out, cap,
                     "cd $D && LC_ALL=C awk -f $T/lib/base/c_string.awk"
                     " -f $T/lib/api/gen_examples.awk examples.txt 2>&1 </dev/null");
}

static void test_refusals(void)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"no JSON", "a.b 200\n", "examples.txt:1: want"},
        {"text", "a.b 200 x\n", "examples.txt:1: want"},
        {"a failure", "a.b 404 {}\n", "examples.txt:1: want"},
        {"no operation", "200 {}\n", "examples.txt:1: want"},
        {"out of order", "b 200 {}\na 200 {}\n", "examples.txt:2: is not behind"},
        {"twice", "a 200 {}\na 200 {\"n\":1}\n", "examples.txt:2: is not behind"},
    };
    char out[8192];

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        int status = generate(cases[i].text, out, sizeof out);

        tap_ok(status != 0 && strstr(out, cases[i].want), "%s", cases[i].name);
        tap_ok(!strstr(out, "mx_examples"), "and writes nothing");
    }
}

static void test_source(void)
{
    char out[8192];

    tap_int(generate("a 200 {\"t\":\"x  \\\"\\\\\"}\na request {}\n", out, sizeof out), 0, "sound");
    tap_ok(strstr(out, "{\"a\", \"200\",\n     \"{\\\"t\\\":\\\"x  \\\\\\\"\\\\\\\\\\\"}\"},") !=
               NULL,
           "a text is escaped, its blanks stay");
}

static void test_lookup(void)
{
    const char *login = mx_example("auth.login", "request");

    tap_ok(login && strstr(login, "\"password\""), "a request");
    tap_ok(mx_example("auth.login", "200") && mx_example("auth.login", "200") != login,
           "an answer");
    tap_ok(!mx_example("auth.login", "500") && !mx_example("auth", "200"), "nothing else");
}

int main(void)
{
    char out[2], top[PATH_MAX];

    if (!mkdtemp(dir) || !getcwd(top, sizeof top) || setenv("D", dir, 1) || setenv("T", top, 1))
        MX_BUG("no directory for the test");
    test_refusals();
    test_source();
    test_lookup();
    if (shell_run(out, sizeof out, "rm -r $D") != 0)
        MX_BUG("rm failed");
    return tap_done();
}
