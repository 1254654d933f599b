#include "io/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */
#define NAMES_MAX 2048

static struct {
    char names[NAMES_MAX];
    struct mx_pass at[MX_PASSED_MAX]; /* fd -1: taken */
    int n;
} passed;

/* The number in a variable of the environment; 0 there is none. */
static int64_t number(const char *name)
{
    const char *text = getenv(name);
    int64_t n;

    return text && mx_str_i64(mx_str_c(text), 0, INT32_MAX, &n) ? n : 0;
}

/* Split the names of the descriptors at colons, in place. */
static void name_them(const char *names)
{
    char *at = passed.names;

    snprintf(passed.names, sizeof passed.names, "%s", names ? names : "");
    for (int i = 0; i < passed.n; i++) {
        char *end = strchr(at, ':');

        passed.at[i] = (struct mx_pass){at, FIRST + i};
        at = end ? end + 1 : at + strlen(at);
        if (end)
            *end = '\0';
    }
}

static void restore_stderr(void)
{
    int fd = mx_passed_take(MX_PASSED_STDERR);

    if (fd < 0)
        return;
    if (dup2(fd, STDERR_FILENO) < 0)
        mx_log(MX_LOG_WARN, "standard error", MX_KC("why", strerror(errno)));
    close(fd);
}

void mx_passed_init(void)
{
    int64_t n = number("LISTEN_FDS");

    if (number("LISTEN_PID") == getpid() && n > 0) {
        passed.n = n < MX_PASSED_MAX ? (int)n : MX_PASSED_MAX;
        name_them(getenv("LISTEN_FDNAMES"));
        for (int i = 0; i < passed.n; i++)
            if (fcntl(passed.at[i].fd, F_SETFD, FD_CLOEXEC) != 0)
                passed.at[i].fd = -1;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    restore_stderr();
}

int mx_passed_take(const char *name)
{
    int fd;

    for (int i = 0; i < passed.n; i++) {
        if (passed.at[i].fd < 0 || strcmp(passed.at[i].name, name) != 0)
            continue;
        fd = passed.at[i].fd;
        passed.at[i].fd = -1;
        return fd;
    }
    return -1;
}

void mx_passed_close(void)
{
    for (int i = 0; i < passed.n; i++) {
        if (passed.at[i].fd < 0)
            continue;
        mx_log(MX_LOG_WARN, "a descriptor was passed that has no use here, closed",
               MX_KC("name", passed.at[i].name));
        close(passed.at[i].fd);
        passed.at[i].fd = -1;
    }
}

static bool set_number(const char *name, int n)
{
    char text[16];

    snprintf(text, sizeof text, "%d", n);
    return setenv(name, text, 1) == 0;
}

void mx_passed_exec(char *const *argv, const struct mx_pass *pass, int n)
{
    char names[NAMES_MAX] = "";
    int above[MX_PASSED_MAX];
    size_t at = 0;

    if (n > MX_PASSED_MAX) {
        errno = E2BIG;
        return;
    }
    /* Out of the way first: a descriptor may lie where another has to go. */
    for (int i = 0; i < n; i++) {
        above[i] = fcntl(pass[i].fd, F_DUPFD_CLOEXEC, FIRST + n);
        if (above[i] < 0)
            return;
    }
    for (int i = 0; i < n; i++) {
        if (dup2(above[i], FIRST + i) < 0)
            return;
        at +=
            (size_t)snprintf(names + at, sizeof names - at, "%s%s", i > 0 ? ":" : "", pass[i].name);
        if (at >= sizeof names) {
            errno = E2BIG;
            return;
        }
    }
    if (set_number("LISTEN_PID", (int)getpid()) && set_number("LISTEN_FDS", n) &&
        setenv("LISTEN_FDNAMES", names, 1) == 0)
        execvp(argv[0], argv);
}
