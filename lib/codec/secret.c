/* Keyed hashes, sealing, base64, one-time codes, constant-time comparison. */
#include "codec/secret.h"

#include <sodium.h>

#include "base/arena.h"
#include "base/rnd.h"

#define AEAD_NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(MX_HASH == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(MX_HASH == crypto_auth_hmacsha256_BYTES, "HMAC-SHA-256");
_Static_assert(MX_HASH == crypto_auth_hmacsha256_KEYBYTES, "HMAC-SHA-256 key");
_Static_assert(MX_HASH == crypto_secretbox_KEYBYTES, "sealing key");
_Static_assert(MX_HASH == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "AEAD key");
_Static_assert(MX_AEAD_OVERHEAD == AEAD_NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES, "AEAD");

void mx_secret_init(void)
{
    if (sodium_init() < 0)
        MX_BUG("libsodium does not start");
}

struct mx_hash mx_sha256(struct mx_str s)
{
    struct mx_hash h;

    crypto_hash_sha256(h.b, (const unsigned char *)s.p, s.n);
    return h;
}

struct mx_hash mx_hmac(const struct mx_hash *key, struct mx_str s)
{
    struct mx_hash h;

    crypto_auth_hmacsha256(h.b, (const unsigned char *)s.p, s.n, key->b);
    return h;
}

struct mx_hash mx_fingerprint(const struct mx_hash *key, struct mx_str s)
{
    struct mx_hash h;

    crypto_generichash(h.b, sizeof h.b, (const unsigned char *)s.p, s.n, key->b, sizeof key->b);
    return h;
}

struct mx_str mx_seal(struct mx_arena *a, const struct mx_hash *key, struct mx_str plain)
{
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n;
    unsigned char *out = mx_arena_alloc(a, n);

    mx_rnd(out, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p,
                          plain.n, out, key->b);
    return (struct mx_str){(const char *)out, n};
}

bool mx_unseal(struct mx_arena *a, const struct mx_hash *key, struct mx_str sealed,
               struct mx_str *ret_plain)
{
    const unsigned char *in = (const unsigned char *)sealed.p;
    size_t head = crypto_secretbox_NONCEBYTES;
    unsigned char *out;

    if (sealed.n < head + crypto_secretbox_MACBYTES)
        return false;
    out = mx_arena_alloc(a, sealed.n - head);
    if (crypto_secretbox_open_easy(out, in + head, sealed.n - head, in, key->b) != 0)
        return false;
    *ret_plain = (struct mx_str){(const char *)out, sealed.n - head - crypto_secretbox_MACBYTES};
    return true;
}

void mx_aead_seal(const struct mx_hash *key, struct mx_str associated, struct mx_str plain,
                  unsigned char *out)
{
    mx_rnd(out, AEAD_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + AEAD_NONCE, NULL, (const unsigned char *)plain.p, plain.n,
        (const unsigned char *)associated.p, associated.n, NULL, out, key->b);
}

bool mx_aead_open(struct mx_arena *a, const struct mx_hash *key, struct mx_str associated,
                  struct mx_str sealed, struct mx_str *ret_plain)
{
    const unsigned char *in = (const unsigned char *)sealed.p;
    unsigned char *out;

    if (sealed.n < MX_AEAD_OVERHEAD)
        return false;
    out = mx_arena_alloc(a, sealed.n - MX_AEAD_OVERHEAD);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, NULL, NULL, in + AEAD_NONCE, sealed.n - AEAD_NONCE,
            (const unsigned char *)associated.p, associated.n, in, key->b) != 0)
        return false;
    *ret_plain = (struct mx_str){(const char *)out, sealed.n - MX_AEAD_OVERHEAD};
    return true;
}

static const int variants[] = {
    [MX_BASE64_PADDED] = sodium_base64_VARIANT_ORIGINAL,
    [MX_BASE64_BARE] = sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
    [MX_BASE64_URL] = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

void mx_base64(enum mx_base64 variant, const void *p, size_t n, char *out, size_t size)
{
    sodium_bin2base64(out, size, p, n, variants[variant]);
}

/* libsodium takes bytes above 127 for characters of the alphabet. */
static bool is_ascii(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] > 127)
            return false;
    }
    return true;
}

bool mx_base64_decode(enum mx_base64 variant, struct mx_str s, void *out, size_t size,
                      size_t *ret_n)
{
    const char *end;

    return is_ascii(s) &&
           sodium_base642bin(out, size, s.p, s.n, NULL, ret_n, &end, variants[variant]) == 0 &&
           end == s.p + s.n;
}

bool mx_secret_eq(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void mx_secret_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

/* ---- one-time codes ---- */

#define CODE_BITS 5 /* of a character */

static const char code_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void mx_code_new(char ret_code[MX_CODE + 1])
{
    uint64_t bits;

    mx_rnd(&bits, sizeof bits);
    for (int i = 0; i < MX_CODE; i++, bits >>= CODE_BITS)
        ret_code[i] = code_alphabet[bits % (1U << CODE_BITS)];
    ret_code[MX_CODE] = '\0';
}

struct mx_str mx_code_shown(struct mx_arena *a, struct mx_str code)
{
    return mx_str_fmt(a, "%.*s-%.*s", MX_FMT(mx_str_sub(code, 0, MX_CODE / 2)),
                      MX_FMT(mx_str_sub(code, MX_CODE / 2, MX_CODE)));
}

/* The character of the alphabet that `c` means; NUL: none. */
static char code_char(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        return '1';
    if (c == 'O')
        return '0';
    return c != '\0' && strchr(code_alphabet, c) != NULL ? c : '\0';
}

bool mx_code_read(struct mx_str typed, char ret_code[MX_CODE + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < typed.n; i++) {
        char c;

        if (typed.p[i] == ' ' || typed.p[i] == '-')
            continue;
        c = code_char(typed.p[i]);
        if (c == '\0' || n == MX_CODE)
            return false;
        ret_code[n++] = c;
    }
    ret_code[n] = '\0';
    return n == MX_CODE;
}
