/* Public keys of others (RFC 7517, 7518): the one of a key set that a token's `kid` names. Only
 * keys that can check RS256 (2048 to 4096 bits) or ES256 are taken; each is good for that algorithm
 * alone. As RFC 7517 section 5 has it, keys of a set that are of no use are passed over: other
 * kinds, other uses, private ones, those that are out of range. Two of one `kid` are both of no
 * use. */
#ifndef MX_CODEC_JWK_H
#define MX_CODEC_JWK_H

#include "codec/jws.h"

#define MX_JWKS_BYTES 65536
#define MX_JWKS_KEYS 32
#define MX_JWK_KID 255

struct mx_jwk {
    struct mx_str kid;
    const char *alg;   /* MX_RS256 or MX_ES256 */
    struct mx_str pem; /* public key, for mx_jws_check */
};

/* Read one key. NULL, or a literal that says why it is of no use. */
const char *mx_jwk_read(struct mx_arena *a, const struct mx_json *jwk,
                        struct mx_jwk *ret_key) MX_MUST_CHECK;

/* True when the text is a set of allowed size with a useful key. */
bool mx_jwks_usable(struct mx_arena *a, struct mx_str set);

/* The useful key of that `kid`. False when there is none, or more than one. */
bool mx_jwks_find(struct mx_arena *a, struct mx_str set, struct mx_str kid,
                  struct mx_jwk *ret_key) MX_MUST_CHECK;

#endif
