#include "base/err.h"
#include "base/log.h"
#include "tap.h"

static void bug(void)
{
    MX_BUG("broken %d", 1);
}

static void assertion(void)
{
    MX_ASSERT(tap_run_ < 0);
}

static void bad_status(void)
{
    mx_err_status(MX_ERR_COUNT);
}

static void test_rows(void)
{
    static const struct {
        enum mx_err e;
        int status;
        const char *code, *title;
    } rows[] = {
        {MX_OK, 200, "ok", "OK"},
        {MX_E_BAD_REQUEST, 400, "bad_request", "Bad request"},
        {MX_E_OUT_OF_STOCK, 409, "out_of_stock", "Out of stock"},
        {MX_E_UNAVAILABLE, 503, "unavailable", "Service unavailable"},
        {MX_E_DUPLICATE, 500, "internal_error", "Internal error"},
        {MX_E_EOF, 500, "internal_error", "Internal error"},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        tap_int(mx_err_status(rows[i].e), rows[i].status, "status");
        tap_str(mx_str_c(mx_err_code(rows[i].e)), rows[i].code, "code");
        tap_str(mx_str_c(mx_err_title(rows[i].e)), rows[i].title, "title");
    }
    for (int e = MX_E_BAD_REQUEST; e < MX_ERR_COUNT; e++) {
        const char *code = mx_err_code((enum mx_err)e);
        int status = mx_err_status((enum mx_err)e);

        tap_ok(status >= 400 && status <= 599 &&
                   strspn(code, "abcdefghijklmnopqrstuvwxyz_") == strlen(code) &&
                   *mx_err_title((enum mx_err)e),
               "row %d (%s) is sane", e, code);
    }
}

static void test_bug_line(void)
{
    char text[512];
    ssize_t n;
    int pipes[2];

    if (pipe(pipes) == 0 && fork() == 0) {
        dup2(pipes[1], STDERR_FILENO);
        bug();
    }
    wait(NULL);
    n = read(pipes[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    tap_ok(strstr(text, " level=bug ") && strstr(text, " msg=\"broken 1\" ") &&
               strstr(text, "test_err.c line=") && text[strlen(text) - 1] == '\n',
           "a bug's line has level, message, file and line");
}

int main(void)
{
    test_rows();
    test_bug_line();
    tap_dies(bug, "MX_BUG aborts");
    tap_dies(assertion, "a failed assertion aborts");
    tap_dies(bad_status, "a status outside the table aborts");
    return tap_done();
}
