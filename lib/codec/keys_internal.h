/* The keys as they are in memory: what codec/keys.c loads, codec/token.c and codec/pii.c
 * use. No other file includes this. */
#ifndef MX_CODEC_KEYS_INTERNAL_H
#define MX_CODEC_KEYS_INTERNAL_H

#include "codec/jws.h"
#include "codec/keydir.h"
#include "codec/keys_pii.h"
#include "codec/token.h"

/* One key is good for one algorithm. All strings live in the arena of the keys. */
struct mx_key {
    struct mx_str kid;
    const char *alg;      /* MX_ES256 or MX_HS256 */
    struct mx_str sign;   /* private key as PEM, or the HMAC key */
    struct mx_str verify; /* public key as PEM, or the HMAC key */
    struct mx_str x, y;   /* ES256: coordinates of the public key, base64url */
};

struct mx_keys {
    struct mx_arena *arena;
    struct mx_key at[MX_KEYS_MAX]; /* by kid */
    int n;
    const struct mx_key *active;
    struct mx_hash secret;
    struct mx_pii_ring pii;
    const struct mx_keys *older; /* loaded before; tokens of requests in flight may need them */
};

/* The key of that kid, or NULL. */
const struct mx_key *mx_keys_find(const struct mx_keys *k, struct mx_str kid);
/* 1 to 64 of [A-Za-z0-9_-]. */
bool mx_kid_valid(struct mx_str kid);
/* True when the key signs with an elliptic curve. */
bool mx_key_is_ec(const struct mx_key *key);

#endif
