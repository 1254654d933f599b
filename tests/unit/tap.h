/* Test output as TAP: one numbered line a check, the plan at the end. Each test program includes
 * this once; main returns tap_done(). */
#ifndef MX_TESTS_TAP_H
#define MX_TESTS_TAP_H

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

static int tap_run_, tap_failed_;

/* One check; the rest is its name as for printf. Returns `cond`. */
MX_PRINTF(2, 3) MX_UNUSED static inline bool tap_ok(bool cond, const char *fmt, ...)
{
    va_list ap;

    tap_run_++;
    if (!cond)
        tap_failed_++;
    printf("%sok %d - ", cond ? "" : "not ", tap_run_);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
    return cond;
}

/* Two numbers are equal. */
MX_UNUSED static inline bool tap_int(int64_t got, int64_t want, const char *name)
{
    bool same = tap_ok(got == want, "%s", name);

    if (!same)
        printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
    return same;
}

/* A slice has the bytes of `want`; NULL means absent. */
MX_UNUSED static inline bool tap_str(struct mx_str got, const char *want, const char *name)
{
    size_t n = want ? strlen(want) : 0;
    bool same = got.n == n && !got.p == !want && (n == 0 || memcmp(got.p, want, n) == 0);

    tap_ok(same, "%s", name);
    if (!same)
        printf("#   got %s%.*s%s\n#   want %s\n", got.p ? "\"" : "absent", (int)got.n,
               got.p ? got.p : "", got.p ? "\"" : "", want ? want : "absent");
    return same;
}

/* Two statuses are equal. */
MX_UNUSED static inline bool tap_err(enum mx_err got, enum mx_err want, const char *name)
{
    bool same = tap_ok(got == want, "%s", name);

    if (!same)
        printf("#   got %s, want %s\n", mx_err_code(got), mx_err_code(want));
    return same;
}

/* fn() ends its process by abort; run in a child whose standard error is dropped. */
MX_UNUSED static inline bool tap_dies(void (*fn)(void), const char *name)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, STDERR_FILENO);
        fn();
        _exit(0);
    }
    return tap_ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
                      WTERMSIG(status) == SIGABRT,
                  "%s", name);
}

/* Print the plan; the program's exit status. */
MX_UNUSED static inline int tap_done(void)
{
    printf("1..%d\n", tap_run_);
    return tap_failed_ ? 1 : 0;
}

#endif
