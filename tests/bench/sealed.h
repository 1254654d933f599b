/* A sealed address (lib/codec/pii.h, lib/shop/postal.h) opened by libsodium alone. */
#ifndef MX_TESTS_BENCH_SEALED_H
#define MX_TESTS_BENCH_SEALED_H

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

enum { SEALED_HEAD = 9, SEALED_MEMBERS = 8, SEALED_MAX = 4500 };

static unsigned char sealed_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];

/* Members in order: what they are and how long, a null pointer for one that is absent. */
static bool sealed_address(const unsigned char row[16], const char *sealed, size_t n,
                           const char *ret_at[SEALED_MEMBERS], size_t ret_n[SEALED_MEMBERS])
{
    static const char column[] = "address.sealed";
    static unsigned char plain[SEALED_MAX];
    const unsigned char *in = (const unsigned char *)sealed, *p = plain;
    const size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    unsigned char data[SEALED_HEAD + 16 + sizeof(column) - 1];
    if (n < SEALED_HEAD + nonce || n > SEALED_MAX)
        return false;
    memcpy(data, in, SEALED_HEAD);
    memcpy(data + SEALED_HEAD, row, 16);
    memcpy(data + SEALED_HEAD + 16, column, sizeof(column) - 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, in + SEALED_HEAD + nonce,
                                                   n - SEALED_HEAD - nonce, data, sizeof(data),
                                                   in + SEALED_HEAD, sealed_key) != 0)
        return false;
    for (int i = 0; i < SEALED_MEMBERS; i++) {
        size_t length = (size_t)p[0] << 8 | p[1];
        bool absent = length == 0xffff;
        ret_at[i] = absent ? NULL : (const char *)p + 2;
        ret_n[i] = absent ? 0 : length;
        p += 2 + ret_n[i];
    }
    return true;
}

#endif
