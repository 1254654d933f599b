/* Signing keys: reading and making the key directory, the public key set. */
#include <errno.h>
#include <sys/stat.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/rnd.h"
#include "codec/jsonw.h"
#include "codec/keys_internal.h"
#include "codec/uri.h"

#define HMAC_KEY_MIN 32
#define HMAC_KEY_NEW 48
#define COORDINATE 32
#define KID_RANDOM 8
#define ES256_SUFFIX ".es256.pem"
#define HS256_SUFFIX ".hs256"
#define ACTIVE "active"
#define SECRET "server.secret"

/* What processes hold for good. Reachable, so that a leak checker knows it is meant. */
static const struct mx_keys *loaded;

bool mx_kid_valid(struct mx_str kid)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t i;

    if (kid.n < 1 || kid.n > 64)
        return false;
    for (i = 0; i < kid.n; i++)
        if (kid.p[i] == '\0' || !strchr(allowed, kid.p[i]))
            return false;
    return true;
}

bool mx_key_is_ec(const struct mx_key *key)
{
    return key->x.p != NULL;
}

const struct mx_key *mx_keys_find(const struct mx_keys *k, struct mx_str kid)
{
    int i;

    for (i = 0; i < k->n; i++)
        if (mx_str_eq(k->at[i].kid, kid))
            return &k->at[i];
    return NULL;
}

const struct mx_hash *mx_keys_secret(const struct mx_keys *k)
{
    return &k->secret;
}

/* Refuses instead of asking on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

/* A private EC key on P-256 whose halves belong together; NULL otherwise. */
static EVP_PKEY *read_ec_key(struct mx_str pem)
{
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *pkey = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    EVP_PKEY_CTX *check = pkey ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;
    char curve[32] = "";
    size_t n = 0;

    if (!check || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), &n) != 1 ||
        strcmp(curve, SN_X9_62_prime256v1) != 0 || EVP_PKEY_check(check) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(check);
    BIO_free(in);
    return pkey;
}

/* The PEM text of the private or public half in `a`. libjwt parses it at every use. */
static struct mx_str write_pem(struct mx_arena *a, EVP_PKEY *pkey, bool private)
{
    BIO *out = BIO_new(BIO_s_mem());
    struct mx_str pem;
    char *p = NULL;

    MX_ASSERT(out != NULL);
    MX_ASSERT((private ? PEM_write_bio_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL)
                       : PEM_write_bio_PUBKEY(out, pkey)) == 1);
    pem.n = (size_t)BIO_get_mem_data(out, &p);
    pem.p = mx_arena_dup(a, p, pem.n);
    mx_secret_wipe(p, pem.n);
    BIO_free(out);
    return pem;
}

/* A coordinate of the public key as base64url of its full length. */
static struct mx_str coordinate(struct mx_arena *a, const EVP_PKEY *pkey, const char *name)
{
    unsigned char bytes[COORDINATE];
    BIGNUM *n = NULL;

    MX_ASSERT(EVP_PKEY_get_bn_param(pkey, name, &n) == 1);
    MX_ASSERT(BN_bn2binpad(n, bytes, sizeof(bytes)) == sizeof(bytes));
    BN_free(n);
    return mx_b64url(a, bytes, sizeof(bytes));
}

static enum mx_err parse_es256(const struct mx_keydir *d, const char *name, struct mx_str text,
                               struct mx_arena *a, struct mx_key *key)
{
    EVP_PKEY *pkey = read_ec_key(text);

    if (!pkey) {
        ERR_clear_error();
        return MX_KEYDIR_REFUSE(d, "%s/%s: not an unencrypted P-256 private key in PEM", d->path,
                                name);
    }
    key->alg = MX_ES256;
    key->sign = write_pem(a, pkey, true);
    key->verify = write_pem(a, pkey, false);
    key->x = coordinate(a, pkey, OSSL_PKEY_PARAM_EC_PUB_X);
    key->y = coordinate(a, pkey, OSSL_PKEY_PARAM_EC_PUB_Y);
    EVP_PKEY_free(pkey);
    return MX_OK;
}

static enum mx_err parse_hs256(const struct mx_keydir *d, const char *name, struct mx_str text,
                               struct mx_arena *a, struct mx_key *key)
{
    if (!mx_b64url_decode(a, mx_keydir_line(text), &key->sign))
        return MX_KEYDIR_REFUSE(d, "%s/%s: not unpadded base64url", d->path, name);
    if (key->sign.n < HMAC_KEY_MIN)
        return MX_KEYDIR_REFUSE(d, "%s/%s: %zu bytes, at least %d are needed", d->path, name,
                                key->sign.n, HMAC_KEY_MIN);
    key->alg = MX_HS256;
    key->verify = key->sign;
    return MX_OK;
}

/* Insert by kid. */
static enum mx_err add_key(const struct mx_keydir *d, struct mx_keys *k, const struct mx_key *key)
{
    int i;

    if (mx_keys_find(k, key->kid))
        return MX_KEYDIR_REFUSE(d, "%s: two keys are named %s", d->path, key->kid.p);
    if (k->n == MX_KEYS_MAX)
        return MX_KEYDIR_REFUSE(d, "%s: more than %d keys", d->path, MX_KEYS_MAX);
    for (i = k->n++; i > 0 && mx_str_cmp(k->at[i - 1].kid, key->kid) > 0; i--)
        k->at[i] = k->at[i - 1];
    k->at[i] = *key;
    return MX_OK;
}

/* Load the file if its name is that of a key. */
static enum mx_err load_key(const struct mx_keydir *d, const char *name, void *arg)
{
    struct mx_keys *k = arg;
    struct mx_str file = mx_str_c(name), text = {0};
    struct mx_key key = {0};
    char bytes[MX_KEYFILE_MAX];
    bool ec = mx_str_ends(file, MX_S(ES256_SUFFIX));
    size_t suffix = ec ? sizeof(ES256_SUFFIX) - 1 : sizeof(HS256_SUFFIX) - 1;
    enum mx_err e;

    if (!ec && !mx_str_ends(file, MX_S(HS256_SUFFIX)))
        return MX_OK;
    key.kid = mx_str_dup(k->arena, mx_str_sub(file, 0, file.n - suffix));
    if (!mx_kid_valid(key.kid))
        return MX_KEYDIR_REFUSE(d, "%s/%s: a kid is 1 to 64 of A-Z a-z 0-9 _ -", d->path, name);
    e = mx_keydir_read(d, name, 077, bytes, &text);
    if (e == MX_OK)
        e = ec ? parse_es256(d, name, text, k->arena, &key)
               : parse_hs256(d, name, text, k->arena, &key);
    mx_secret_wipe(bytes, sizeof(bytes));
    return e == MX_OK ? add_key(d, k, &key) : e;
}

static enum mx_err load_active(const struct mx_keydir *d, struct mx_keys *k)
{
    char bytes[MX_KEYFILE_MAX];
    struct mx_str kid = {0};

    MX_TRY(mx_keydir_read(d, ACTIVE, 022, bytes, &kid));
    kid = mx_keydir_line(kid);
    k->active = mx_keys_find(k, kid);
    if (!k->active)
        return MX_KEYDIR_REFUSE(d, "%s/%s: names no key of the directory", d->path, ACTIVE);
    return MX_OK;
}

static enum mx_err load_secret(const struct mx_keydir *d, struct mx_keys *k)
{
    struct mx_str text = {0}, secret = {0};
    char bytes[MX_KEYFILE_MAX];
    enum mx_err e = mx_keydir_read(d, SECRET, 077, bytes, &text);

    if (e == MX_OK &&
        (!mx_b64url_decode(k->arena, mx_keydir_line(text), &secret) || secret.n != MX_HASH))
        e = MX_KEYDIR_REFUSE(d, "%s/%s: not 32 bytes in unpadded base64url", d->path, SECRET);
    if (e == MX_OK)
        memcpy(k->secret.b, secret.p, MX_HASH);
    mx_secret_wipe(bytes, sizeof(bytes));
    return e;
}

enum mx_err mx_keys_load(struct mx_arena *a, const char *dir, struct mx_keys **ret_keys,
                         const char **ret_why)
{
    struct mx_keydir d = {a, dir, ret_why, -1};
    struct mx_arena *own;
    struct mx_keys *k;
    enum mx_err e;

    MX_TRY(mx_keydir_open(&d));
    own = mx_arena_new(16384, 1 << 20);
    k = calloc(1, sizeof(*k));
    MX_ASSERT(k != NULL);
    k->arena = own;
    e = mx_keydir_each(&d, load_key, k);
    if (e == MX_OK)
        e = load_active(&d, k);
    if (e == MX_OK)
        e = load_secret(&d, k);
    if (e == MX_OK)
        e = mx_pii_ring_load(&d, &k->pii);
    mx_keydir_close(&d);
    if (e != MX_OK) {
        mx_arena_free(own);
        free(k);
        return e;
    }
    k->older = loaded;
    loaded = k;
    *ret_keys = k;
    return MX_OK;
}

struct mx_hash mx_keys_digest(struct mx_arena *a, const struct mx_keys *k)
{
    struct mx_buf all;

    mx_buf_init(&all, a, 1 << 20);
    for (int i = 0; i < k->n; i++) {
        mx_buf_str(&all, k->at[i].kid);
        mx_buf_byte(&all, '\n');
        mx_buf_str(&all, k->at[i].verify);
        mx_buf_byte(&all, '\n');
    }
    MX_ASSERT(!all.overflow);
    return mx_sha256(mx_buf_view(&all));
}

struct mx_str mx_keys_jwks(struct mx_arena *a, const struct mx_keys *k)
{
    struct mx_jsonw w;
    struct mx_buf out;
    int i;

    mx_buf_init(&out, a, MX_KEYS_MAX * 512);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "keys");
    mx_jsonw_array(&w);
    for (i = 0; i < k->n; i++) {
        if (!mx_key_is_ec(&k->at[i]))
            continue;
        mx_jsonw_open(&w);
        mx_jsonw_name(&w, "kty");
        mx_jsonw_c(&w, "EC");
        mx_jsonw_name(&w, "crv");
        mx_jsonw_c(&w, "P-256");
        mx_jsonw_name(&w, "x");
        mx_jsonw_str(&w, k->at[i].x);
        mx_jsonw_name(&w, "y");
        mx_jsonw_str(&w, k->at[i].y);
        mx_jsonw_name(&w, "kid");
        mx_jsonw_str(&w, k->at[i].kid);
        mx_jsonw_name(&w, "alg");
        mx_jsonw_c(&w, MX_ES256);
        mx_jsonw_name(&w, "use");
        mx_jsonw_c(&w, "sig");
        mx_jsonw_close(&w);
    }
    mx_jsonw_array_end(&w);
    mx_jsonw_close(&w);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

/* Random, so that no name is ever used twice. */
static struct mx_str new_kid(struct mx_arena *a)
{
    unsigned char r[KID_RANDOM];

    mx_rnd(r, sizeof(r));
    return mx_str_fmt(a, "%02x%02x%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5],
                      r[6], r[7]);
}

static struct mx_str new_ec_pem(struct mx_arena *a)
{
    EVP_PKEY *pkey = EVP_EC_gen(SN_X9_62_prime256v1);
    struct mx_str pem;

    MX_ASSERT(pkey != NULL);
    pem = write_pem(a, pkey, true);
    EVP_PKEY_free(pkey);
    return pem;
}

enum mx_err mx_keys_create(struct mx_arena *a, const char *dir, const char *alg,
                           struct mx_str *ret_kid, const char **ret_why)
{
    struct mx_keydir d = {a, dir, ret_why, -1};
    struct mx_str kid = new_kid(a);
    bool ec = strcmp(alg, MX_ES256) == 0;
    const char *name = mx_arena_printf(a, "%s%s", kid.p, ec ? ES256_SUFFIX : HS256_SUFFIX);
    enum mx_err e;

    if (!ec && strcmp(alg, MX_HS256) != 0)
        return MX_KEYDIR_REFUSE(&d, "%s: unknown algorithm, ES256 or HS256", alg);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return MX_KEYDIR_REFUSE(&d, "%s: %s", dir, strerror(errno));
    MX_TRY(mx_keydir_open(&d));
    e = mx_keydir_write(&d, name, ec ? new_ec_pem(a) : mx_keydir_random(a, HMAC_KEY_NEW),
                        MX_KEYDIR_NEW);
    if (e == MX_OK)
        e = mx_keydir_write(&d, SECRET, mx_keydir_random(a, MX_HASH), MX_KEYDIR_KEEP);
    if (e == MX_OK)
        e = mx_keydir_write(&d, ACTIVE, mx_str_fmt(a, "%s\n", kid.p), MX_KEYDIR_KEEP);
    if (e == MX_OK)
        e = mx_pii_ring_first(&d);
    if (e == MX_OK)
        e = mx_keydir_sync(&d);
    mx_keydir_close(&d);
    if (e == MX_OK)
        *ret_kid = kid;
    return e;
}
