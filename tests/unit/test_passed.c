#include "io/passed.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/region.h"
#include "tap.h"

#define SIZE 4096
#define FOUND 42

static char *self;

/* The program that is started: what it finds, as its exit status. */
static int be_started(void)
{
    const unsigned char *table;
    char text[8] = "";
    int fd;

    mx_passed_init();
    table = mx_region_map("table.1", SIZE);
    fd = mx_passed_take("note");
    if (fd < 0 || mx_passed_take("note") >= 0 || mx_passed_take("no such") >= 0)
        return 1;
    if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC) || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
        return 2;
    if (read(fd, text, sizeof text - 1) != 5 || strcmp(text, "hello") != 0)
        return 3;
    /* Of another size, and of another name: new ones. */
    if (((unsigned char *)mx_region_map("table.1", SIZE))[0] != 0)
        return 4;
    return table[0];
}

static int start(const struct mx_pass *pass, int n)
{
    char *argv[] = {self, (char[]){"started"}, NULL};
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        mx_passed_exec(argv, pass, n);
        _exit(99);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_exec(void)
{
    unsigned char *table = mx_region_map("table.1", SIZE);
    struct mx_pass pass[MX_PASSED_MAX];
    int ends[2], n = mx_region_passes(pass, MX_PASSED_MAX);

    tap_int(n, 1, "a named region is passed on");
    tap_int(table[0], 0, "it begins empty");
    table[0] = FOUND;
    if (!tap_ok(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], "hello", 5) == 5, "a pipe"))
        return;
    pass[n++] = (struct mx_pass){"note", ends[0]};
    tap_int(start(pass, n), FOUND, "the started program has both, by their names, and the memory");
    close(ends[0]);
    close(ends[1]);
}

static void test_others(void)
{
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    mx_passed_init();
    tap_int(mx_passed_take("note"), -1, "what was passed to another process is none of ours");
    tap_ok(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS"), "and is not passed on");
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1)
        return be_started();
    test_exec();
    test_others();
    return tap_done();
}
