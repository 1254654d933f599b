#include "codec/secret.h"

#include "base/arena.h"
#include "tap.h"

/* A slice of the bytes given as hex digits. */
static bool is_hex(struct mx_hash h, const char *hex)
{
    char text[2 * MX_HASH + 1];
    size_t i;

    for (i = 0; i < MX_HASH; i++)
        snprintf(text + 2 * i, 3, "%02x", h.b[i]);
    return strcmp(text, hex) == 0;
}

/* FIPS 180-4 and RFC 4231 examples; RFC 4231 keys are shorter than ours and filled with zeros,
 * which HMAC does as well. */
static void hashes(void)
{
    struct mx_hash key = {"Jefe"};

    tap_ok(is_hex(mx_sha256(MX_S("abc")),
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
           "SHA-256");
    tap_ok(is_hex(mx_sha256((struct mx_str){0}),
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
           "SHA-256 of nothing");
    tap_ok(is_hex(mx_hmac(&key, MX_S("what do ya want for nothing?")),
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
           "HMAC-SHA-256");
    /* Of Python's hashlib.blake2b. */
    tap_ok(is_hex(mx_fingerprint(&key, MX_S("what do ya want for nothing?")),
                  "7743ecd292db13f0bf9430a054ee8e74fe54ca8864a90d0a6575a2e72f5ff153"),
           "keyed BLAKE2b-256");
}

static bool reads_as(const char *typed, const char *code)
{
    char read[MX_CODE + 1];

    return mx_code_read(mx_str_c(typed), read) && strcmp(read, code) == 0;
}

static void codes(void)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct mx_arena *a = mx_arena_new(1 << 12, 1 << 16);
    bool seen[256] = {false};
    char code[MX_CODE + 1];
    int i, j, bad = 0, different = 0;

    for (i = 0; i < 500; i++) {
        mx_code_new(code);
        bad +=
            strlen(code) != MX_CODE || strspn(code, alphabet) != MX_CODE || !reads_as(code, code);
        for (j = 0; j < MX_CODE; j++)
            seen[(unsigned char)code[j]] = true;
    }
    for (i = 0; i < 256; i++)
        different += seen[i];
    tap_int(bad, 0, "codes have ten characters");
    tap_int(different, 32, "of all 32");
    tap_str(mx_code_shown(a, MX_S("ABCDEFGHJK")), "ABCDE-FGHJK", "in two groups");
    tap_ok(reads_as("ABCDE-FGHJK", "ABCDEFGHJK"), "as it is shown");
    tap_ok(reads_as(" abcde fghjk ", "ABCDEFGHJK"), "case and blanks do not count");
    tap_ok(reads_as("i-l-o-I-L-O-2345", "1101102345"), "letters that look like digits are digits");
    tap_ok(!reads_as("ABCDE-FGHJ", "ABCDEFGHJ"), "nine are too few");
    tap_ok(!reads_as("ABCDE-FGHJKM", "ABCDEFGHJK"), "eleven too many");
    tap_ok(!reads_as("ABCDE-FGHJU", "ABCDEFGHJU"), "U is none of them");
    tap_ok(!mx_code_read((struct mx_str){"ABCDE\0FGHJ", 10}, code), "nor is NUL");
    tap_ok(!reads_as("", ""), "nothing is no code");
    mx_arena_free(a);
}

static void sealing(void)
{
    struct mx_arena *a = mx_arena_new(1 << 12, 1 << 20);
    struct mx_hash key = mx_sha256(MX_S("key")), other = mx_sha256(MX_S("other"));
    struct mx_str sealed = mx_seal(a, &key, MX_S("plain text")), plain;
    char *bytes = mx_arena_dup(a, sealed.p, sealed.n);

    tap_ok(mx_unseal(a, &key, sealed, &plain) && mx_str_eqc(plain, "plain text"), "sealed, opened");
    tap_ok(!mx_unseal(a, &other, sealed, &plain), "another key opens nothing");
    tap_ok(!mx_unseal(a, &key, mx_str_sub(sealed, 0, 39), &plain), "nor too few bytes");
    bytes[sealed.n - 1] ^= 1;
    tap_ok(!mx_unseal(a, &key, (struct mx_str){bytes, sealed.n}, &plain), "nor a changed one");
    tap_ok(!mx_str_eq(mx_seal(a, &key, MX_S("plain text")), sealed), "each nonce is new");
    sealed = mx_seal(a, &key, MX_S(""));
    tap_ok(mx_unseal(a, &key, sealed, &plain) && plain.n == 0, "nothing can be sealed");
    mx_arena_free(a);
}

/* RFC 4648 section 10, without its padding. */
static void base64(void)
{
    char text[9];
    unsigned char bytes[6];
    size_t n = 0;

    mx_base64(MX_BASE64_BARE, "foob", 4, text, sizeof(text));
    tap_str(mx_str_c(text), "Zm9vYg", "no padding");
    tap_ok(mx_base64_decode(MX_BASE64_BARE, MX_S("Zm9vYmFy"), bytes, sizeof(bytes), &n) && n == 6,
           "six bytes");
    tap_ok(memcmp(bytes, "foobar", 6) == 0, "foobar");
    tap_ok(!mx_base64_decode(MX_BASE64_BARE, MX_S("Zm9vYg=="), bytes, sizeof(bytes), &n),
           "padding");
    tap_ok(!mx_base64_decode(MX_BASE64_BARE, MX_S("Zm9v-_"), bytes, sizeof(bytes), &n),
           "another alphabet");
    tap_ok(!mx_base64_decode(MX_BASE64_BARE, MX_S("Zm9vYmFyMDE"), bytes, sizeof(bytes), &n),
           "too long");
}

int main(void)
{
    unsigned char wipe[4] = {1, 2, 3, 4};

    mx_secret_init();
    mx_secret_init();
    hashes();
    codes();
    sealing();
    base64();
    tap_ok(mx_secret_eq("abcd", "abcd", 4) && !mx_secret_eq("abcd", "abce", 4), "equality");
    mx_secret_wipe(wipe, sizeof(wipe));
    tap_ok(mx_secret_eq(wipe, "\0\0\0\0", 4), "wiped");
    return tap_done();
}
