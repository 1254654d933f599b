/* Fetches that are refused before anybody answers; the rest is tests/http/account/test_oidc.py,
 * against a server. */
#include "io/fetch.h"

#include "base/arena.h"
#include "base/clock.h"
#include "tap.h"

static struct mx_arena *arena;

static void refuses(const char *url, const char *name)
{
    struct mx_fetch what = {url, NULL, 1500, 1000};
    struct mx_fetched got = {0};
    const char *why = NULL;
    int64_t began = mx_mono_ms();

    tap_err(mx_fetch_get(arena, &what, &got, &why), MX_E_UNAVAILABLE, name);
    tap_ok(why && why[0] && mx_mono_ms() - began < 30000, "%s: says why", name);
}

int main(void)
{
    arena = mx_arena_new(4096, 1 << 20);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    refuses("http://127.0.0.1:1/", "plain text");
    refuses("file:///etc/hostname", "a file");
    refuses("https://127.0.0.1:1/", "nobody there");
    refuses("", "nothing");
    mx_arena_free(arena);
    return tap_done();
}
