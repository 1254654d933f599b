/* Operations of an administrator on the key directory (codec/keys.h). A key is published (it
 * verifies), active (it signs) and at last retired (kept as a file `.retired` that nothing reads).
 *
 * Each step waits for the one before to have come through everywhere, and a step taken too early is
 * refused with the time that is missing: a new key signs only when every copy of the key set that
 * was fetched before it has run out, an old one goes only when the last token that it signed has.
 * Unless `force`: then it happens at once. Functions return MX_E_VALIDATION_FAILED with *ret_why.
 */
#ifndef MX_CODEC_KEYRING_H
#define MX_CODEC_KEYRING_H

#include "base/list.h"
#include "codec/keys.h"

/* How long the steps wait. */
struct mx_keyring {
    struct mx_arena *a;
    const char *dir;
    int64_t now_ms;
    int64_t published_ms; /* a cached key set is no older */
    int64_t signed_ms;    /* a token is not good for longer after it was asked for */
    int64_t secret_ms;    /* nothing made with the server's secret is good for longer */
    int64_t busy_ms;      /* no request takes longer */
    bool force;
};

#define MX_KEY_PII "PII"

enum mx_key_state { MX_KEY_IS_PUBLISHED, MX_KEY_IS_ACTIVE, MX_KEY_IS_RETIRED };

struct mx_key_entry {
    struct mx_str kid, file;
    const char *alg; /* MX_KEY_PII: seals personal data */
    enum mx_key_state state;
    int64_t made_ms; /* when the file was written */
};

/* Make a key file (alg "ES256", "HS256" or MX_KEY_PII) with a new kid; of the first two also the
 * directory, `active`, `server.secret` and a key of personal data if they are missing. */
enum mx_err mx_keyring_new(const struct mx_keyring *r, const char *alg, struct mx_str *ret_kid,
                           const char **ret_why) MX_MUST_CHECK;
/* All keys, retired ones too, as struct mx_key_entry by file name. */
enum mx_err mx_keyring_list(const struct mx_keyring *r, struct mx_list *ret_entries,
                            const char **ret_why) MX_MUST_CHECK;
/* Let a published key sign from now on. */
enum mx_err mx_keyring_activate(const struct mx_keyring *r, struct mx_str kid,
                                const char **ret_why) MX_MUST_CHECK;
/* Take a key that does not sign out of use: its tokens are refused from now on. */
enum mx_err mx_keyring_retire(const struct mx_keyring *r, struct mx_str kid,
                              const char **ret_why) MX_MUST_CHECK;
/* Make a new server secret; the present one becomes the one before. */
enum mx_err mx_keyring_new_secret(const struct mx_keyring *r, const char **ret_why) MX_MUST_CHECK;
/* Let the newest key of personal data seal, after making one when there is no other than the one
 * that seals. *ret_wait_ms: how long to wait until it may, for those who do not know it yet; then
 * call again. 0: it seals, since *ret_since_ms (unix time). */
enum mx_err mx_keyring_pii_begin(const struct mx_keyring *r, struct mx_str *ret_kid,
                                 int64_t *ret_wait_ms, int64_t *ret_since_ms,
                                 const char **ret_why) MX_MUST_CHECK;
/* Retire the keys of personal data that do not seal: the caller has found nothing of theirs. */
enum mx_err mx_keyring_pii_end(const struct mx_keyring *r, const char **ret_why) MX_MUST_CHECK;
/* Delete retired keys, and the server secret of before when nothing made with it is good any more
 * (`force`: anyhow). The names of the files, as struct mx_str. */
enum mx_err mx_keyring_prune(const struct mx_keyring *r, struct mx_list *ret_removed,
                             const char **ret_why) MX_MUST_CHECK;

#endif
