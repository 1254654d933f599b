/* Keyed hashes, sealing, base64, one-time codes, constant-time comparison (libsodium; the only file
 * that sees it). */
#ifndef MX_CODEC_SECRET_H
#define MX_CODEC_SECRET_H

#include "base/id.h"

#define MX_HASH 32
#define MX_AEAD_OVERHEAD 40

struct mx_hash {
    unsigned char b[MX_HASH];
};

/* Once a process, before all else here. */
void mx_secret_init(void);
struct mx_hash mx_sha256(struct mx_str s);
/* HMAC-SHA-256 with a 32-byte key. */
struct mx_hash mx_hmac(const struct mx_hash *key, struct mx_str s);
/* Keyed BLAKE2b-256 (RFC 7693): as good as mx_hmac at a fifth of its cost, for what only this
 * host's memory holds. */
struct mx_hash mx_fingerprint(const struct mx_hash *key, struct mx_str s);
/* Authenticated encryption (secretbox, random nonce in front): the sealed bytes live in `a`. */
struct mx_str mx_seal(struct mx_arena *a, const struct mx_hash *key, struct mx_str plain);
/* Open what mx_seal made under the same key. False on any change of the bytes or another key. */
bool mx_unseal(struct mx_arena *a, const struct mx_hash *key, struct mx_str sealed,
               struct mx_str *ret_plain) MX_MUST_CHECK;
/* The same with associated data, XChaCha20-Poly1305 (IETF): nonce, ciphertext and tag into `out`,
 * which has plain.n + MX_AEAD_OVERHEAD bytes. */
void mx_aead_seal(const struct mx_hash *key, struct mx_str associated, struct mx_str plain,
                  unsigned char *out);
/* Open what mx_aead_seal made under the same key and associated data, into `a`. */
bool mx_aead_open(struct mx_arena *a, const struct mx_hash *key, struct mx_str associated,
                  struct mx_str sealed, struct mx_str *ret_plain) MX_MUST_CHECK;

enum mx_base64 {
    MX_BASE64_PADDED, /* RFC 4648 4 */
    MX_BASE64_BARE,   /* the same without padding */
    MX_BASE64_URL     /* RFC 4648 5, without padding */
};
/* Bytes that the text of n bytes takes at most, with its NUL. */
#define MX_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
/* The text of n bytes, NUL-terminated, into `out`, which has room for it. */
void mx_base64(enum mx_base64 variant, const void *p, size_t n, char *out, size_t size);
/* The bytes of a text. False when it is not exactly the text of any (alphabet, padding, unused
 * bits), or of more than `size`. */
bool mx_base64_decode(enum mx_base64 variant, struct mx_str s, void *out, size_t size,
                      size_t *ret_n) MX_MUST_CHECK;
/* Constant-time equality. */
bool mx_secret_eq(const void *a, const void *b, size_t n);
/* Overwrite so that the compiler cannot leave it out. */
void mx_secret_wipe(void *p, size_t n);

/* One-time codes that people type: MX_CODE characters of Crockford's base 32 (digits and capitals
 * without I, L, O and U), 50 random bits. */
#define MX_CODE 10
/* A new one, NUL-terminated. */
void mx_code_new(char ret_code[MX_CODE + 1]);
/* As it is shown to people, in `a`: two groups, ABCDE-FGHJK. */
struct mx_str mx_code_shown(struct mx_arena *a, struct mx_str code);
/* A code as somebody typed it, in the form that mx_code_new made: case, blanks and dashes do not
 * count; I and L are read as 1, O as 0. False when it is no code. */
bool mx_code_read(struct mx_str typed, char ret_code[MX_CODE + 1]) MX_MUST_CHECK;

#endif
