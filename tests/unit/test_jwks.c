/* The key sets of identity providers that workers share. */
#include "io/jwks.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "tap.h"

#define PATIENCE_MS 300000

static struct mx_arena *arena;

/* A provider that takes connections and says nothing. */
static int silent(struct mx_str *ret_url)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        MX_BUG("no socket");
    *ret_url = mx_str_fmt(arena, "https://127.0.0.1:%d/keys", ntohs(at.sin_port));
    return fd;
}

static bool is_asked(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static enum mx_err ask(struct mx_jwks_cache *c, const struct mx_oidc_provider *p)
{
    struct mx_jwk key;

    return mx_jwks_key(arena, c, p, MX_S("1"), &key);
}

/* A worker dies while it fetches: another one does so soon, and not only when the next fetch of a
 * set that was had would be due. */
static void test_killed_fetcher(void)
{
    struct mx_jwks_cache *c = mx_jwks_cache_new();
    struct mx_oidc_provider p = {.name = MX_S("x"), .refetch_s = 3600, .fetch_timeout_ms = 1000};
    int listener = silent(&p.jwks_uri);
    int64_t end_ms = mx_mono_ms() + PATIENCE_MS;
    bool again = false;
    pid_t pid = fork();

    if (pid == 0)
        _exit(ask(c, &p) == MX_OK);
    while (!is_asked(listener) && mx_mono_ms() < end_ms)
        usleep(1000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    while (!again && mx_mono_ms() < end_ms) {
        (void)ask(c, &p);
        again = is_asked(listener);
    }
    tap_ok(again, "another worker fetches when the one that did was killed");
    close(listener);
}

int main(void)
{
    arena = mx_arena_new(4096, 64 << 20);
    test_killed_fetcher();
    mx_arena_free(arena);
    return tap_done();
}
