/* lib/shop/mail/gen.awk: what it refuses and what it writes. Run from the top of the tree, as `make
 * unit` does. */
#include "shell.h"

static char dir[] = "/tmp/merx-mail-gen-XXXXXX";

static int generate(char *out, size_t cap)
{
    return shell_run(out, cap,
                     "cd $D && LC_ALL=C awk -f $T/lib/base/c_string.awk -f $T/lib/shop/mail/gen.awk"
                     " frame.html *.*.* 2>&1 </dev/null");
}

static void remove_files(void)
{
    char out[2];

    if (shell_run(out, sizeof out, "rm -f $D/*") != 0)
        MX_BUG("rm failed");
}

/* A sound mail. */
static void write_good(void)
{
    remove_files();
    shell_write(dir, "frame.html",
                "<html lang=\"{lang}\"><title>{subject}</title>\n{content}\n</html>\n");
    shell_write(dir, "a.en.txt", "Subject: S {x}\n\nT {x}\n");
    shell_write(dir, "a.de.txt", "Subject: U {x}\n\nV {x}\n");
    shell_write(dir, "a.en.html", "<p>\"{x}\" \\&</p>\n");
    shell_write(dir, "a.de.html", "<p>{x}</p>\n");
}

static void refusals(void)
{
    static const struct {
        const char *name, *file, *text, *want;
    } cases[] = {
        {"lost language", "a.de.txt", NULL, "a.de.txt: is missing"},
        {"lost form", "a.de.html", NULL, "a.de.html: is missing"},
        {"empty file", "a.de.html", "", "a.de.html: is missing"},
        {"no text", "a.de.txt", "Subject: U {x}\n", "a.de.txt: has no text"},
        {"value lost in a language", "a.de.html", "<p></p>\n", "a.de.html: lacks {x} of a.en.txt"},
        {"value of one language", "a.de.txt", "Subject: U {x}\n\n{x} {y}\n",
         "a.en.txt: lacks {y} of a.de.txt"},
        {"value lost in a subject", "a.de.txt", "Subject: U\n\n{x}\n",
         "subject of a.de.txt: lacks {x}"},
        {"no subject", "a.en.txt", "T {x}\n", "a.en.txt:1: want 'Subject: ...'"},
        {"markup in a subject", "a.en.txt", "Subject: <b> {x}\n\n{x}\n", "a.en.txt:1: want"},
        {"text behind the subject", "a.en.txt", "Subject: {x}\n{x}\n", "a.en.txt:2: want an empty"},
        {"lone brace", "a.en.html", "<p>{x} {</p>\n", "a.en.html:1: a brace"},
        {"bad name", "a.en.html", "<p>{X}</p>\n", "a.en.html:1: a brace"},
        {"unknown language", "a.fr.txt", "Subject: S {x}\n\n{x}\n", "a.fr.txt: want NAME.LANGUAGE"},
        {"frame without content", "frame.html", "<html>\n", "frame.html: want"},
    };
    char out[8192];
    char path[PATH_MAX];

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        int status;

        write_good();
        snprintf(path, sizeof path, "%s/%s", dir, cases[i].file);
        if (cases[i].text)
            shell_write(dir, cases[i].file, cases[i].text);
        else
            unlink(path);
        status = generate(out, sizeof out);
        tap_ok(status != 0 && strstr(out, cases[i].want), "%s", cases[i].name);
    }
}

static void writes(void)
{
    char out[8192];

    write_good();
    tap_int(generate(out, sizeof out), 0, "a sound mail");
    tap_ok(strstr(out, "{\"a\", \"en\",\n     \"S {x}\",\n     \"T {x}\\n\",\n"), "name and text");
    tap_ok(strstr(out, "<html lang=\\\"en\\\"><title>S {x}</title>\\n\""),
           "the frame is filled in");
    tap_ok(strstr(out, "\"<p>\\\"{x}\\\" \\\\&</p>\\n\""), "C escapes");
    tap_ok(strstr(out, "{\"a\", \"de\",\n     \"U {x}\""), "the other language");
}

int main(void)
{
    char top[PATH_MAX];

    if (!mkdtemp(dir) || !getcwd(top, sizeof top) || setenv("D", dir, 1) != 0 ||
        setenv("T", top, 1) != 0)
        MX_BUG("no directory");
    refusals();
    writes();
    remove_files();
    rmdir(dir);
    return tap_done();
}
