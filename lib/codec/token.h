/* Access tokens (JWT, RFC 7519/9068 claims): signed tokens (codec/jws.h) of at most 4 KiB with a
 * `typ`, a key that `kid` names, and claims that our own walker checks. keys.c, jws.c and jwk.c are
 * the only files that see libcrypto.
 *
 * Keys live in a directory, one file a key, mode 0600 or 0400: `<kid>.es256.pem` (EC P-256 private
 * key), `<kid>.hs256` (base64url, at least 32 bytes). `active` is a file that names the kid that
 * signs. `server.secret` (32 random bytes, base64url) keys our HMACs. The keys of personal data lie
 * there too (codec/keys_pii.h). */
#ifndef MX_CODEC_TOKEN_H
#define MX_CODEC_TOKEN_H

#include "base/clock.h"
#include "base/id.h"
#include "codec/secret.h"

#define MX_TOKEN_MAX 4096
#define MX_TOKEN_LEEWAY_S 30
#define MX_TOKEN_LIFE_MAX_S 900 /* exp - iat beyond this is refused */
#define MX_KEYS_MAX 16

struct mx_keys;

struct mx_claims {
    struct mx_id account; /* sub */
    struct mx_id session; /* sid */
    struct mx_id jti;
    int64_t iat, nbf, exp; /* seconds */
    struct mx_str scope;   /* "guest", "customer" or "staff" */
    struct mx_str roles;   /* space-separated role names of staff; absent otherwise */
};

/* Load all keys of `dir`. *ret_why (in `a`) says what is wrong: world-readable file, short secret,
 * bad curve, duplicate kid, no active key. The keys live until the process ends. */
enum mx_err mx_keys_load(struct mx_arena *a, const char *dir, struct mx_keys **ret_keys,
                         const char **ret_why) MX_MUST_CHECK;
/* The server's own HMAC key. */
const struct mx_hash *mx_keys_secret(const struct mx_keys *k);
/* Digest of all keys that verify: another set of keys has another digest. */
struct mx_hash mx_keys_digest(struct mx_arena *a, const struct mx_keys *k);
/* Make a key file (alg "ES256" or "HS256") with a new kid in `dir`, and `active`,
 * `server.secret` and a key of personal data if they are missing. */
enum mx_err mx_keys_create(struct mx_arena *a, const char *dir, const char *alg,
                           struct mx_str *ret_kid, const char **ret_why) MX_MUST_CHECK;
/* RFC 7517 JWKS of the public (asymmetric) keys, as JSON text. */
struct mx_str mx_keys_jwks(struct mx_arena *a, const struct mx_keys *k);

/* Sign with the active key. */
enum mx_err mx_token_sign(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                          const char *audience, const struct mx_claims *claims,
                          struct mx_str *ret_token) MX_MUST_CHECK;
/* Verify fully at `now_s`. MX_E_UNAUTHORIZED on any doubt; *ret_why is a literal for the log only.
 */
enum mx_err mx_token_verify(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                            const char *audience, struct mx_str token, int64_t now_s,
                            struct mx_claims *ret_claims, const char **ret_why) MX_MUST_CHECK;

#endif
