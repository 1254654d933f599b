#include "io/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "tap.h"

static char dir[] = "/tmp/mx-test-net-XXXXXX";

static char *in_dir(struct mx_arena *a, const char *name)
{
    return mx_arena_printf(a, "%s/%s", dir, name);
}

static void test_unix(struct mx_arena *a)
{
    const char *path = in_dir(a, "one.sock"), *why;
    struct stat st;
    int fd = mx_net_listen(a, path, 4, 0620, "", &why), other, waiting = -1, limit = -1;

    if (!tap_ok(fd >= 0, "listens on a path"))
        return;
    tap_ok(fcntl(fd, F_GETFL) & O_NONBLOCK, "non-blocking");
    tap_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "closed on exec");
    tap_ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0620, "with the mode asked for");
    tap_int(mx_net_listen(a, path, 4, 0600, "", &why), -1, "a second one is refused");
    tap_ok(why && strstr(why, "in use"), "because it is in use");
    other = mx_net_connect(path);
    tap_ok(other >= 0, "a client connects");
    if (mx_net_queue(fd, &waiting, &limit))
        tap_ok(waiting == 2 && limit == 4, "two wait (the probe and the client), four may");
    else
        tap_ok(true, "the kernel does not tell the queue");
    close(other);
    close(fd);
    fd = mx_net_listen(a, path, 4, 0600, "", &why);
    tap_ok(fd >= 0, "a socket that nobody listens on is replaced");
    close(fd);
    mx_net_unlink(path);
    tap_ok(stat(path, &st) != 0, "removed");
    tap_ok(mx_net_connect(path) < 0 && errno == ENOENT, "nobody there");
}

static void test_refused(struct mx_arena *a)
{
    char *path = in_dir(a, "file"), *long_path = in_dir(a, "x");
    const char *why;
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    close(fd);
    tap_int(mx_net_listen(a, path, 4, 0600, "", &why), -1, "a file is not replaced");
    tap_ok(access(path, F_OK) == 0, "and stays");
    unlink(path);
    tap_int(mx_net_listen(a, in_dir(a, "none/x.sock"), 4, 0600, "", &why), -1, "no directory");
    tap_int(mx_net_listen(a, in_dir(a, "g.sock"), 4, 0660, "no-such-group", &why), -1, "no group");
    tap_ok(access(in_dir(a, "g.sock"), F_OK) != 0, "leaves nothing behind");
    for (int i = 0; i < 7; i++)
        long_path = mx_arena_printf(a, "%s/%s", long_path, "0123456789abcdef");
    tap_int(mx_net_listen(a, long_path, 4, 0600, "", &why), -1, "path too long");
    tap_int(mx_net_listen(a, "nothing", 4, 0600, "", &why), -1, "neither path nor port");
    tap_int(mx_net_listen(a, ":80", 4, 0600, "", &why), -1, "no host");
    tap_int(mx_net_listen(a, "127.0.0.1:", 4, 0600, "", &why), -1, "no port");
}

static void test_tcp(struct mx_arena *a)
{
    const char *why;
    struct sockaddr_in sin;
    socklen_t n = sizeof sin;
    int fd = mx_net_listen(a, "127.0.0.1:0", 4, 0, "", &why), waiting = -1, limit = -1;

    if (!tap_ok(fd >= 0, "listens on host:port"))
        return;
    tap_ok(fcntl(fd, F_GETFL) & O_NONBLOCK, "non-blocking");
    tap_ok(mx_net_queue(fd, &waiting, &limit) && waiting == 0 && limit == 4, "an empty queue of 4");
    tap_ok(getsockname(fd, (struct sockaddr *)&sin, &n) == 0, "has an address");
    tap_int(
        mx_net_listen(a, mx_arena_printf(a, "127.0.0.1:%d", ntohs(sin.sin_port)), 4, 0, "", &why),
        -1, "a port in use is refused");
    close(fd);
}

static void test_notify(struct mx_arena *a)
{
    char buf[32] = "";
    struct timeval tv = {.tv_sec = 2};
    const char *path = in_dir(a, "notify");
    struct {
        sa_family_t family;
        char path[100];
    } sun = {AF_UNIX, ""};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(sun.path, sizeof sun.path, "%s", path);
    tap_ok(bind(fd, (const struct sockaddr *)(const void *)&sun, sizeof sun) == 0, "a manager");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    mx_net_notify("READY=1");
    setenv("NOTIFY_SOCKET", path, 1);
    mx_net_notify("STOPPING=1");
    tap_ok(recv(fd, buf, sizeof buf - 1, 0) > 0 && strcmp(buf, "STOPPING=1") == 0, "is told");
    unsetenv("NOTIFY_SOCKET");
    close(fd);
    unlink(path);
}

int main(void)
{
    struct mx_arena *a = mx_arena_new(4096, 1 << 20);

    if (!mkdtemp(dir))
        return 1;
    test_unix(a);
    test_refused(a);
    test_tcp(a);
    test_notify(a);
    rmdir(dir);
    mx_arena_free(a);
    return tap_done();
}
