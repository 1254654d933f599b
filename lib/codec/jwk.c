#include "codec/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/arena.h"
#include "codec/uri.h"

#define RSA_BITS_MIN 2048
/* Checking a longer one takes a tenth of a second. */
#define RSA_BITS_MAX 4096
#define RSA_E_BITS_MAX 64
#define COORDINATE 32

/* The bytes of a base64url member: 1 to `max`, else absent. */
static struct mx_str bytes_of(struct mx_arena *a, const struct mx_json *jwk, const char *name,
                              size_t max)
{
    struct mx_str text = mx_claim_str(jwk, name), bytes = {0};

    if (!text.p || text.n > 2 * max || !mx_b64url_decode(a, text, &bytes) || bytes.n < 1 ||
        bytes.n > max)
        return (struct mx_str){0};
    return bytes;
}

static BIGNUM *number_of(struct mx_str bytes)
{
    BIGNUM *n = BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL);

    MX_ASSERT(n != NULL);
    return n;
}

/* The public key of the parameters, if it is one; frees them. */
static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *b)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL), *check = NULL;
    EVP_PKEY *pkey = NULL;

    MX_ASSERT(params != NULL && c != NULL && EVP_PKEY_fromdata_init(c) == 1);
    if (EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1)
        check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (!check || EVP_PKEY_public_check(check) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
        ERR_clear_error();
    }
    EVP_PKEY_CTX_free(check);
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    return pkey;
}

static struct mx_str pem_of(struct mx_arena *a, EVP_PKEY *pkey)
{
    BIO *out = BIO_new(BIO_s_mem());
    struct mx_str pem;
    char *p = NULL;

    MX_ASSERT(out != NULL && PEM_write_bio_PUBKEY(out, pkey) == 1);
    pem.n = (size_t)BIO_get_mem_data(out, &p);
    pem.p = mx_arena_dup(a, p, pem.n);
    BIO_free(out);
    EVP_PKEY_free(pkey);
    return pem;
}

static const char *read_rsa(struct mx_arena *a, const struct mx_json *jwk, struct mx_jwk *ret_key)
{
    struct mx_str n = bytes_of(a, jwk, "n", RSA_BITS_MAX / 8 + 1);
    struct mx_str e = bytes_of(a, jwk, "e", RSA_E_BITS_MAX / 8);
    OSSL_PARAM_BLD *b;
    BIGNUM *bn, *be;
    EVP_PKEY *pkey = NULL;

    if (!n.p || !e.p)
        return "bad n or e";
    bn = number_of(n);
    be = number_of(e);
    if (BN_num_bits(bn) >= RSA_BITS_MIN && BN_num_bits(bn) <= RSA_BITS_MAX && BN_is_odd(bn) &&
        BN_is_odd(be) && !BN_is_one(be)) {
        b = OSSL_PARAM_BLD_new();
        MX_ASSERT(b && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
                  OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1);
        pkey = make("RSA", b);
    }
    BN_free(bn);
    BN_free(be);
    if (!pkey)
        return "n or e out of range";
    ret_key->alg = MX_RS256;
    ret_key->pem = pem_of(a, pkey);
    return NULL;
}

static const char *read_ec(struct mx_arena *a, const struct mx_json *jwk, struct mx_jwk *ret_key)
{
    struct mx_str x = bytes_of(a, jwk, "x", COORDINATE), y = bytes_of(a, jwk, "y", COORDINATE);
    unsigned char point[1 + 2 * COORDINATE] = {4}; /* SEC 1 2.3.3, uncompressed */
    OSSL_PARAM_BLD *b;
    EVP_PKEY *pkey;

    if (!mx_str_eqc(mx_claim_str(jwk, "crv"), "P-256"))
        return "another curve";
    if (x.n != COORDINATE || y.n != COORDINATE)
        return "bad x or y";
    memcpy(point + 1, x.p, COORDINATE);
    memcpy(point + 1 + COORDINATE, y.p, COORDINATE);
    b = OSSL_PARAM_BLD_new();
    MX_ASSERT(
        b &&
        OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1);
    pkey = make("EC", b);
    if (!pkey)
        return "no point of the curve";
    ret_key->alg = MX_ES256;
    ret_key->pem = pem_of(a, pkey);
    return NULL;
}

/* `key_ops` is absent or an array of strings that has "verify". */
static bool may_verify(const struct mx_json *jwk)
{
    const struct mx_json *ops = mx_json_get(jwk, "key_ops"), *v;

    if (!ops)
        return true;
    if (mx_json_type(ops) != MX_JSON_ARRAY)
        return false;
    for (v = mx_json_first(ops); v; v = mx_json_next(v))
        if (mx_json_type(v) == MX_JSON_STRING && mx_str_eqc(mx_json_string(v), "verify"))
            return true;
    return false;
}

/* Visible ASCII. */
static bool is_kid(struct mx_str kid)
{
    if (kid.n < 1 || kid.n > MX_JWK_KID)
        return false;
    for (size_t i = 0; i < kid.n; i++)
        if (kid.p[i] < '!' || kid.p[i] > '~')
            return false;
    return true;
}

static const char *check_use(const struct mx_json *jwk)
{
    static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

    for (size_t i = 0; i < MX_LEN(private); i++)
        if (mx_json_get(jwk, private[i]))
            return "not public";
    if (!is_kid(mx_claim_str(jwk, "kid")))
        return "no kid";
    if (mx_json_get(jwk, "use") && !mx_str_eqc(mx_claim_str(jwk, "use"), "sig"))
        return "another use";
    return may_verify(jwk) ? NULL : "not for verifying";
}

const char *mx_jwk_read(struct mx_arena *a, const struct mx_json *jwk, struct mx_jwk *ret_key)
{
    struct mx_str kty;
    struct mx_jwk key = {0};
    const char *why;

    if (mx_json_type(jwk) != MX_JSON_OBJECT)
        return "no object";
    kty = mx_claim_str(jwk, "kty");
    why = check_use(jwk);
    if (!why && mx_str_eqc(kty, "RSA"))
        why = read_rsa(a, jwk, &key);
    else if (!why && mx_str_eqc(kty, "EC"))
        why = read_ec(a, jwk, &key);
    else if (!why)
        why = "another kind";
    if (!why && mx_json_get(jwk, "alg") && !mx_str_eqc(mx_claim_str(jwk, "alg"), key.alg))
        why = "another alg";
    if (why)
        return why;
    key.kid = mx_claim_str(jwk, "kid");
    *ret_key = key;
    return NULL;
}

/* First key of a set of at most MX_JWKS_KEYS; NULL when the text is none. */
static const struct mx_json *first_key(struct mx_arena *a, struct mx_str set)
{
    const struct mx_json *root, *keys, *v;
    const char *why;
    size_t offset;
    int n = 0;

    if (set.n > MX_JWKS_BYTES || mx_json_parse(a, set, &root, &why, &offset) != MX_OK ||
        mx_json_type(root) != MX_JSON_OBJECT)
        return NULL;
    keys = mx_json_get(root, "keys");
    if (!keys || mx_json_type(keys) != MX_JSON_ARRAY)
        return NULL;
    for (v = mx_json_first(keys); v; v = mx_json_next(v))
        n++;
    return n > MX_JWKS_KEYS ? NULL : mx_json_first(keys);
}

bool mx_jwks_usable(struct mx_arena *a, struct mx_str set)
{
    struct mx_jwk key;

    for (const struct mx_json *v = first_key(a, set); v; v = mx_json_next(v))
        if (!mx_jwk_read(a, v, &key))
            return true;
    return false;
}

bool mx_jwks_find(struct mx_arena *a, struct mx_str set, struct mx_str kid, struct mx_jwk *ret_key)
{
    const struct mx_json *found = NULL;

    for (const struct mx_json *v = first_key(a, set); v; v = mx_json_next(v)) {
        if (mx_json_type(v) != MX_JSON_OBJECT || !mx_str_eq(mx_claim_str(v, "kid"), kid))
            continue;
        if (found)
            return false;
        found = v;
    }
    return found && !mx_jwk_read(a, found, ret_key);
}
