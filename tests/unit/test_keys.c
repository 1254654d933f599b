#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
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

static EVP_PKEY *rsa_key(int bits, unsigned long exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *pkey = NULL;

    BN_set_word(e, exponent);
    if (EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) != 1 || EVP_PKEY_keygen(ctx, &pkey) != 1)
        MX_BUG("no RSA key");
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* The PEM text of the public key with modulus n and exponent e, which no generator would make. */
static const char *rsa_public_pem(const char *n_hex, unsigned long e)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = NULL, *exponent = BN_new();
    OSSL_PARAM *params;

    BN_hex2bn(&n, n_hex);
    BN_set_word(exponent, e);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
    params = OSSL_PARAM_BLD_to_param(build);
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        MX_BUG("no RSA public key");
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(exponent);
    return pem_of(pkey, true, NULL);
}

/* `bits` bits, all of them ones but the last when `even`. */
static const char *modulus(int bits, bool even)
{
    char *hex = mx_arena_alloc(arena, (size_t)bits / 4 + 1);

    memset(hex, 'F', (size_t)bits / 4);
    hex[bits / 4] = '\0';
    hex[bits / 4 - 1] = even ? 'E' : 'F';
    return hex;
}

static void rsa_keys(void)
{
    const char *dir = good_dir(), *good = pem_of(rsa_key(2048, 65537), true, NULL);

    put(dir, "partner.rs256.pem", good, 0644);
    tap_ok(!fault_of(dir), "an RSA public key that all may read");
    put(dir, "active", "partner\n", 0600);
    check_fault(dir, "only verifies", "it never signs");
    one_bad_key("a.rs256.pem", good, 0664, "mode 0664");
    one_bad_key("a.rs256.pem", good, 0646, "mode 0646");
    one_bad_key("a.rs256.pem", pem_of(rsa_key(1024, 65537), true, NULL), 0600, "2048");
    one_bad_key("a.rs256.pem", rsa_public_pem(modulus(2040, false), 65537), 0600, "2048");
    one_bad_key("a.rs256.pem", rsa_public_pem(modulus(8448, false), 65537), 0600, "8192");
    one_bad_key("a.rs256.pem", rsa_public_pem(modulus(2048, false), 1), 0600, "exponent");
    one_bad_key("a.rs256.pem", rsa_public_pem(modulus(2048, false), 65536), 0600, "exponent");
    one_bad_key("a.rs256.pem", rsa_public_pem(modulus(2048, true), 65537), 0600, "modulus");
    one_bad_key("a.rs256.pem", pem_of(rsa_key(2048, 65537), false, NULL), 0600, "public key");
    one_bad_key("a.rs256.pem", pem_of(EVP_EC_gen("P-256"), true, NULL), 0600, "RSA");
    one_bad_key("a.rs256.pem", "", 0600, "RSA");
}

/* ---- steps ---- */

#define SECOND INT64_C(1000)

/* Steps in `dir` at `now_ms`, with the waits of this test. */
static struct mx_keyring steps(const char *dir, int64_t now_ms)
{
    return (struct mx_keyring){.a = arena,
                               .dir = dir,
                               .now_ms = now_ms,
                               .published_ms = 300 * SECOND,
                               .signed_ms = 900 * SECOND,
                               .secret_ms = 3000000 * SECOND};
}

static int64_t written_ms(const char *dir, const char *file)
{
    struct stat st = {0};

    if (stat(mx_arena_printf(arena, "%s/%s", dir, file), &st) != 0)
        MX_BUG("no %s", file);
    return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

/* The states of all keys of tokens, by file: "active retired ". */
static struct mx_str states(const char *dir)
{
    static const char *const names[] = {"published ", "active ", "retired "};
    struct mx_keyring r = steps(dir, 0);
    struct mx_list all = {0};
    struct mx_buf out;

    mx_buf_init(&out, arena, 4096);
    if (mx_keyring_list(&r, &all, &why_not) != MX_OK)
        MX_BUG("%s", why_not);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(MX_AT(all, struct mx_key_entry, i)->alg, MX_KEY_PII) != 0)
            mx_buf_c(&out, names[MX_AT(all, struct mx_key_entry, i)->state]);
    return mx_buf_view(&out);
}

static void refused_step(enum mx_err e, const char *part)
{
    tap_ok(e == MX_E_VALIDATION_FAILED && strstr(why_not, part), "refused: %s [JWT-9]", part);
    printf("# %s\n", why_not);
}

static void rotating(void)
{
    const char *dir = new_dir();
    struct mx_str old = MX_S("a"), new = MX_S("b"), kid;
    struct mx_keyring r = steps(dir, 0);
    struct mx_list removed;
    int64_t made, signs;

    if (new_key(dir, "HS256", &kid) != MX_OK)
        MX_BUG("%s", why_not);
    put(dir, "a.es256.pem", ec_pem("P-256"), 0600);
    put(dir, "active", "a\n", 0600);
    unlink(mx_arena_printf(arena, "%s/%s.hs256", dir, kid.p));
    put(dir, "b.es256.pem", ec_pem("P-256"), 0600);
    made = written_ms(dir, "b.es256.pem");
    tap_str(states(dir), "active published ", "published, not signing [JWT-9]");
    r = steps(dir, made + 299 * SECOND);
    refused_step(mx_keyring_activate(&r, new, &why_not), "another 1 s");
    refused_step(mx_keyring_activate(&r, MX_S("c"), &why_not), "no key c");
    refused_step(mx_keyring_retire(&r, old, &why_not), "a signs");
    r.force = true;
    refused_step(mx_keyring_retire(&r, old, &why_not), "a signs");
    r = steps(dir, made - 3600 * SECOND);
    refused_step(mx_keyring_activate(&r, new, &why_not), "another 300 s");
    r = steps(dir, made + 300 * SECOND);
    tap_err(mx_keyring_activate(&r, new, &why_not), MX_OK, "activate [JWT-9]");
    tap_err(mx_keyring_activate(&r, new, &why_not), MX_OK, "twice is no fault");
    tap_str(states(dir), "published active ", "the other one signs [JWT-9]");
    tap_int(mode_of(dir, "active"), 0600, "mode of active");
    signs = written_ms(dir, "active");
    r = steps(dir, signs + 899 * SECOND);
    refused_step(mx_keyring_retire(&r, old, &why_not), "another 1 s");
    r = steps(dir, signs + 900 * SECOND);
    tap_err(mx_keyring_retire(&r, old, &why_not), MX_OK, "retire [JWT-9]");
    tap_str(states(dir), "retired active ", "retired [JWT-9]");
    refused_step(mx_keyring_retire(&r, old, &why_not), "no key a");
    refused_step(mx_keyring_activate(&r, old, &why_not), "no key a");
    tap_err(mx_keyring_prune(&r, &removed, &why_not), MX_OK, "prune");
    tap_ok(removed.n == 1 && mx_str_eqc(*MX_AT(removed, struct mx_str, 0), "a.es256.pem.retired"),
           "the retired one goes");
    tap_str(states(dir), "active ", "the rest stays");
    tap_ok(!fault_of(dir), "and can be loaded");
}

static void at_once(void)
{
    const char *dir = good_dir();
    struct mx_keyring r = steps(dir, 0);
    struct mx_list all = {0};
    struct mx_str kid, first = {0};

    r.force = true;
    if (mx_keyring_list(&r, &all, &why_not) != MX_OK)
        MX_BUG("%s", why_not);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(MX_AT(all, struct mx_key_entry, i)->alg, MX_KEY_PII) != 0)
            first = MX_AT(all, struct mx_key_entry, i)->kid;
    tap_err(new_key(dir, "ES256", &kid), MX_OK, "a key for the emergency");
    tap_err(mx_keyring_activate(&r, kid, &why_not), MX_OK, "signs at once [JWT-9]");
    tap_err(mx_keyring_retire(&r, first, &why_not), MX_OK, "the other goes at once [JWT-9]");
    put(dir, "p.rs256.pem", pem_of(rsa_key(2048, 65537), true, NULL), 0644);
    refused_step(mx_keyring_activate(&r, MX_S("p"), &why_not), "only verify");
    r.force = false;
    tap_err(mx_keyring_retire(&r, MX_S("p"), &why_not), MX_OK, "a partner's key goes unasked");
    tap_err(new_key(dir, "HS256", &kid), MX_OK, "a shared secret");
    tap_err(mx_keyring_activate(&r, kid, &why_not), MX_OK, "which no cache holds, signs at once");
    put(dir, "odd.hs256", "AAAA", 0600);
    refused_step(mx_keyring_activate(&r, kid, &why_not), "3 bytes");
}

/* ---- taking up ---- */

static void settle(struct mx_keys **k)
{
    const char *why;

    usleep(150000);
    (void)mx_keys_refresh(arena, k, &why);
}

static void taking_up(void)
{
    const char *dir = good_dir(), *why = "";
    struct mx_keys *k = NULL;
    struct mx_hash before, secret;
    struct mx_str kid;

    tap_err(mx_keys_load(arena, dir, &k, &why), MX_OK, "load");
    settle(&k);
    before = *mx_keys_digest(k);
    tap_ok(!mx_keys_refresh(arena, &k, &why) && !why, "nothing new");
    tap_err(new_key(dir, "ES256", &kid), MX_OK, "one more");
    tap_ok(mx_keys_refresh(arena, &k, &why) && !why, "taken up");
    tap_ok(memcmp(before.b, mx_keys_digest(k)->b, MX_HASH) != 0, "another set");
    tap_ok(mx_keys_refresh(arena, &k, &why), "looked at again while the clock may stand still");
    settle(&k);
    before = *mx_keys_digest(k);
    put(dir, "odd.hs256", "AAAA", 0600);
    tap_ok(!mx_keys_refresh(arena, &k, &why) && why, "a bad file is not taken up");
    tap_ok(!mx_keys_refresh(arena, &k, &why) && !why, "which is said once");
    tap_ok(memcmp(before.b, mx_keys_digest(k)->b, MX_HASH) == 0, "the keys stay");
    unlink(mx_arena_printf(arena, "%s/odd.hs256", dir));
    tap_ok(mx_keys_refresh(arena, &k, &why) && !why, "without it they are taken up again");
    secret = *mx_keys_secret(k);
    tap_ok(!mx_keys_secret_old(k), "no secret of before");
    mx_keys_free(k);
    tap_ok(memcmp(&secret, &(struct mx_hash){{0}}, sizeof(secret)) != 0, "a secret");
}

static void new_secret(void)
{
    const char *dir = good_dir(), *why = "";
    struct mx_keyring r = steps(dir, written_ms(dir, "server.secret"));
    struct mx_keys *k = NULL;
    struct mx_list removed;
    struct mx_hash first, made;

    tap_err(mx_keys_load(arena, dir, &k, &why), MX_OK, "load");
    first = *mx_keys_secret(k);
    made = mx_hmac(&first, MX_S("x"));
    mx_keys_free(k);
    tap_err(mx_keyring_new_secret(&r, &why), MX_OK, "a new secret [SEC-1]");
    tap_err(mx_keys_load(arena, dir, &k, &why), MX_OK, "load");
    tap_ok(memcmp(mx_keys_secret(k), &first, MX_HASH) != 0, "another one makes [SEC-1]");
    tap_ok(mx_keys_made(k, MX_S("x"), &made), "what the first made is good [SEC-1]");
    tap_ok(!mx_keys_made(k, MX_S("y"), &made), "for what it was made for");
    mx_keys_free(k);
    tap_int(mode_of(dir, "server.secret.old"), 0600, "mode of the old one");
    refused_step(mx_keyring_new_secret(&r, &why_not), "another 35 days");
    tap_err(mx_keyring_prune(&r, &removed, &why), MX_OK, "prune");
    tap_int((int64_t)removed.n, 0, "keeps it");
    r.now_ms = written_ms(dir, "server.secret") + r.secret_ms;
    tap_err(mx_keyring_prune(&r, &removed, &why), MX_OK, "prune later");
    tap_int((int64_t)removed.n, 1, "deletes it");
    tap_err(mx_keys_load(arena, dir, &k, &why), MX_OK, "load");
    tap_ok(!mx_keys_made(k, MX_S("x"), &made), "what the first made is refused");
    mx_keys_free(k);
    put(dir, "server.secret.old", "AAAA", 0600);
    check_fault(dir, "server.secret.old", "short old secret");
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
    rsa_keys();
    rotating();
    at_once();
    taking_up();
    new_secret();
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mx_arena_free(arena);
    return tap_done();
}
