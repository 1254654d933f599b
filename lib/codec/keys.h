/* The keys of a store: what signs and checks tokens, and the server's own secret.
 *
 * They live in a directory, one file a key, mode 0600 or 0400:
 *   <kid>.es256.pem   EC P-256 private key, unencrypted PEM
 *   <kid>.hs256       shared secret of at least 32 bytes, base64url
 *   <kid>.rs256.pem   RSA public key of 2048 to 8192 bits, PEM: another signs, we only check
 *   active            names the kid that signs
 *   server.secret     32 random bytes, base64url: keys our HMACs
 *   server.secret.old the one before, still good for what was made with it
 * and the keys of personal data (codec/keys_pii.h). Any other file is left alone. codec/keyring.h
 * makes and moves them.
 *
 * Processes load them at their start and take up a change between two requests: one stat of the
 * directory tells. A change that cannot be loaded is refused and the keys of before stay. */
#ifndef MX_CODEC_KEYS_H
#define MX_CODEC_KEYS_H

#include "base/arena.h"
#include "codec/secret.h"

#define MX_KEYS_MAX 16

struct mx_keys;

/* Load all keys of `dir`. *ret_why (in `a`) says what is wrong: world-readable file, short secret,
 * bad curve, duplicate kid, no active key. The keys belong to the caller: mx_keys_free. */
enum mx_err mx_keys_load(struct mx_arena *a, const char *dir, struct mx_keys **ret_keys,
                         const char **ret_why) MX_MUST_CHECK;
/* Wipe and free. NULL is allowed. */
void mx_keys_free(struct mx_keys *k);
/* Take up what has changed in the directory. True: *keys are others now, those of before are freed
 * and nothing may point to them. False: nothing has changed, or *ret_why (in `a`) is not NULL and
 * says, once a change, why the keys of before stay. Costs a stat. */
bool mx_keys_refresh(struct mx_arena *a, struct mx_keys **keys, const char **ret_why);
/* The server's own HMAC key: what is made now is made with it. */
const struct mx_hash *mx_keys_secret(const struct mx_keys *k);
/* The one before, for checking what was made with it; NULL when there is none. */
const struct mx_hash *mx_keys_secret_old(const struct mx_keys *k);
/* True when `mac` is the HMAC of `text` under the server's key or the one before. */
bool mx_keys_made(const struct mx_keys *k, struct mx_str text, const struct mx_hash *mac);
/* Digest of all keys that verify: another set of keys has another digest. */
const struct mx_hash *mx_keys_digest(const struct mx_keys *k);
/* RFC 7517 JWKS of the public (asymmetric) keys, as JSON text. */
struct mx_str mx_keys_jwks(struct mx_arena *a, const struct mx_keys *k);

#endif
