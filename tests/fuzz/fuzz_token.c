/* Access tokens. An input with a newline is header and payload, which are signed here with the HMAC
 * key so that everything behind the signature is reached; any other input is a token as it came. */
#include <ftw.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "codec/token.h"
#include "codec/uri.h"

#define NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mx_hash hmac_key = {"fuzz"};
/* A key for this program only. */
static const char ec_key[] = "-----BEGIN PRIVATE KEY-----\n"
                             "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgg1qeRBTPlnaFmDnf\n"
                             "eySeMlz6oouH4kfWcmxBEy4x7s+hRANCAAS4NtbVabTV33cGqlxe6Gh9HcuwkqI3\n"
                             "sGk51J2xhqMIC4m45hyK7rbO61SXHaBDZcfZrexHPOmQw7AiQDsKC2YF\n"
                             "-----END PRIVATE KEY-----\n";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void put(struct mx_arena *a, const char *dir, const char *name, const char *text)
{
    const char *path = mx_arena_printf(a, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    MX_ASSERT(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, 0600) == 0);
}

static struct mx_keys *load(struct mx_arena *a)
{
    char dir[] = "/tmp/merx-fuzz-XXXXXX";
    struct mx_str secret = mx_b64url(a, hmac_key.b, MX_HASH);
    struct mx_keys *keys = NULL;
    const char *why = "";

    MX_ASSERT(mkdtemp(dir) != NULL);
    put(a, dir, "hs.hs256", secret.p);
    put(a, dir, "ec.es256.pem", ec_key);
    put(a, dir, "active", "ec\n");
    put(a, dir, "server.secret", secret.p);
    put(a, dir, "0123456789abcdef.pii", secret.p);
    put(a, dir, "pii.active", "0123456789abcdef\n");
    if (mx_keys_load(a, dir, &keys, &why) != MX_OK)
        MX_BUG("%s", why);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return keys;
}

static struct mx_str sign(struct mx_arena *a, struct mx_str header, struct mx_str payload)
{
    struct mx_str text = mx_str_fmt(a, "%s.%s", mx_b64url(a, header.p, header.n).p,
                                    mx_b64url(a, payload.p, payload.n).p);
    struct mx_hash mac = mx_hmac(&hmac_key, text);

    return mx_str_fmt(a, "%s.%s", text.p, mx_b64url(a, mac.b, MX_HASH).p);
}

static void verify(struct mx_arena *a, const struct mx_keys *keys, struct mx_str token)
{
    struct mx_claims c = {0};
    const char *why = NULL;

    if (mx_token_verify(a, keys, "https://shop.test", "merx", token, NOW, &c, &why) != MX_OK) {
        MX_ASSERT(why != NULL);
        return;
    }
    MX_ASSERT(!mx_id_none(c.account) && !mx_id_none(c.session) && !mx_id_none(c.jti));
    MX_ASSERT(c.exp > c.iat && c.exp - c.iat <= MX_TOKEN_LIFE_MAX_S && c.scope.n > 0);
    MX_ASSERT(NOW <= c.exp + MX_TOKEN_LEEWAY_S && NOW >= c.iat - MX_TOKEN_LEEWAY_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mx_arena *a;
    static struct mx_keys *keys;
    struct mx_str rest = {(const char *)data, size}, header = {0};

    if (!a) {
        a = mx_arena_new(65536, 64 << 20);
        mx_secret_init();
        keys = load(a);
    }
    if (size > 0 && mx_str_find(rest, '\n') >= 0 && mx_str_split(&rest, '\n', &header))
        verify(a, keys, sign(a, header, rest));
    else
        verify(a, keys, rest);
    mx_arena_reset(a);
    return 0;
}
