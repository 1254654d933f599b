#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/arena.h"
#include "codec/json.h"
#include "codec/keyring.h"
#include "codec/uri.h"
#include "tap.h"

static struct mx_arena *arena;

static char top[] = "/tmp/merx-keys-XXXXXX";

static const char *new_dir(void)
{
    static int n;
    const char *path = mx_arena_printf(arena, "%s/%d", top, n++);

    if (mkdir(path, 0700) != 0)
        MX_BUG("no directory");
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
    const char *path = mx_arena_printf(arena, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
        MX_BUG("cannot write %s", path);
}

/* The PEM text of `pkey`, which is freed. */
static const char *pem_of(EVP_PKEY *pkey, bool public, const EVP_CIPHER *cipher)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *p = NULL, word[] = "word";
    const char *text;
    long n;

    if (public)
        PEM_write_bio_PUBKEY(out, pkey);
    else
        PEM_write_bio_PrivateKey(out, pkey, cipher, NULL, 0, NULL, cipher ? word : NULL);
    n = BIO_get_mem_data(out, &p);
    text = mx_arena_dup(arena, p, (size_t)n);
    BIO_free(out);
    EVP_PKEY_free(pkey);
    return text;
}

static const char *ec_pem(const char *curve)
{
    return pem_of(EVP_EC_gen(curve), false, NULL);
}

/* Why the directory is refused, or NULL. */
static const char *fault_of(const char *dir)
{
    struct mx_keys *k = NULL;
    const char *why = NULL;

    if (mx_keys_load(arena, dir, &k, &why) != MX_OK)
        return why ? why : "";
    mx_keys_free(k);
    return NULL;
}

static void check_fault(const char *dir, const char *part, const char *name)
{
    const char *why = fault_of(dir);

    tap_ok(why && strstr(why, part), "%s", name);
    printf("# %s\n", why ? why : "accepted");
}

/* Why the last step was refused. */
static const char *why_not;

static enum mx_err new_key(const char *dir, const char *alg, struct mx_str *ret_kid)
{
    struct mx_keyring r = {.a = arena, .dir = dir};

    return mx_keyring_new(&r, alg, ret_kid, &why_not);
}

/* A good directory with one key. */
static const char *good_dir(void)
{
    const char *dir = new_dir();
    struct mx_str kid;

    if (new_key(dir, "ES256", &kid) != MX_OK)
        MX_BUG("%s", why_not);
    return dir;
}

static void one_bad_key(const char *file, const char *text, mode_t mode, const char *part)
{
    const char *dir = good_dir();

    put(dir, file, text, mode);
    check_fault(dir, part, mx_arena_printf(arena, "%s: %s", file, part));
}

static void bad_keys(void)
{
    static const char hmac32[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    const char *ec = ec_pem("P-256");

    one_bad_key("a.es256.pem", ec, 0644, "mode 0644");
    one_bad_key("a.es256.pem", ec, 0640, "mode 0640");
    one_bad_key("a.es256.pem", ec, 0602, "mode 0602");
    one_bad_key("a.hs256", hmac32, 0604, "mode 0604");
    one_bad_key("a.es256.pem", ec_pem("P-384"), 0600, "P-256");
    one_bad_key("a.es256.pem", ec_pem("secp256k1"), 0600, "P-256");
    one_bad_key("a.es256.pem", pem_of(EVP_RSA_gen(2048), false, NULL), 0600, "P-256");
    one_bad_key("a.es256.pem", pem_of(EVP_EC_gen("P-256"), true, NULL), 0600, "P-256");
    one_bad_key("a.es256.pem", pem_of(EVP_EC_gen("P-256"), false, EVP_aes_128_cbc()), 0600,
                "P-256");
    one_bad_key("a.es256.pem", "", 0600, "P-256");
    one_bad_key("a.es256.pem", "-----BEGIN PRIVATE KEY-----\n", 0600, "P-256");
    one_bad_key("a.hs256", "", 0600, "0 bytes");
    one_bad_key("a.hs256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0600, "31 bytes");
    one_bad_key("a.hs256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0600, "base64url");
    one_bad_key("a.hs256", mx_arena_printf(arena, "%9000d", 1), 0600, "too large");
    one_bad_key("a b.hs256", hmac32, 0600, "a kid is");
}

static void bad_directories(void)
{
    static const char hmac32[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    const char *dir = good_dir();
    int i;

    check_fault("/nonexistent/keys", "No such file", "no directory");
    check_fault("/dev/null", "Not a directory", "no directory but a device");
    put(dir, "twin.hs256", hmac32, 0600);
    tap_ok(!fault_of(dir), "two keys of two algorithms");
    put(dir, "twin.es256.pem", ec_pem("P-256"), 0400);
    check_fault(dir, "two keys are named twin", "duplicate kid");

    dir = good_dir();
    for (i = 1; i < MX_KEYS_MAX; i++)
        put(dir, mx_arena_printf(arena, "k%d.hs256", i), hmac32, 0600);
    put(dir, "README", "not a key", 0644);
    put(dir, ".hidden.hs256", "not a key", 0644);
    tap_ok(!fault_of(dir), "as many keys as may be, and other files");
    put(dir, "one-more.hs256", hmac32, 0600);
    check_fault(dir, "more than", "too many keys");

    dir = good_dir();
    chmod(dir, 0770);
    check_fault(dir, "writable", "a directory that others can write");
    chmod(dir, 0755);
    put(dir, "active", "nobody\n", 0600);
    check_fault(dir, "names no key", "unknown active key");
    put(dir, "active", "", 0600);
    check_fault(dir, "names no key", "empty active");
    put(dir, "active", "x", 0622);
    check_fault(dir, "mode 0622", "active that others can write");
    unlink(mx_arena_printf(arena, "%s/active", dir));
    check_fault(dir, "active: No such file", "no active");

    dir = good_dir();
    put(dir, "server.secret", "AAAA", 0600);
    check_fault(dir, "32 bytes", "short server secret");
    put(dir, "server.secret", hmac32, 0644);
    check_fault(dir, "mode 0644", "readable server secret");
    unlink(mx_arena_printf(arena, "%s/server.secret", dir));
    check_fault(dir, "server.secret: No such file", "no server secret");
    check_fault(new_dir(), "active: No such file", "empty directory");
}

static mode_t mode_of(const char *dir, const char *file)
{
    struct stat st = {0};

    return stat(mx_arena_printf(arena, "%s/%s", dir, file), &st) == 0 ? st.st_mode & 07777 : 0;
}

static void creating(void)
{
    const char *dir = mx_arena_printf(arena, "%s/keys", new_dir()), *why = "";
    struct mx_str first = {0}, second = {0}, third = {0};
    struct mx_keys *k = NULL, *again = NULL;

    tap_err(new_key(dir, "ES256", &first), MX_OK, "create in a new directory");
    tap_err(mx_keys_load(arena, dir, &k, &why), MX_OK, "load it");
    tap_err(new_key(dir, "HS256", &second), MX_OK, "create a second key");
    tap_err(new_key(dir, "ES256", &third), MX_OK, "and a third");
    tap_ok(!mx_str_eq(first, second) && !mx_str_eq(first, third), "kids differ");
    tap_err(mx_keys_load(arena, dir, &again, &why), MX_OK, "load again");
    tap_ok(k && again && memcmp(mx_keys_secret(k), mx_keys_secret(again), MX_HASH) == 0,
           "the server secret stays");
    mx_keys_free(k);
    mx_keys_free(again);
    tap_int(mode_of(dir, "."), 0700, "mode of the directory");
    tap_int(mode_of(dir, mx_arena_printf(arena, "%s.es256.pem", first.p)), 0600, "mode of a key");
    tap_int(mode_of(dir, mx_arena_printf(arena, "%s.hs256", second.p)), 0600, "of the other");
    tap_int(mode_of(dir, "active"), 0600, "of active");
    tap_int(mode_of(dir, "server.secret"), 0600, "of the secret");
    tap_err(new_key(dir, "RS256", &first), MX_E_VALIDATION_FAILED, "RS256");
    tap_err(new_key(dir, "es256", &first), MX_E_VALIDATION_FAILED, "es256");
    tap_err(new_key("/proc/none/keys", "ES256", &first), MX_E_VALIDATION_FAILED,
            "where nothing can be made");
}

static void public_set(void)
{
    static const char *const names[] = {"kty", "crv", "x", "y", "kid", "alg", "use"};
    const char *dir = good_dir(), *why = "";
    struct mx_keys *k = NULL;
    const struct mx_json *root = NULL, *list, *v, *member;
    struct mx_str kid, x = {0};
    size_t offset, i = 0;

    put(dir, "hmac.hs256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0600);
    tap_err(new_key(dir, "ES256", &kid), MX_OK, "a second curve key");
    tap_err(mx_keys_load(arena, dir, &k, &why), MX_OK, "load");
    tap_err(mx_json_parse(arena, mx_keys_jwks(arena, k), &root, &why, &offset), MX_OK, "JWKS");
    list = root ? mx_json_get(root, "keys") : NULL;
    if (!tap_ok(list && mx_json_first(list), "has keys"))
        return;
    v = mx_json_next(mx_json_first(list));
    tap_ok(v && !mx_json_next(v), "the two that are public");
    for (member = v ? mx_json_first(v) : NULL; member; member = mx_json_next(member), i++)
        tap_ok(i < MX_LEN(names) && mx_str_eqc(mx_json_name(member), names[i]), "member %zu", i);
    tap_int((int64_t)i, MX_LEN(names), "and no other member");
    tap_ok(mx_b64url_decode(arena, mx_json_string(mx_json_get(v, "x")), &x) && x.n == 32,
           "a coordinate of full length");
    tap_str(mx_json_string(mx_json_get(v, "use")), "sig", "for signatures");
    mx_keys_free(k);
}

int main(void)
{
    arena = mx_arena_new(65536, 8 << 20);
    mx_secret_init();
    if (!mkdtemp(top))
        MX_BUG("no directory");
    bad_keys();
    bad_directories();
    creating();
    public_set();
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mx_arena_free(arena);
    return tap_done();
}
