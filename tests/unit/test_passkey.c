/* Challenges of passkeys, and answers that announce more than they hold; sound ones are tested
 * through the API. */
#include "codec/passkey.h"

#include <sys/resource.h>

#include "codec/uri.h"
#include "passkey_data.h"
#include "tap.h"

static const struct mx_hash other_secret = {{2}};

/* Client data that answers `challenge`, up to the check behind the challenge: without a sound
 * attestation the reason tells how far it came. */
static const char *answered(struct mx_arena *a, const struct mx_passkey_asked *asked,
                            struct mx_str challenge, const char *origin)
{
    struct mx_str client = mx_str_fmt(a,
                                      "{\"type\":\"webauthn.create\",\"challenge\":\"%.*s\","
                                      "\"origin\":\"%s\"}",
                                      MX_FMT(challenge), origin);
    struct mx_passkey_checked got;

    tap_err(mx_passkey_registered(a, asked, client, MX_S("\xa0"), &got), MX_E_VALIDATION_FAILED,
            "no attestation is accepted");
    return got.why;
}

#define SOUND "no attestation object of a known algorithm"
#define CHALLENGE "another challenge, or too late"

static void test_challenges(struct mx_arena *a)
{
    struct mx_id session = {{7}}, other = {{8}};
    struct mx_passkey_asked asked = {.rp_id = "shop.example",
                                     .origins = "https://shop.example android:apk-key-hash:x",
                                     .secret = &secret,
                                     .use = MX_PASSKEY_REGISTER,
                                     .bound_to = session,
                                     .now_ms = 1000};
    struct mx_str text =
        mx_passkey_challenge(a, &secret, MX_PASSKEY_REGISTER, session, asked.now_ms);
    struct mx_str second =
        mx_passkey_challenge(a, &secret, MX_PASSKEY_REGISTER, session, asked.now_ms);

    tap_ok(!mx_str_eq(text, second), "[PKY-1] two challenges differ");
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), SOUND, "a sound one");
    tap_str(mx_str_c(answered(a, &asked, text, "android:apk-key-hash:x")), SOUND, "from an app");
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example.evil.test")), "another origin",
            "[PKY-1] another origin");
    tap_str(mx_str_c(answered(a, &asked, text, "")), "another origin", "no origin");
    asked.now_ms += MX_PASSKEY_CHALLENGE_LIFE_MS - 1;
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), SOUND, "just in time");
    asked.now_ms++;
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), CHALLENGE,
            "[PKY-1] too late");
    asked.now_ms = 1000;
    asked.bound_to = other;
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), CHALLENGE,
            "[PKY-1] of another session");
    asked.bound_to = session;
    asked.secret = &other_secret;
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), CHALLENGE,
            "of another server");
    asked.secret_old = &secret;
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), SOUND,
            "[SEC-1] of the secret before");
    asked.secret_old = NULL;
    text = mx_passkey_challenge(a, &other_secret, MX_PASSKEY_SIGN_IN, session, asked.now_ms);
    tap_str(mx_str_c(answered(a, &asked, text, "https://shop.example")), CHALLENGE,
            "[PKY-1] for another use");
    tap_str(mx_str_c(answered(a, &asked, MX_S(""), "https://shop.example")), CHALLENGE, "none");
}

/* ---- lengths that are not there ---- */

#define MALFORMED "malformed authenticator data"
#define UNSOUND "the assertion is not sound"
#define PRESENT_VERIFIED "\x05"
#define ATTESTED "\x45"
#define EXTENDED "\x85"
#define ATTESTED_EXTENDED "\xc5"
#define COUNT "\0\0\0\0"
#define AAGUID "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ID "\0\x04\x01\x02\x03\x04"
/* {1: 2, 3: -7, -1: 1, -2: x, -3: y} */
#define COORDINATE                                                     \
    "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2" \
    "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
#define COORDINATE_Y                                                   \
    "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16" \
    "\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"
#define KEY "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" COORDINATE "\x22\x58\x20" COORDINATE_Y
#define BOMB "\x9a\x02\x80\x00\x00" /* an array of 41,943,040 */
#define BYTES(literal)               \
    {                                \
        literal, sizeof(literal) - 1 \
    }

/* Peak memory of this process may grow so much by an answer, in KiB. */
#define GROWTH_MAX (16 << 10)

static long peak_kib(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

/* Why the attestation object is refused; NULL: it is not. */
static const char *registered(struct mx_arena *a, struct mx_str attestation)
{
    struct mx_passkey_asked asked = asked_for(MX_PASSKEY_REGISTER);
    struct mx_passkey_checked got;

    if (mx_passkey_registered(a, &asked, client_data(a, MX_PASSKEY_REGISTER), attestation, &got) ==
        MX_OK)
        return NULL;
    return got.why;
}

/* Why an assertion of this authenticator data is refused. Its signature is nobody's. */
static const char *asserted(struct mx_arena *a, struct mx_str data)
{
    struct mx_passkey_asked asked = asked_for(MX_PASSKEY_SIGN_IN);
    struct mx_passkey_key key = {-7, BYTES(COORDINATE COORDINATE_Y), 0, false};
    struct mx_passkey_answer answer = {client_data(a, MX_PASSKEY_SIGN_IN), data, MX_S("\x30\0")};
    struct mx_passkey_checked got;

    tap_err(mx_passkey_asserted(a, &asked, &key, &answer, &got), MX_E_INVALID_CREDENTIALS,
            "no such assertion is accepted");
    return got.why;
}

static void test_registrations(struct mx_arena *a)
{
    static const struct {
        const char *name;
        struct mx_str rest;
        const char *why;
    } rows[] = {
        {"sound", BYTES(ATTESTED COUNT AAGUID ID KEY), NULL},
        {"extensions: {}", BYTES(ATTESTED_EXTENDED COUNT AAGUID ID KEY "\xa0"), NULL},
        {"key: a bomb", BYTES(ATTESTED COUNT AAGUID ID BOMB), SOUND},
        {"key: a map of a bomb", BYTES(ATTESTED COUNT AAGUID ID "\xa1\x01" BOMB), SOUND},
        {"key: a map of 2^28 pairs", BYTES(ATTESTED COUNT AAGUID ID "\xba\x10\0\0\0"), SOUND},
        {"key: 2^31 bytes", BYTES(ATTESTED COUNT AAGUID ID "\x5a\x80\0\0\0"), SOUND},
        {"key: indefinite", BYTES(ATTESTED COUNT AAGUID ID "\xbf\xff"), SOUND},
        {"key: none", BYTES(ATTESTED COUNT AAGUID ID), SOUND},
        {"extensions: a bomb", BYTES(ATTESTED_EXTENDED COUNT AAGUID ID KEY BOMB), SOUND},
        {"extensions: none", BYTES(ATTESTED_EXTENDED COUNT AAGUID ID KEY), SOUND},
        {"extensions without their flag", BYTES(ATTESTED COUNT AAGUID ID KEY "\xa0"), SOUND},
        {"an identifier longer than what is left", BYTES(ATTESTED COUNT AAGUID "\0\x05\x01\x02"),
         SOUND},
        {"an identifier of 65,535", BYTES(ATTESTED COUNT AAGUID "\xff\xff\x01\x02"), SOUND},
        {"cut in the model", BYTES(ATTESTED COUNT "\0\0"), SOUND},
        {"cut in the counter", BYTES(ATTESTED "\0\0"), SOUND},
        {"no credential", BYTES(PRESENT_VERIFIED COUNT), SOUND},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_str object = object_of(a, data_of(a, rows[i].rest));

        tap_str(mx_str_c(registered(a, object)), rows[i].why, rows[i].name);
    }
}

static void test_attestation_objects(struct mx_arena *a)
{
    static const struct {
        const char *name;
        struct mx_str object;
    } rows[] = {
        {"object: a bomb", BYTES(BOMB)},
        {"object: a map of 2^28 pairs", BYTES("\xba\x10\x00\x00\x00")},
        {"statement: a bomb", BYTES("\xa3\x63"
                                    "fmt\x64none\x68"
                                    "authData\x41\x01\x67"
                                    "attStmt" BOMB)},
        {"x5c: a bomb", BYTES("\xa3\x63"
                              "fmt\x66packed\x68"
                              "authData\x41\x01\x67"
                              "attStmt\xa1\x63"
                              "x5c" BOMB)},
        {"authData: 2^31 bytes", BYTES("\xa3\x63"
                                       "fmt\x64none\x67"
                                       "attStmt\xa0\x68"
                                       "authData\x5a\x80\x00\x00\x00")},
        {"nothing", BYTES("")},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_str(mx_str_c(registered(a, rows[i].object)), SOUND, rows[i].name);
}

static void test_assertions(struct mx_arena *a)
{
    static const struct {
        const char *name;
        struct mx_str rest;
        const char *why;
    } rows[] = {
        {"of another's key", BYTES(PRESENT_VERIFIED COUNT), UNSOUND},
        {"extensions: {}", BYTES(EXTENDED COUNT "\xa0"), UNSOUND},
        {"extensions: a bomb", BYTES(EXTENDED COUNT BOMB), MALFORMED},
        {"extensions: a map of a bomb", BYTES(EXTENDED COUNT "\xa1\x01" BOMB), MALFORMED},
        {"extensions: indefinite", BYTES(EXTENDED COUNT "\xbf\xff"), MALFORMED},
        {"extensions: none", BYTES(EXTENDED COUNT), MALFORMED},
        {"more behind them", BYTES(EXTENDED COUNT "\xa0\xa0"), MALFORMED},
        {"more than its flags say", BYTES(PRESENT_VERIFIED COUNT "\xa0"), MALFORMED},
        {"a credential", BYTES(ATTESTED COUNT AAGUID ID KEY), MALFORMED},
        {"a credential whose key is a bomb", BYTES(ATTESTED COUNT AAGUID ID BOMB), MALFORMED},
        {"cut", BYTES(PRESENT_VERIFIED "\0\0\0"), MALFORMED},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_str(mx_str_c(asserted(a, data_of(a, rows[i].rest))), rows[i].why, rows[i].name);
    tap_str(mx_str_c(asserted(a, MX_S(""))), MALFORMED, "no data");
}

/* Both libraries are warm when this begins. */
static void test_memory(struct mx_arena *a)
{
    long before = peak_kib();

    test_attestation_objects(a);
    test_registrations(a);
    test_assertions(a);
    tap_ok(peak_kib() - before < GROWTH_MAX, "what is announced takes no memory: %ld KiB",
           peak_kib() - before);
}

int main(void)
{
    struct mx_arena *a = mx_arena_new(65536, 1 << 20);

    mx_secret_init();
    test_challenges(a);
    test_memory(a);
    mx_arena_free(a);
    return tap_done();
}
