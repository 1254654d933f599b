/* Personal data at rest: XChaCha20-Poly1305 (IETF AEAD, libsodium) with the active key of the PII
 * keyring (codec/keys_pii.h). A sealed value is
 *
 *     version (1) | key id (8) | nonce (24) | ciphertext | tag (16)
 *
 * and opens only in the column and row that it was sealed for: both are associated data, as is the
 * head. Sealing the same value twice gives different bytes; look-ups need a keyed hash beside it.
 */
#ifndef MX_CODEC_PII_H
#define MX_CODEC_PII_H

#include "base/id.h"
#include "codec/keys_pii.h"

#define MX_PII_OVERHEAD (1 + MX_PII_ID + 24 + 16)

struct mx_keys;

/* Seal `plain` for the row `row` of `column` ("account.phone") into `a`. Absent stays absent. */
struct mx_str mx_pii_seal(struct mx_arena *a, const struct mx_keys *k, const char *column,
                          struct mx_id row, struct mx_str plain);
/* Open it again. False when it was changed, belongs to another row or column, or its key is not in
 * the keyring: the caller answers MX_E_UNAVAILABLE. An absent value opens as absent. */
bool mx_pii_open(struct mx_arena *a, const struct mx_keys *k, const char *column, struct mx_id row,
                 struct mx_str sealed, struct mx_str *ret_plain) MX_MUST_CHECK;
/* The key that sealed it; false when `sealed` is no sealed value. */
bool mx_pii_key_of(struct mx_str sealed, struct mx_pii_id *ret_id);
/* The key that seals. */
struct mx_pii_id mx_pii_active(const struct mx_keys *k);

#endif
