/* libjwt takes the algorithm from the token, ignores case, padding, foreign bytes, `crit` and
 * duplicates, and looks at no claim. So it never sees a token whose every byte has not been parsed
 * here, gets one key, and its idea of the content is not asked: claims are read from our own parse
 * of the same bytes.
 *
 * Strings that libjwt returns are freed with free(): 1.10 has nothing else, and jwt_free_str of
 * later versions does the same unless jwt_set_alloc was called, which nothing here does. */
#include "codec/jws.h"

#include <jwt.h>
#include <openssl/err.h>

#include "base/arena.h"
#include "codec/secret.h"
#include "codec/uri.h"

#define ES256_HALF 32

static const struct {
    const char *name;
    jwt_alg_t libjwt;
} algs[] = {
    {MX_ES256, JWT_ALG_ES256},
    {MX_HS256, JWT_ALG_HS256},
    {MX_RS256, JWT_ALG_RS256},
};

static jwt_alg_t libjwt_alg(const char *alg)
{
    for (size_t i = 0; i < MX_LEN(algs); i++)
        if (strcmp(algs[i].name, alg) == 0)
            return algs[i].libjwt;
    MX_BUG("no such algorithm: %s", alg);
}

/* ---- parsing ---- */

/* A segment that holds a JSON object. */
static const char *parse_object(struct mx_arena *a, struct mx_str segment,
                                const struct mx_json **ret_object)
{
    struct mx_str text = {0};
    const char *why = NULL;
    size_t offset = 0;

    if (!mx_b64url_decode(a, segment, &text))
        return "bad base64url";
    if (mx_json_parse(a, text, ret_object, &why, &offset) != MX_OK)
        return "bad JSON";
    return mx_json_type(*ret_object) == MX_JSON_OBJECT ? NULL : "no JSON object";
}

static const char *check_header(const struct mx_json *header)
{
    static const char *const forbidden[] = {"crit", "jku", "x5u", "jwk",
                                            "x5c",  "b64", "zip", "cty"};

    for (size_t i = 0; i < MX_LEN(forbidden); i++)
        if (mx_json_get(header, forbidden[i]))
            return "forbidden header member";
    if (mx_json_get(header, "typ") && !mx_str_eqc(mx_claim_str(header, "typ"), "JWT"))
        return "typ is not JWT";
    return NULL;
}

const char *mx_jws_parse(struct mx_arena *a, struct mx_str text, size_t max, struct mx_jws *ret_jws)
{
    struct mx_jws jws = {0};
    struct mx_str rest = text, segment[3] = {{0}};
    const char *why;

    if (text.n > max)
        return "too long";
    for (int i = 0; i < 3; i++)
        if (!mx_str_split(&rest, '.', &segment[i]) || segment[i].n == 0)
            return "not three segments";
    if (rest.p)
        return "more than three segments";
    why = parse_object(a, segment[0], &jws.header);
    if (!why)
        why = parse_object(a, segment[1], &jws.payload);
    if (!why && !mx_b64url_decode(a, segment[2], &jws.signature))
        why = "bad base64url";
    if (!why)
        why = check_header(jws.header);
    jws.text = mx_str_dup(a, text);
    *ret_jws = jws;
    return why;
}

struct mx_str mx_claim_str(const struct mx_json *object, const char *name)
{
    const struct mx_json *v = mx_json_get(object, name);

    return v && mx_json_type(v) == MX_JSON_STRING ? mx_json_string(v) : (struct mx_str){0};
}

bool mx_claim_int(const struct mx_json *object, const char *name, int64_t *ret_value)
{
    const struct mx_json *v = mx_json_get(object, name);

    return v && mx_json_int(v, ret_value);
}

/* ---- checking ---- */

/* 1 <= value < order of P-256, both of 32 bytes, big-endian. */
static bool in_p256_order(const char *value)
{
    static const unsigned char zero[ES256_HALF];
    static const unsigned char order[ES256_HALF] = {0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00,
                                                    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84,
                                                    0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

    return memcmp(value, zero, sizeof(zero)) != 0 && memcmp(value, order, sizeof(order)) < 0;
}

/* That of RS256 is as long as the key's modulus, which libcrypto checks. */
static const char *check_form(struct mx_str signature, jwt_alg_t alg)
{
    if (alg == JWT_ALG_HS256)
        return signature.n == MX_HASH ? NULL : "bad signature length";
    if (alg != JWT_ALG_ES256)
        return NULL;
    if (signature.n != 2 * ES256_HALF)
        return "bad signature length";
    if (!in_p256_order(signature.p) || !in_p256_order(signature.p + ES256_HALF))
        return "signature out of range";
    return NULL;
}

static const char *check_signature(const struct mx_jws *jws, jwt_alg_t alg, struct mx_str key)
{
    jwt_t *jwt = NULL;
    const char *why = NULL;

    /* Without a key libjwt checks nothing. */
    MX_ASSERT(key.n > 0);
    if (jwt_decode(&jwt, jws->text.p, (const unsigned char *)key.p, (int)key.n) != 0) {
        ERR_clear_error();
        return "bad signature";
    }
    if (jwt_get_alg(jwt) != alg)
        why = "another alg was checked";
    jwt_free(jwt);
    return why;
}

const char *mx_jws_check(const struct mx_jws *jws, const char *alg, struct mx_str key)
{
    jwt_alg_t wanted = libjwt_alg(alg);
    const char *why;

    if (!mx_str_eqc(mx_claim_str(jws->header, "alg"), alg))
        return "alg is not the key's";
    why = check_form(jws->signature, wanted);
    return why ? why : check_signature(jws, wanted, key);
}

/* ---- signing ---- */

enum mx_err mx_jws_sign(struct mx_arena *a, const char *alg, struct mx_str key, struct mx_str kid,
                        struct mx_str payload, struct mx_str *ret_text)
{
    enum mx_err e = MX_E_INTERNAL;
    char *text = NULL;
    jwt_t *jwt = NULL;

    MX_ASSERT(key.n > 0);
    if (jwt_new(&jwt) != 0)
        return e;
    if (jwt_set_alg(jwt, libjwt_alg(alg), (const unsigned char *)key.p, (int)key.n) != 0 ||
        jwt_add_header(jwt, "kid", mx_str_z(a, kid)) != 0 ||
        jwt_add_grants_json(jwt, mx_str_z(a, payload)) != 0)
        goto out;
    text = jwt_encode_str(jwt);
    if (!text)
        goto out;
    *ret_text = mx_str_dup(a, mx_str_c(text));
    e = MX_OK;
out:
    if (e != MX_OK)
        ERR_clear_error();
    free(text);
    jwt_free(jwt);
    return e;
}
