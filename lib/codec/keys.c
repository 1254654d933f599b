/* Signing keys: reading and making the key directory, the public key set. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/rnd.h"
#include "codec/jsonw.h"
#include "codec/keys_internal.h"
#include "codec/uri.h"

#define FILE_MAX 8192
#define HMAC_KEY_MIN 32
#define HMAC_KEY_NEW 48
#define COORDINATE 32
#define KID_RANDOM 8
#define ES256_SUFFIX ".es256.pem"
#define HS256_SUFFIX ".hs256"
#define ACTIVE "active"
#define SECRET "server.secret"

/* The key directory while it is read or written. */
struct keydir {
    struct mx_arena *a; /* for *why */
    const char *path;
    const char **why;
    int fd;
};

/* Say what is wrong with the directory. */
#define REFUSE(d, ...) (*(d)->why = mx_arena_printf((d)->a, __VA_ARGS__), MX_E_VALIDATION_FAILED)

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

/* All of `fd` into `text`, or -1; FILE_MAX means too much. */
static ssize_t read_all(int fd, char text[FILE_MAX])
{
    size_t n = 0;
    ssize_t got;

    while (n < FILE_MAX) {
        got = read(fd, text + n, FILE_MAX - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)n;
        n += (size_t)got;
    }
    return FILE_MAX;
}

/* Read a file that has no bit of the mode `forbidden`. *ret_text is a slice of `text`. */
static enum mx_err read_file(const struct keydir *d, const char *name, mode_t forbidden,
                             char text[FILE_MAX], struct mx_str *ret_text)
{
    int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum mx_err e = MX_OK;
    struct stat st;
    ssize_t n;

    if (fd < 0)
        return REFUSE(d, "%s/%s: %s", d->path, name, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        e = REFUSE(d, "%s/%s: not a regular file", d->path, name);
    } else if (st.st_mode & forbidden) {
        e = REFUSE(d, "%s/%s: mode %04o lets others in, 0600 or 0400 does not", d->path, name,
                   (unsigned)st.st_mode & 07777u);
    } else {
        n = read_all(fd, text);
        if (n < 0 || n == FILE_MAX)
            e = REFUSE(d, "%s/%s: %s", d->path, name, n < 0 ? strerror(errno) : "too large");
        else
            *ret_text = (struct mx_str){text, (size_t)n};
    }
    close(fd);
    return e;
}

/* Without the newline that editors put at the end. */
static struct mx_str one_line(struct mx_str s)
{
    return mx_str_ends(s, MX_S("\n")) ? mx_str_sub(s, 0, s.n - 1) : s;
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

static enum mx_err parse_es256(const struct keydir *d, const char *name, struct mx_str text,
                               struct mx_arena *a, struct mx_key *key)
{
    EVP_PKEY *pkey = read_ec_key(text);

    if (!pkey) {
        ERR_clear_error();
        return REFUSE(d, "%s/%s: not an unencrypted P-256 private key in PEM", d->path, name);
    }
    key->alg = MX_ES256;
    key->sign = write_pem(a, pkey, true);
    key->verify = write_pem(a, pkey, false);
    key->x = coordinate(a, pkey, OSSL_PKEY_PARAM_EC_PUB_X);
    key->y = coordinate(a, pkey, OSSL_PKEY_PARAM_EC_PUB_Y);
    EVP_PKEY_free(pkey);
    return MX_OK;
}

static enum mx_err parse_hs256(const struct keydir *d, const char *name, struct mx_str text,
                               struct mx_arena *a, struct mx_key *key)
{
    if (!mx_b64url_decode(a, one_line(text), &key->sign))
        return REFUSE(d, "%s/%s: not unpadded base64url", d->path, name);
    if (key->sign.n < HMAC_KEY_MIN)
        return REFUSE(d, "%s/%s: %zu bytes, at least %d are needed", d->path, name, key->sign.n,
                      HMAC_KEY_MIN);
    key->alg = MX_HS256;
    key->verify = key->sign;
    return MX_OK;
}

/* Insert by kid. */
static enum mx_err add_key(const struct keydir *d, struct mx_keys *k, const struct mx_key *key)
{
    int i;

    if (mx_keys_find(k, key->kid))
        return REFUSE(d, "%s: two keys are named %s", d->path, key->kid.p);
    if (k->n == MX_KEYS_MAX)
        return REFUSE(d, "%s: more than %d keys", d->path, MX_KEYS_MAX);
    for (i = k->n++; i > 0 && mx_str_cmp(k->at[i - 1].kid, key->kid) > 0; i--)
        k->at[i] = k->at[i - 1];
    k->at[i] = *key;
    return MX_OK;
}

/* Load the file if its name is that of a key. */
static enum mx_err load_key(const struct keydir *d, const char *name, struct mx_keys *k)
{
    struct mx_str file = mx_str_c(name), text = {0};
    struct mx_key key = {0};
    char bytes[FILE_MAX];
    bool ec = mx_str_ends(file, MX_S(ES256_SUFFIX));
    size_t suffix = ec ? sizeof(ES256_SUFFIX) - 1 : sizeof(HS256_SUFFIX) - 1;
    enum mx_err e;

    if (name[0] == '.' || (!ec && !mx_str_ends(file, MX_S(HS256_SUFFIX))))
        return MX_OK;
    key.kid = mx_str_dup(k->arena, mx_str_sub(file, 0, file.n - suffix));
    if (!mx_kid_valid(key.kid))
        return REFUSE(d, "%s/%s: a kid is 1 to 64 of A-Z a-z 0-9 _ -", d->path, name);
    e = read_file(d, name, 077, bytes, &text);
    if (e == MX_OK)
        e = ec ? parse_es256(d, name, text, k->arena, &key)
               : parse_hs256(d, name, text, k->arena, &key);
    mx_secret_wipe(bytes, sizeof(bytes));
    return e == MX_OK ? add_key(d, k, &key) : e;
}

static enum mx_err load_all_keys(const struct keydir *d, struct mx_keys *k)
{
    int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    enum mx_err e = MX_OK;
    struct dirent *entry;

    if (!dir) {
        e = REFUSE(d, "%s: %s", d->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return e;
    }
    while (e == MX_OK && (entry = readdir(dir)) != NULL)
        e = load_key(d, entry->d_name, k);
    closedir(dir);
    return e;
}

static enum mx_err load_active(const struct keydir *d, struct mx_keys *k)
{
    char bytes[FILE_MAX];
    struct mx_str kid = {0};

    MX_TRY(read_file(d, ACTIVE, 022, bytes, &kid));
    kid = one_line(kid);
    k->active = mx_keys_find(k, kid);
    if (!k->active)
        return REFUSE(d, "%s/%s: names no key of the directory", d->path, ACTIVE);
    return MX_OK;
}

static enum mx_err load_secret(const struct keydir *d, struct mx_keys *k)
{
    struct mx_str text = {0}, secret = {0};
    char bytes[FILE_MAX];
    enum mx_err e = read_file(d, SECRET, 077, bytes, &text);

    if (e == MX_OK && (!mx_b64url_decode(k->arena, one_line(text), &secret) || secret.n != MX_HASH))
        e = REFUSE(d, "%s/%s: not 32 bytes in unpadded base64url", d->path, SECRET);
    if (e == MX_OK)
        memcpy(k->secret.b, secret.p, MX_HASH);
    mx_secret_wipe(bytes, sizeof(bytes));
    return e;
}

/* Whoever may add a key file may sign tokens. */
static enum mx_err open_dir(struct keydir *d)
{
    struct stat st;

    d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0)
        return REFUSE(d, "%s: %s", d->path, strerror(errno));
    if (fstat(d->fd, &st) != 0 || ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))) {
        close(d->fd);
        return REFUSE(d, "%s: writable by others", d->path);
    }
    return MX_OK;
}

enum mx_err mx_keys_load(struct mx_arena *a, const char *dir, struct mx_keys **ret_keys,
                         const char **ret_why)
{
    struct keydir d = {a, dir, ret_why, -1};
    struct mx_arena *own;
    struct mx_keys *k;
    enum mx_err e;

    MX_TRY(open_dir(&d));
    own = mx_arena_new(16384, 1 << 20);
    k = calloc(1, sizeof(*k));
    MX_ASSERT(k != NULL);
    k->arena = own;
    e = load_all_keys(&d, k);
    if (e == MX_OK)
        e = load_active(&d, k);
    if (e == MX_OK)
        e = load_secret(&d, k);
    close(d.fd);
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

static bool write_all(int fd, struct mx_str text)
{
    ssize_t put;

    while (text.n > 0) {
        put = write(fd, text.p, text.n);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0)
            text = mx_str_sub(text, (size_t)put, text.n);
    }
    return fsync(fd) == 0;
}

/* Make a file of mode 0600 that appears with its whole content. One that exists is kept when
 * `keep`, and a fault otherwise. */
static enum mx_err write_file(const struct keydir *d, const char *name, struct mx_str text,
                              bool keep)
{
    const char *temporary = mx_arena_printf(d->a, ".%s.%s", name, new_kid(d->a).p);
    int fd = openat(d->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, text) &&
                (linkat(d->fd, temporary, d->fd, name, 0) == 0 || (keep && errno == EEXIST));
    enum mx_err e = good ? MX_OK : REFUSE(d, "%s/%s: %s", d->path, name, strerror(errno));

    if (fd >= 0) {
        close(fd);
        unlinkat(d->fd, temporary, 0);
    }
    return e;
}

/* `n` random bytes as a line of base64url. */
static struct mx_str random_line(struct mx_arena *a, size_t n)
{
    unsigned char bytes[HMAC_KEY_NEW];

    MX_ASSERT(n <= sizeof(bytes));
    mx_rnd(bytes, n);
    return mx_str_fmt(a, "%s\n", mx_b64url(a, bytes, n).p);
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
    struct keydir d = {a, dir, ret_why, -1};
    struct mx_str kid = new_kid(a);
    bool ec = strcmp(alg, MX_ES256) == 0;
    const char *name = mx_arena_printf(a, "%s%s", kid.p, ec ? ES256_SUFFIX : HS256_SUFFIX);
    enum mx_err e;

    if (!ec && strcmp(alg, MX_HS256) != 0)
        return REFUSE(&d, "%s: unknown algorithm, ES256 or HS256", alg);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return REFUSE(&d, "%s: %s", dir, strerror(errno));
    MX_TRY(open_dir(&d));
    e = write_file(&d, name, ec ? new_ec_pem(a) : random_line(a, HMAC_KEY_NEW), false);
    if (e == MX_OK)
        e = write_file(&d, SECRET, random_line(a, MX_HASH), true);
    if (e == MX_OK)
        e = write_file(&d, ACTIVE, mx_str_fmt(a, "%s\n", kid.p), true);
    if (e == MX_OK && fsync(d.fd) != 0)
        e = REFUSE(&d, "%s: %s", dir, strerror(errno));
    close(d.fd);
    if (e == MX_OK)
        *ret_kid = kid;
    return e;
}
