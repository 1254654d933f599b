/* Contents that each kind of key file must have. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "codec/keys_internal.h"
#include "codec/uri.h"

#define HMAC_KEY_MIN 32
#define HMAC_KEY_NEW 48
#define COORDINATE 32
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_BYTES_MAX (RSA_BITS_MAX / 8)

/* Refuses instead of asking on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static EVP_PKEY *read_pem(struct mx_str pem, bool private)
{
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *pkey = NULL;

    if (in)
        pkey = private ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL)
                       : PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
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

/* A number of the public key as base64url, `n` bytes long, or as long as it is when n is 0. */
static struct mx_str number(struct mx_arena *a, const EVP_PKEY *pkey, const char *name, int n)
{
    unsigned char bytes[RSA_BYTES_MAX];
    BIGNUM *value = NULL;

    MX_ASSERT(EVP_PKEY_get_bn_param(pkey, name, &value) == 1);
    n = n ? n : BN_num_bytes(value);
    MX_ASSERT(n <= RSA_BYTES_MAX && BN_bn2binpad(value, bytes, n) == n);
    BN_free(value);
    return mx_b64url(a, bytes, (size_t)n);
}

/* A key on P-256 whose halves belong together. */
static bool is_p256(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    char curve[32] = "";
    size_t n = 0;
    bool good = check && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
                EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), &n) == 1 &&
                strcmp(curve, SN_X9_62_prime256v1) == 0 && EVP_PKEY_check(check) == 1;

    EVP_PKEY_CTX_free(check);
    return good;
}

static const char *parse_es256(struct mx_arena *a, struct mx_str text, struct mx_key *key)
{
    EVP_PKEY *pkey = read_pem(text, true);
    bool good = pkey && is_p256(pkey);

    if (good) {
        key->sign = write_pem(a, pkey, true);
        key->verify = write_pem(a, pkey, false);
        key->own[0] = number(a, pkey, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE);
        key->own[1] = number(a, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE);
    }
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good ? NULL : "not an unencrypted P-256 private key in PEM";
}

static const char *parse_hs256(struct mx_arena *a, struct mx_str text, struct mx_key *key)
{
    if (!mx_b64url_decode(a, mx_keydir_line(text), &key->sign))
        return "not unpadded base64url";
    if (key->sign.n < HMAC_KEY_MIN)
        return mx_arena_printf(a, "%zu bytes, at least %d are needed", key->sign.n, HMAC_KEY_MIN);
    key->verify = key->sign;
    return NULL;
}

/* NULL, or what is wrong with an RSA public key: a modulus of a size that neither gives the key
 * away nor stalls who checks with it (RFC 8725 3.5), an odd exponent above 1. */
static const char *rsa_error(EVP_PKEY *pkey)
{
    BIGNUM *e = NULL, *n = NULL;
    const char *why = NULL;
    int bits = EVP_PKEY_get_bits(pkey);

    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
        why = "not an RSA public key in PEM";
    else if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        why = "an RSA modulus has 2048 to 8192 bits";
    else if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 64 || !BN_is_odd(n))
        why = "an RSA exponent is odd, above 1 and below 2^64, a modulus odd";
    BN_free(e);
    BN_free(n);
    return why;
}

static const char *parse_rs256(struct mx_arena *a, struct mx_str text, struct mx_key *key)
{
    EVP_PKEY *pkey = read_pem(text, false);
    const char *why = pkey ? rsa_error(pkey) : "not an RSA public key in PEM";

    if (!why) {
        key->verify = write_pem(a, pkey, false);
        key->own[0] = number(a, pkey, OSSL_PKEY_PARAM_RSA_N, 0);
        key->own[1] = number(a, pkey, OSSL_PKEY_PARAM_RSA_E, 0);
    }
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return why;
}

/* clang-format off */
static const struct mx_key_kind kinds[] = {
    {MX_ES256, ".es256.pem", MX_KEYFILE_SECRET, true,
     "EC", "P-256", {"x", "y"}, parse_es256},
    {MX_HS256, ".hs256", MX_KEYFILE_SECRET, true,
     NULL, NULL, {NULL, NULL}, parse_hs256},
    {MX_RS256, ".rs256.pem", MX_KEYFILE_PUBLIC, false,
     "RSA", NULL, {"n", "e"}, parse_rs256},
};
/* clang-format on */

const struct mx_key_kind *mx_key_kind(const char *alg)
{
    for (size_t i = 0; i < MX_LEN(kinds); i++)
        if (strcmp(kinds[i].alg, alg) == 0)
            return &kinds[i];
    return NULL;
}

const struct mx_key_kind *mx_key_kind_of(struct mx_str file, struct mx_str *ret_kid)
{
    for (size_t i = 0; i < MX_LEN(kinds); i++) {
        if (!mx_str_ends(file, mx_str_c(kinds[i].suffix)))
            continue;
        *ret_kid = mx_str_sub(file, 0, file.n - strlen(kinds[i].suffix));
        return &kinds[i];
    }
    return NULL;
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

struct mx_str mx_key_generate(struct mx_arena *a, const struct mx_key_kind *kind)
{
    MX_ASSERT(kind->signs);
    return kind->kty ? new_ec_pem(a) : mx_keydir_random(a, HMAC_KEY_NEW);
}
