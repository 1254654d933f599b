/* Challenges of passkeys; what answers them is tested through the API. */
#include "codec/passkey.h"

#include "codec/uri.h"
#include "tap.h"

static const struct mx_hash secret = {{1}};
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

int main(void)
{
    struct mx_arena *a = mx_arena_new(65536, 1 << 20);

    mx_secret_init();
    test_challenges(a);
    mx_arena_free(a);
    return tap_done();
}
