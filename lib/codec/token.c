/* Access tokens: a strict parser in front of libjwt, our own claim walker behind it.
 *
 * libjwt takes the algorithm from the token, ignores case, padding, foreign bytes, `crit` and
 * duplicates, and looks at no claim. So it never sees a token whose every byte has not been parsed
 * here, gets the one key that `kid` names, and its idea of the content is not asked: the claims are
 * read from our own parse of the same bytes.
 *
 * Strings that libjwt returns are freed with free(): 1.10 has nothing else, and jwt_free_str of
 * later versions does the same unless jwt_set_alloc was called, which nothing here does. */
#include "codec/token.h"

#include <jwt.h>
#include <openssl/err.h>

#include "codec/json.h"
#include "codec/keys_internal.h"
#include "codec/uri.h"

#define ES256_HALF 32

_Static_assert(sizeof(long) >= sizeof(int64_t), "libjwt's integers hold ours");

/* A token in its parts. */
struct parts {
    struct mx_str signature; /* decoded */
    const struct mx_json *header, *payload;
};

/* What a token must say beyond being ours. */
struct expected {
    const char *issuer, *audience;
    int64_t now_s;
};

/* The functions below return NULL, or the reason to refuse. */

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

static const char *parse(struct mx_arena *a, struct mx_str token, struct parts *ret_parts)
{
    struct mx_str segment[3] = {{0}};
    const char *why;
    int i;

    if (token.n > MX_TOKEN_MAX)
        return "too long";
    for (i = 0; i < 3; i++)
        if (!mx_str_split(&token, '.', &segment[i]) || segment[i].n == 0)
            return "not three segments";
    if (token.p)
        return "more than three segments";
    why = parse_object(a, segment[0], &ret_parts->header);
    if (!why)
        why = parse_object(a, segment[1], &ret_parts->payload);
    if (!why && !mx_b64url_decode(a, segment[2], &ret_parts->signature))
        why = "bad base64url";
    return why;
}

/* A string member, absent when there is none of that name and type. */
static struct mx_str string_of(const struct mx_json *object, const char *name)
{
    const struct mx_json *v = mx_json_get(object, name);

    return v && mx_json_type(v) == MX_JSON_STRING ? mx_json_string(v) : (struct mx_str){0};
}

static const char *check_header(const struct mx_keys *k, const struct mx_json *header,
                                const struct mx_key **ret_key)
{
    static const char *const forbidden[] = {"crit", "jku", "x5u", "jwk",
                                            "x5c",  "b64", "zip", "cty"};
    struct mx_str kid = string_of(header, "kid");
    const struct mx_key *key;
    size_t i;

    for (i = 0; i < MX_LEN(forbidden); i++)
        if (mx_json_get(header, forbidden[i]))
            return "forbidden header member";
    if (!mx_str_eqc(string_of(header, "typ"), "JWT"))
        return "typ is not JWT";
    if (!mx_kid_valid(kid))
        return "no kid";
    key = mx_keys_find(k, kid);
    if (!key)
        return "unknown kid";
    if (!mx_str_eqc(string_of(header, "alg"), key->alg))
        return "alg is not the key's";
    *ret_key = key;
    return NULL;
}

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

static const char *check_signature_form(const struct mx_key *key, struct mx_str signature)
{
    if (!mx_key_is_ec(key))
        return signature.n == MX_HASH ? NULL : "bad signature length";
    if (signature.n != 2 * ES256_HALF)
        return "bad signature length";
    if (!in_p256_order(signature.p) || !in_p256_order(signature.p + ES256_HALF))
        return "signature out of range";
    return NULL;
}

static jwt_alg_t libjwt_alg(const struct mx_key *key)
{
    return mx_key_is_ec(key) ? JWT_ALG_ES256 : JWT_ALG_HS256;
}

static const char *check_signature(struct mx_arena *a, const struct mx_key *key,
                                   struct mx_str token)
{
    jwt_t *jwt = NULL;
    const char *why = NULL;

    /* Without a key libjwt checks nothing. */
    MX_ASSERT(key->verify.n > 0);
    if (jwt_decode(&jwt, mx_str_z(a, token), (const unsigned char *)key->verify.p,
                   (int)key->verify.n) != 0) {
        ERR_clear_error();
        return "bad signature";
    }
    if (jwt_get_alg(jwt) != libjwt_alg(key))
        why = "another alg was checked";
    jwt_free(jwt);
    return why;
}

/* `aud` is our audience or an array of strings that has it. */
static bool is_for(const struct mx_json *payload, const char *audience)
{
    const struct mx_json *aud = mx_json_get(payload, "aud"), *v;
    bool found = false;

    if (!aud || mx_json_type(aud) != MX_JSON_ARRAY)
        return mx_str_eqc(string_of(payload, "aud"), audience);
    for (v = mx_json_first(aud); v; v = mx_json_next(v)) {
        if (mx_json_type(v) != MX_JSON_STRING)
            return false;
        found = found || mx_str_eqc(mx_json_string(v), audience);
    }
    return found;
}

static bool id_of(const struct mx_json *payload, const char *name, struct mx_id *ret_id)
{
    return mx_id_parse(string_of(payload, name), ret_id) && !mx_id_none(*ret_id);
}

static bool int_of(const struct mx_json *payload, const char *name, int64_t *ret_value)
{
    const struct mx_json *v = mx_json_get(payload, name);

    return v && mx_json_int(v, ret_value);
}

/* `scope` is one of three words; `roles` belongs to staff. */
static const char *read_rights(const struct mx_json *payload, struct mx_claims *ret_claims)
{
    bool staff;

    ret_claims->scope = string_of(payload, "scope");
    ret_claims->roles = string_of(payload, "roles");
    staff = mx_str_eqc(ret_claims->scope, "staff");
    if (!staff && !mx_str_eqc(ret_claims->scope, "guest") &&
        !mx_str_eqc(ret_claims->scope, "customer"))
        return "bad scope";
    if (mx_json_get(payload, "roles") && !(staff && ret_claims->roles.p))
        return "bad roles";
    return NULL;
}

static const char *check_times(const struct mx_claims *c, int64_t now_s)
{
    if (c->exp <= c->iat || c->exp - c->iat > MX_TOKEN_LIFE_MAX_S)
        return "bad life";
    if (now_s > c->exp + MX_TOKEN_LEEWAY_S)
        return "expired";
    if (c->nbf > now_s + MX_TOKEN_LEEWAY_S || c->iat > now_s + MX_TOKEN_LEEWAY_S)
        return "not valid yet";
    return NULL;
}

static const char *read_claims(const struct mx_json *payload, const struct expected *e,
                               struct mx_claims *c)
{
    const char *why;

    if (!mx_str_eqc(string_of(payload, "iss"), e->issuer))
        return "another issuer";
    if (!is_for(payload, e->audience))
        return "another audience";
    if (!id_of(payload, "sub", &c->account) || !id_of(payload, "sid", &c->session) ||
        !id_of(payload, "jti", &c->jti))
        return "bad sub, sid or jti";
    if (!int_of(payload, "iat", &c->iat) || !int_of(payload, "nbf", &c->nbf) ||
        !int_of(payload, "exp", &c->exp))
        return "bad iat, nbf or exp";
    why = read_rights(payload, c);
    return why ? why : check_times(c, e->now_s);
}

/* NOLINTNEXTLINE(readability-function-size): eight parameters, one call */
enum mx_err mx_token_verify(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                            const char *audience, struct mx_str token, int64_t now_s,
                            struct mx_claims *ret_claims, const char **ret_why)
{
    const struct expected expected = {issuer, audience, now_s};
    struct mx_claims claims = {0};
    struct parts parts = {0};
    const struct mx_key *key = NULL;
    const char *why = parse(a, token, &parts);

    if (!why)
        why = check_header(k, parts.header, &key);
    if (!why)
        why = check_signature_form(key, parts.signature);
    if (!why)
        why = check_signature(a, key, token);
    if (!why)
        why = read_claims(parts.payload, &expected, &claims);
    if (why) {
        *ret_why = why;
        return MX_E_UNAUTHORIZED;
    }
    *ret_claims = claims;
    return MX_OK;
}

static int add_id(jwt_t *jwt, const char *name, struct mx_id id)
{
    char text[MX_ID_TEXT + 1];

    mx_id_text(id, text);
    text[MX_ID_TEXT] = '\0';
    return jwt_add_grant(jwt, name, text);
}

/* All claims; 0 when libjwt took them. */
static int add_claims(struct mx_arena *a, jwt_t *jwt, const struct mx_claims *c)
{
    return add_id(jwt, "sub", c->account) || add_id(jwt, "sid", c->session) ||
           add_id(jwt, "jti", c->jti) || jwt_add_grant_int(jwt, "iat", (long)c->iat) ||
           jwt_add_grant_int(jwt, "nbf", (long)c->nbf) ||
           jwt_add_grant_int(jwt, "exp", (long)c->exp) ||
           jwt_add_grant(jwt, "scope", mx_str_z(a, c->scope)) ||
           (c->roles.p && jwt_add_grant(jwt, "roles", mx_str_z(a, c->roles)));
}

enum mx_err mx_token_sign(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                          const char *audience, const struct mx_claims *claims,
                          struct mx_str *ret_token)
{
    const struct mx_key *key = k->active;
    enum mx_err e = MX_E_INTERNAL;
    char *text = NULL;
    jwt_t *jwt = NULL;

    MX_ASSERT(key->sign.n > 0);
    if (jwt_new(&jwt) != 0)
        return e;
    if (jwt_set_alg(jwt, libjwt_alg(key), (const unsigned char *)key->sign.p, (int)key->sign.n) !=
            0 ||
        jwt_add_header(jwt, "kid", key->kid.p) != 0 || jwt_add_grant(jwt, "iss", issuer) != 0 ||
        jwt_add_grant(jwt, "aud", audience) != 0 || add_claims(a, jwt, claims) != 0)
        goto out;
    text = jwt_encode_str(jwt);
    if (!text || strlen(text) > MX_TOKEN_MAX)
        goto out;
    *ret_token = mx_str_dup(a, mx_str_c(text));
    e = MX_OK;
out:
    if (e != MX_OK)
        ERR_clear_error();
    free(text);
    jwt_free(jwt);
    return e;
}
