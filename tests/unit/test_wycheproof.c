/* Project Wycheproof's vectors of signed tokens and keys (github.com/C2SP/wycheproof,
 * testvectors_v1: json_web_signature, json_web_key, json_web_crypto), which are not part of this
 * tree: WYCHEPROOF names the directory that has them. Without it nothing is checked.
 *
 * Each vector of an algorithm that we have is judged twice. As it is: what the vectors refuse is
 * refused, and what they accept is refused for its payload alone, because they sign bare words and
 * we take JSON objects. And moved: its header and its signature over a payload of ours, signed with
 * the vector's own private key where the vector's signature was a right one, or, for RSA, the block
 * inside the signature with the digest exchanged. Then the verdict must be the vector's. */
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "base/arena.h"
#include "codec/jwk.h"
#include "codec/jws.h"
#include "codec/secret.h"
#include "codec/uri.h"
#include "tap.h"

#define FILE_MAX ((size_t)4 << 20)
#define RSA_BYTES_MAX 1024
#define HMAC_MIN 32

/* A vector on which we differ, and why. */
static const struct {
    const char *file;
    int64_t id;
    const char *why;
} exceptions[] = {
    {"json_web_signature", 372, "a foreign byte in the header: RFC 7515 2 has none, we refuse it"},
    {"json_web_signature", 373, "a foreign byte in the payload: likewise"},
    {"json_web_signature", 367, "no padding is in it: byte for byte 357, which is valid"},
    {"json_web_signature", 370, "likewise"},
    {"json_web_key", 7, "ROCA: a fault of the maker's chip, which the key does not own up to"},
    {"json_web_crypto", 46, "likewise"},
    {"json_web_key", 1, "keys of both kinds in one set: each is good for its own algorithm alone"},
    {"json_web_crypto", 47, "likewise"},
};

static struct mx_arena *arena;
static const char *file_name;
static int judged, moved_too, passed_over;

struct key {
    const char *alg; /* NULL: none that we have */
    struct mx_str verify;
    const struct mx_json *private; /* a JWK */
    struct mx_str hmac;
};

/* ---- reading ---- */

static const struct mx_json *read_json(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = mx_arena_alloc(arena, FILE_MAX);
    const struct mx_json *root = NULL;
    const char *why = "";
    size_t n, offset;

    if (!f)
        return NULL;
    n = fread(text, 1, FILE_MAX, f);
    fclose(f);
    if (mx_json_parse(arena, (struct mx_str){text, n}, &root, &why, &offset) != MX_OK)
        MX_BUG("%s: %s at %zu", path, why, offset);
    return root;
}

static struct mx_str bytes_of(const struct mx_json *jwk, const char *name)
{
    struct mx_str bytes = {0};

    if (!mx_b64url_decode(arena, mx_claim_str(jwk, name), &bytes))
        return (struct mx_str){0};
    return bytes;
}

static BIGNUM *number_of(struct mx_str bytes)
{
    return BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL);
}

/* The first key of a set, or the key itself. */
static const struct mx_json *only(const struct mx_json *jwk)
{
    const struct mx_json *keys = jwk ? mx_json_get(jwk, "keys") : NULL;

    return keys ? mx_json_first(keys) : jwk;
}

static bool is_named(const struct mx_json *jwk, struct mx_str kid)
{
    return !kid.p || mx_str_eq(mx_claim_str(jwk, "kid"), kid);
}

/* The key of that kid, or the only one; NULL: none, or more than one. */
static const struct mx_json *chosen(const struct mx_json *jwk, struct mx_str kid)
{
    const struct mx_json *keys = jwk ? mx_json_get(jwk, "keys") : NULL, *found = NULL, *v;

    if (!keys)
        return jwk;
    for (v = mx_json_first(keys); v; v = mx_json_next(v)) {
        if (!is_named(v, kid))
            continue;
        if (found)
            return NULL;
        found = v;
    }
    return found;
}

/* A shared secret, by the rules for our own: it is for signatures and has 32 bytes. */
static void read_secret(const struct mx_json *jwk, struct key *key)
{
    struct mx_str alg = mx_claim_str(jwk, "alg");

    key->hmac = bytes_of(jwk, "k");
    key->alg = !alg.p || mx_str_eqc(alg, MX_HS256) ? MX_HS256 : NULL;
    if (key->hmac.n >= HMAC_MIN)
        key->verify = key->hmac;
}

static struct key read_key(const struct mx_json *group, struct mx_str kid)
{
    const struct mx_json *public = chosen(mx_json_get(group, "public"), kid);
    const struct mx_json *private = chosen(mx_json_get(group, "private"), kid);
    const struct mx_json *any = public ? public : private;
    struct key key = {.private = private};
    struct mx_str alg;
    struct mx_jwk jwk;

    if (!any)
        return key;
    if (mx_str_eqc(mx_claim_str(any, "kty"), "oct")) {
        read_secret(any, &key);
        return key;
    }
    alg = mx_claim_str(any, "alg");
    if (mx_str_eqc(alg, MX_ES256) || mx_str_eqc(alg, MX_RS256))
        key.alg = mx_str_eqc(alg, MX_ES256) ? MX_ES256 : MX_RS256;
    else if (!alg.p)
        key.alg = mx_str_eqc(mx_claim_str(any, "kty"), "EC") ? MX_ES256 : MX_RS256;
    if (!mx_jwk_read(arena, any, &jwk))
        key.verify = jwk.pem;
    return key;
}

/* ---- judging ---- */

/* NULL: accepted. */
static const char *verdict(const struct key *key, struct mx_str token)
{
    struct mx_jws jws;
    const char *why;

    if (!key->verify.p)
        return "the key is refused";
    why = mx_jws_parse(arena, token, FILE_MAX, &jws);
    return why ? why : mx_jws_check(&jws, key->alg, key->verify);
}

/* ---- moving ---- */

static struct mx_str digest_of(struct mx_str text)
{
    unsigned char *out = mx_arena_alloc(arena, SHA256_DIGEST_LENGTH);

    SHA256((const unsigned char *)text.p, text.n, out);
    return (struct mx_str){(const char *)out, SHA256_DIGEST_LENGTH};
}

static struct mx_str hmac_of(struct mx_str key, struct mx_str text)
{
    unsigned char *out = mx_arena_alloc(arena, EVP_MAX_MD_SIZE);
    unsigned n = 0;

    HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, out, &n);
    return (struct mx_str){(const char *)out, n};
}

/* base^exponent mod n, `size` bytes. */
static struct mx_str power(struct mx_str base, const struct mx_json *jwk, const char *exponent,
                           size_t size)
{
    BIGNUM *b = number_of(base), *e = number_of(bytes_of(jwk, exponent));
    BIGNUM *n = number_of(bytes_of(jwk, "n")), *r = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    unsigned char *out = mx_arena_zalloc(arena, 1, size);
    struct mx_str result = {0};

    if (BN_mod_exp(r, b, e, n, ctx) == 1 && BN_bn2binpad(r, out, (int)size) == (int)size)
        result = (struct mx_str){(const char *)out, size};
    BN_CTX_free(ctx);
    BN_free(b);
    BN_free(e);
    BN_free(n);
    BN_free(r);
    return result;
}

/* The same block with the digest of our text where that of the vector's text was. */
static struct mx_str move_rsa(const struct key *key, struct mx_str signature, struct mx_str from,
                              struct mx_str to)
{
    size_t size = bytes_of(key->private, "n").n;
    struct mx_str digest = digest_of(from), block;
    char *at;

    while (size > 0 && size % 64 != 0)
        size--; /* a zero in front of the modulus */
    if (signature.n != size || size > RSA_BYTES_MAX)
        return signature;
    block = power(signature, key->private, "e", size);
    at = block.p ? memmem(block.p, block.n, digest.p, digest.n) : NULL;
    if (!at)
        return signature;
    memcpy(at, digest_of(to).p, digest.n);
    return power(block, key->private, "d", size);
}

static EVP_PKEY *ec_private(const struct mx_json *jwk)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    struct mx_str x = bytes_of(jwk, "x"), y = bytes_of(jwk, "y");
    BIGNUM *d = number_of(bytes_of(jwk, "d"));
    unsigned char point[65] = {4};
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params;

    if (x.n != 32 || y.n != 32)
        MX_BUG("no point");
    memcpy(point + 1, x.p, 32);
    memcpy(point + 33, y.p, 32);
    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0);
    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d);
    params = OSSL_PARAM_BLD_to_param(b);
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
        MX_BUG("no private key");
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(ctx);
    BN_free(d);
    return pkey;
}

/* r and s, each of 32 bytes. */
static struct mx_str ec_sign(const struct mx_json *jwk, struct mx_str text)
{
    EVP_PKEY *pkey = ec_private(jwk);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char der[128], *out = mx_arena_alloc(arena, 64);
    const unsigned char *p = der;
    size_t n = sizeof(der);
    ECDSA_SIG *sig;

    if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, pkey) != 1 ||
        EVP_DigestSign(md, der, &n, (const unsigned char *)text.p, text.n) != 1)
        MX_BUG("cannot sign");
    sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    return (struct mx_str){(const char *)out, 64};
}

static struct mx_str move_signature(const struct key *key, struct mx_str signature, bool valid,
                                    struct mx_str from, struct mx_str to)
{
    if (strcmp(key->alg, MX_RS256) == 0)
        return move_rsa(key, signature, from, to);
    if (strcmp(key->alg, MX_ES256) == 0)
        return valid ? ec_sign(key->private, to) : signature;
    return mx_str_eq(hmac_of(key->hmac, from), signature) ? hmac_of(key->hmac, to) : signature;
}

/* The vector over a payload of ours. Absent: it is no token in three parts, or its fault is in the
 * payload. A part that cannot be decoded stays as it is. */
static struct mx_str moved(const struct key *key, struct mx_str token, bool valid)
{
    struct mx_str rest = token, part[3], header, payload, signature, from, to;

    for (int i = 0; i < 3; i++)
        if (!mx_str_split(&rest, '.', &part[i]) || (part[i].n == 0 && !(valid && i == 1)))
            return (struct mx_str){0};
    if (rest.p || !mx_b64url_decode(arena, part[1], &payload))
        return (struct mx_str){0};
    to = mx_str_fmt(arena, "%.*s.%s", MX_FMT(part[0]), mx_b64url(arena, "{\"a\":1}", 7).p);
    if (!mx_b64url_decode(arena, part[0], &header) || !mx_b64url_decode(arena, part[2], &signature))
        return mx_str_fmt(arena, "%s.%.*s", to.p, MX_FMT(part[2]));
    from = mx_str_fmt(arena, "%.*s.%.*s", MX_FMT(part[0]), MX_FMT(part[1]));
    signature = move_signature(key, signature, valid, from, to);
    return mx_str_fmt(arena, "%s.%s", to.p, mx_b64url(arena, signature.p, signature.n).p);
}

/* ---- vectors ---- */

static const char *exception(int64_t id)
{
    for (size_t i = 0; i < MX_LEN(exceptions); i++)
        if (exceptions[i].id == id && strcmp(exceptions[i].file, file_name) == 0)
            return exceptions[i].why;
    return NULL;
}

/* RS384, PS256, ES512, ...: real ones, but not ours. */
static bool is_foreign(struct mx_str alg)
{
    static const char *const foreign[] = {"HS384", "HS512", "RS384", "RS512", "PS256",
                                          "PS384", "PS512", "ES384", "ES512"};

    for (size_t i = 0; i < MX_LEN(foreign); i++)
        if (mx_str_eqc(alg, foreign[i]))
            return true;
    return false;
}

static struct mx_str kid_of(struct mx_str token)
{
    struct mx_str rest = token, segment, text;
    const struct mx_json *header;
    const char *why;
    size_t offset;

    if (!mx_str_split(&rest, '.', &segment) || !mx_b64url_decode(arena, segment, &text) ||
        mx_json_parse(arena, text, &header, &why, &offset) != MX_OK ||
        mx_json_type(header) != MX_JSON_OBJECT)
        return (struct mx_str){0};
    return mx_claim_str(header, "kid");
}

static void judge(const struct mx_json *group, const struct mx_json *test)
{
    const struct mx_json *any = mx_json_get(group, "private");
    struct mx_str token = mx_claim_str(test, "jws"), other;
    bool valid = mx_str_eqc(mx_claim_str(test, "result"), "valid"), set;
    const char *why, *odd;
    struct key key;
    int64_t id = 0;

    if (!mx_claim_int(test, "tcId", &id))
        MX_BUG("a vector without a number");
    set = only(any) != any;
    key = read_key(group, set ? kid_of(token) : (struct mx_str){0});
    if (!token.p || (!key.alg && valid) || is_foreign(mx_claim_str(only(any), "alg"))) {
        passed_over++;
        return;
    }
    judged++;
    odd = exception(id);
    why = verdict(&key, token);
    tap_ok(why && (!valid || odd || strstr(why, "JSON") || strstr(why, "three")),
           "%s %d as it is [JWT-7]", file_name, (int)id);
    printf("# %s: %s%s%s\n", valid ? "valid" : "invalid", why ? why : "accepted", odd ? "; " : "",
           odd ? odd : "");
    if (odd || !key.alg || !key.verify.p)
        return;
    other = moved(&key, token, valid);
    if (!other.p)
        return;
    moved_too++;
    why = verdict(&key, other);
    if (!tap_ok(!why == valid, "%s %d moved [JWT-8]", file_name, (int)id))
        printf("#   %s: %s\n", valid ? "valid" : "invalid", why ? why : "accepted");
}

static void run(const char *dir, const char *name)
{
    const struct mx_json *root, *groups, *g, *tests, *t;

    file_name = name;
    judged = moved_too = passed_over = 0;
    root = read_json(mx_arena_printf(arena, "%s/%s_test.json", dir, name));
    if (!tap_ok(root != NULL, "%s is there", name))
        return;
    groups = mx_json_get(root, "testGroups");
    for (g = mx_json_first(groups); g; g = mx_json_next(g)) {
        tests = mx_json_get(g, "tests");
        for (t = mx_json_first(tests); t; t = mx_json_next(t))
            judge(g, t);
    }
    printf("# %s: %d judged, %d of them moved too, %d of algorithms that we do not have\n", name,
           judged, moved_too, passed_over);
}

int main(void)
{
    const char *dir = getenv("WYCHEPROOF");

    arena = mx_arena_new(65536, 256 << 20);
    mx_secret_init();
    if (!dir) {
        printf("# WYCHEPROOF names no directory of vectors\n");
        tap_ok(true, "no vectors, nothing to check");
        return tap_done();
    }
    run(dir, "json_web_signature");
    run(dir, "json_web_key");
    run(dir, "json_web_crypto");
    mx_arena_free(arena);
    return tap_done();
}
