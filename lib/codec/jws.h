/* Signed tokens in compact form (RFC 7515, 7519), our own and those of others: one strict parser in
 * front of libjwt. Three base64url segments (alphabet, no padding, zero unused bits), two JSON
 * objects without duplicates, no crit/jku/x5u/jwk/x5c/b64/zip/cty, a `typ` that is JWT if there is
 * one. A signature is checked with one key, which is good for one algorithm; the header must name
 * that one byte for byte. The only file that sees libjwt.
 *
 * A function that returns a string returns NULL, or the reason to refuse: a literal, for the log
 * only. */
#ifndef MX_CODEC_JWS_H
#define MX_CODEC_JWS_H

#include "codec/json.h"

#define MX_ES256 "ES256"
#define MX_HS256 "HS256"
#define MX_RS256 "RS256"

/* A token in its parts. */
struct mx_jws {
    struct mx_str text;      /* the whole token, NUL-terminated */
    struct mx_str signature; /* decoded */
    const struct mx_json *header, *payload;
};

/* Take apart a token of at most `max` bytes; everything lives in `a`. No signature is checked. */
const char *mx_jws_parse(struct mx_arena *a, struct mx_str text, size_t max,
                         struct mx_jws *ret_jws) MX_MUST_CHECK;

/* Check the signature with `key` (a public key as PEM, or the HMAC key; never empty), which is good
 * for `alg` alone: one of the three above. */
const char *mx_jws_check(const struct mx_jws *jws, const char *alg,
                         struct mx_str key) MX_MUST_CHECK;

/* Sign the JSON object `payload`, with `kid` in the header. `key` is a private key as PEM, or the
 * HMAC key. MX_E_INTERNAL. */
enum mx_err mx_jws_sign(struct mx_arena *a, const char *alg, struct mx_str key, struct mx_str kid,
                        struct mx_str payload, struct mx_str *ret_text) MX_MUST_CHECK;

/* A string member, absent when there is none of that name and type. */
struct mx_str mx_claim_str(const struct mx_json *object, const char *name);
/* An integer member; false when there is none of that name and type. */
bool mx_claim_int(const struct mx_json *object, const char *name, int64_t *ret_value) MX_MUST_CHECK;

#endif
