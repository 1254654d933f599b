/* Password hashes, keyed hashes, one-time codes, constant-time comparison. */
#include "codec/secret.h"

#include <errno.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/rnd.h"

#define ARGON2_MEMORY_KIB 19456
#define ARGON2_PASSES 2
#define SALT 16
#define AEAD_NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define PHC_PREFIX "$argon2id$v=19$m="

_Static_assert(MX_HASH == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(MX_HASH == crypto_auth_hmacsha256_BYTES, "HMAC-SHA-256");
_Static_assert(MX_HASH == crypto_auth_hmacsha256_KEYBYTES, "HMAC-SHA-256 key");
_Static_assert(MX_HASH == crypto_secretbox_KEYBYTES, "sealing key");
_Static_assert(MX_HASH == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "AEAD key");
_Static_assert(MX_AEAD_OVERHEAD == AEAD_NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES, "AEAD");
_Static_assert(MX_PASSWORD_PHC == crypto_pwhash_argon2id_STRBYTES, "PHC string");

void mx_secret_init(void)
{
    if (sodium_init() < 0)
        MX_BUG("libsodium does not start");
}

enum mx_err mx_password_hash(struct mx_str password, char ret_phc[MX_PASSWORD_PHC])
{
    MX_ASSERT(password.p != NULL);
    if (crypto_pwhash_argon2id_str(ret_phc, password.p, password.n, ARGON2_PASSES,
                                   ARGON2_MEMORY_KIB * 1024) != 0)
        return MX_E_UNAVAILABLE;
    return MX_OK;
}

bool mx_password_verify(struct mx_str phc, struct mx_str password)
{
    char text[MX_PASSWORD_PHC] = {0};

    if (!password.p || !mx_str_starts(phc, MX_S(PHC_PREFIX)) || phc.n >= sizeof(text))
        return false;
    memcpy(text, phc.p, phc.n);
    errno = 0;
    if (crypto_pwhash_argon2id_str_verify(text, password.p, password.n) == 0)
        return true;
    /* Not a wrong password: it may not count against the account. */
    if (errno == ENOMEM)
        MX_BUG("out of memory for a password hash");
    return false;
}

/* The number that follows `name` up to `end`, taken off the front of *rest; -1 when there is none.
 */
static int64_t take_parameter(struct mx_str *rest, struct mx_str name, char end)
{
    struct mx_str part = {0};
    int64_t value = -1;

    if (!mx_str_split(rest, end, &part) || !mx_str_starts(part, name) ||
        !mx_str_i64(mx_str_sub(part, name.n, part.n), 0, UINT32_MAX, &value))
        return -1;
    return value;
}

bool mx_password_weak_hash(struct mx_str phc)
{
    struct mx_str rest = phc;

    return take_parameter(&rest, MX_S(PHC_PREFIX), ',') < ARGON2_MEMORY_KIB ||
           take_parameter(&rest, MX_S("t="), ',') < ARGON2_PASSES ||
           take_parameter(&rest, MX_S("p="), '$') < 1;
}

struct mx_str mx_password_dummy(void)
{
    static char phc[MX_PASSWORD_PHC];
    unsigned char random[SALT + MX_HASH];
    char salt[sodium_base64_ENCODED_LEN(SALT, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    char hash[sodium_base64_ENCODED_LEN(MX_HASH, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];

    if (phc[0] == '\0') {
        /* A random hash: whoever finds a password for it has found a preimage. */
        mx_rnd(random, sizeof(random));
        sodium_bin2base64(salt, sizeof(salt), random, SALT,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        sodium_bin2base64(hash, sizeof(hash), random + SALT, MX_HASH,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        snprintf(phc, sizeof(phc), PHC_PREFIX "%d,t=%d,p=1$%s$%s", ARGON2_MEMORY_KIB, ARGON2_PASSES,
                 salt, hash);
    }
    return mx_str_c(phc);
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

bool mx_secret_eq(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void mx_secret_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

void mx_code6(char ret_code[7])
{
    uint64_t value = mx_rnd_below(1000000);
    int i;

    for (i = 5; i >= 0; i--, value /= 10)
        ret_code[i] = (char)('0' + value % 10);
    ret_code[6] = '\0';
}
