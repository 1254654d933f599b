/* The keys that personal data is sealed with, as files of the key directory: `<id>.pii` (32 random
 * bytes, base64url; the id is 16 lower-case hex digits), and `pii.active`, which names the one that
 * seals. The others open what they sealed. */
#ifndef MX_CODEC_KEYS_PII_H
#define MX_CODEC_KEYS_PII_H

#include "codec/keydir.h"
#include "codec/secret.h"

#define MX_PII_KEYS_MAX 8
#define MX_PII_ID 8

struct mx_pii_id {
    unsigned char b[MX_PII_ID];
};

struct mx_pii_ring {
    struct {
        struct mx_pii_id id;
        struct mx_hash key;
    } at[MX_PII_KEYS_MAX];
    int n, active;
};

/* All keys of the directory. MX_E_VALIDATION_FAILED (*d->why says it): a bad name, mode or content,
 * no active one. */
enum mx_err mx_pii_ring_load(const struct mx_keydir *d, struct mx_pii_ring *ret_ring) MX_MUST_CHECK;
/* Make a key that seals nothing yet. */
enum mx_err mx_pii_ring_new(const struct mx_keydir *d, struct mx_pii_id *ret_id) MX_MUST_CHECK;
/* That key seals from now on; it must be there. */
enum mx_err mx_pii_ring_activate(const struct mx_keydir *d, struct mx_pii_id id) MX_MUST_CHECK;
/* Remove a key that does not seal. What it sealed is lost: the caller knows that nothing is left.
 */
enum mx_err mx_pii_ring_remove(const struct mx_keydir *d, struct mx_pii_id id) MX_MUST_CHECK;
/* Make and activate a first key unless there is an active one. */
enum mx_err mx_pii_ring_first(const struct mx_keydir *d) MX_MUST_CHECK;
/* The id as 16 hex digits in `a`, and back. */
struct mx_str mx_pii_id_text(struct mx_arena *a, struct mx_pii_id id);
bool mx_pii_id_parse(struct mx_str text, struct mx_pii_id *ret_id);

#endif
