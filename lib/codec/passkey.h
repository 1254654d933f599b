/* Passkeys (W3C Web Authentication Level 3): what a client answers to a challenge. libfido2 takes
 * CBOR and signatures apart and checks them; passkey.c is the only file that sees it. The checks of
 * the client data (type, challenge, origin) and of the flags are ours (sections 7.1 and 7.2).
 *
 * A challenge says itself what it is for and until when, under the server's HMAC key: nothing is
 * stored until one has been answered, and then it is for its caller to see that it is answered once
 * only (the answered challenge's `mx_sha256`). */
#ifndef MX_CODEC_PASSKEY_H
#define MX_CODEC_PASSKEY_H

#include "base/arena.h"
#include "base/id.h"
#include "codec/secret.h"

#define MX_PASSKEY_CHALLENGE_LIFE_MS (INT64_C(5) * 60 * 1000)
#define MX_PASSKEY_ID_MAX 1023
#define MX_PASSKEY_KEY_MAX 600

enum mx_passkey_use { MX_PASSKEY_SIGN_IN = 1, MX_PASSKEY_REGISTER };

/* A new challenge as base64url in `a`: 128 random bits, the use, the time and `bound_to` (a
 * session; none where there is none yet) under `secret`. */
struct mx_str mx_passkey_challenge(struct mx_arena *a, const struct mx_hash *secret,
                                   enum mx_passkey_use use, struct mx_id bound_to, int64_t now_ms);

/* The relying party, and the challenge that it gave. */
struct mx_passkey_asked {
    const char *rp_id;   /* "shop.example" */
    const char *origins; /* separated by spaces: "https://shop.example android:apk-key-hash:..." */
    const struct mx_hash *secret, *secret_old; /* old: NULL, or that of before, still good */
    enum mx_passkey_use use;
    struct mx_id bound_to;
    int64_t now_ms;
};

/* A key as it is kept. */
struct mx_passkey_key {
    int64_t alg;       /* COSE: -7 ES256, -8 EdDSA, -35 ES384, -257 RS256 */
    struct mx_str key; /* public key as libfido2 gives it */
    int64_t count;     /* signature counter; 0: the authenticator has none */
    bool backed_up;    /* synchronised between devices */
};

/* Outcome of checking an answer. */
struct mx_passkey_checked {
    const char *why;          /* a literal for the log: what made it unsound */
    struct mx_hash challenge; /* of the challenge that was answered */
    struct mx_str id;         /* registering: the credential's */
    struct mx_passkey_key key;
};

/* Check the answer to a registration; attestation "none", or a sound one of libfido2's formats.
 * MX_E_VALIDATION_FAILED on any doubt. */
enum mx_err mx_passkey_registered(struct mx_arena *a, const struct mx_passkey_asked *asked,
                                  struct mx_str client_data, struct mx_str attestation,
                                  struct mx_passkey_checked *ret) MX_MUST_CHECK;

/* An assertion as it came. */
struct mx_passkey_answer {
    struct mx_str client_data, authenticator_data, signature;
};

/* Check the answer to a sign-in with the key of the credential that it names; the user was present
 * and verified. ret->key is `key` with the new counter, which the caller compares.
 * MX_E_INVALID_CREDENTIALS on any doubt. */
enum mx_err mx_passkey_asserted(struct mx_arena *a, const struct mx_passkey_asked *asked,
                                const struct mx_passkey_key *key,
                                const struct mx_passkey_answer *answer,
                                struct mx_passkey_checked *ret) MX_MUST_CHECK;

#endif
