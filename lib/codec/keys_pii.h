/* The keys that personal data is sealed with, as files of the key directory: `<id>.pii` (32 random
 * bytes, base64url; the id is 16 lower-case hex digits), and `pii.active`, which names the one that
 * seals. The others open what they sealed. */
#ifndef MX_CODEC_KEYS_PII_H
#define MX_CODEC_KEYS_PII_H

#include "codec/keydir.h"
#include "codec/secret.h"

#define MX_PII_KEYS_MAX 8
#define MX_PII_ACTIVE "pii.active"
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
/* The key whose file was written last, when that was (unix time in ms), and whether it is the one
 * that seals. */
struct mx_pii_newest {
    struct mx_pii_id id;
    int64_t made_ms;
    bool seals;
    int keys; /* of the ring */
};
enum mx_err mx_pii_ring_newest(const struct mx_keydir *d,
                               struct mx_pii_newest *ret_newest) MX_MUST_CHECK;
/* When the key that seals was chosen, unix time in ms; -1: never. */
int64_t mx_pii_ring_activated_ms(const struct mx_keydir *d);
/* Take all keys that do not seal out of use: their files get the suffix `retired`. Values they
 * sealed open no more. */
enum mx_err mx_pii_ring_retire(const struct mx_keydir *d, const char *retired) MX_MUST_CHECK;
/* The id in the name of a key's file; false when it is none. */
bool mx_pii_file(struct mx_str file, struct mx_pii_id *ret_id);
/* Make and activate a first key unless there is an active one. */
enum mx_err mx_pii_ring_first(const struct mx_keydir *d) MX_MUST_CHECK;
/* The id as 16 hex digits in `a`. */
struct mx_str mx_pii_id_text(struct mx_arena *a, struct mx_pii_id id);

#endif
