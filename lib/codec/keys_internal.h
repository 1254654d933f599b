/* The keys as they are in memory: what codec/keys.c loads, codec/keyring.c arranges, and
 * codec/token.c and codec/pii.c use. No other file includes this. */
#ifndef MX_CODEC_KEYS_INTERNAL_H
#define MX_CODEC_KEYS_INTERNAL_H

#include "codec/jws.h"
#include "codec/keydir.h"
#include "codec/keys.h"
#include "codec/keys_pii.h"

#define MX_KEY_ACTIVE "active"
#define MX_KEY_SECRET "server.secret"
#define MX_KEY_SECRET_OLD "server.secret.old"
#define MX_KEY_RETIRED ".retired"

struct mx_key;

/* A kind of key: a row for each algorithm. */
struct mx_key_kind {
    const char *alg;    /* MX_ES256, ... */
    const char *suffix; /* of its files */
    mode_t forbidden;   /* for mx_keydir_read */
    bool signs;
    const char *kty, *crv; /* of its JWK; no kty: never published */
    const char *own[2];    /* names of its numbers there */
    /* Read the text of a file. NULL, or what is wrong with it. */
    const char *(*parse)(struct mx_arena *a, struct mx_str text, struct mx_key *key);
};

/* The kind of key of that algorithm, or NULL. */
const struct mx_key_kind *mx_key_kind(const char *alg);

/* One key is good for one algorithm. All strings live in the arena of the keys. */
struct mx_key {
    struct mx_str kid;
    const struct mx_key_kind *kind;
    struct mx_str sign;   /* private key as PEM, or the HMAC key; absent: it only verifies */
    struct mx_str verify; /* public key as PEM, or the HMAC key */
    struct mx_str own[2]; /* its numbers in a JWK, base64url */
};

/* The directory as it was when it was loaded. */
struct mx_keys_stamp {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    bool settled; /* a later change has another time */
};

struct mx_keys {
    struct mx_arena *arena;
    const char *dir;
    struct mx_keys_stamp stamp;
    bool refused; /* what the directory held at `stamp` could not be loaded, which was said */
    struct mx_key at[MX_KEYS_MAX]; /* by kid */
    int n;
    const struct mx_key *active;
    struct mx_hash secret[2]; /* the server's, and the one before */
    bool has_old;
    struct mx_hash digest;
    struct mx_pii_ring pii;
};

/* The key of that kid, or NULL. */
const struct mx_key *mx_keys_find(const struct mx_keys *k, struct mx_str kid);
/* 1 to 64 of [A-Za-z0-9_-]. */
bool mx_kid_valid(struct mx_str kid);
/* The kind of key that a file of that name holds, and its kid; NULL: it is no key. */
const struct mx_key_kind *mx_key_kind_of(struct mx_str file, struct mx_str *ret_kid);
/* The text of a new key file; for kinds that sign. */
struct mx_str mx_key_generate(struct mx_arena *a, const struct mx_key_kind *kind);

#endif
