#include "codec/totp.h"

#include "base/arena.h"
#include "tap.h"

#define KEY MX_S("12345678901234567890")

static struct mx_arena *a;

/* RFC 6238 appendix B, six digits; RFC 4226 appendix D; beyond 32 bits as Python's hmac gives them.
 */
static void vectors(void)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } times[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    static const char *const counters[] = {"755224", "287082", "359152", "969429", "338314",
                                           "254676", "287922", "162583", "399871", "520489"};
    static const struct {
        int64_t step;
        const char *code;
    } large[] = {
        {INT64_C(1) << 32, "999456"},
        {(INT64_C(1) << 32) + 1, "108930"},
        {INT64_C(1) << 40, "445672"},
        {INT64_C(1) << 62, "109307"},
    };
    char code[MX_TOTP_DIGITS + 1];

    for (size_t i = 0; i < MX_LEN(times); i++) {
        mx_totp_code(KEY, mx_totp_step(times[i].seconds * 1000), code);
        tap_ok(strcmp(code, times[i].code) == 0, "T=%lld [MFA-1]", (long long)times[i].seconds);
    }
    for (size_t i = 0; i < MX_LEN(counters); i++) {
        mx_totp_code(KEY, (int64_t)i, code);
        tap_ok(strcmp(code, counters[i]) == 0, "counter %zu", i);
    }
    for (size_t i = 0; i < MX_LEN(large); i++) {
        mx_totp_code(KEY, large[i].step, code);
        tap_ok(strcmp(code, large[i].code) == 0, "counter %lld [MFA-1]", (long long)large[i].step);
    }
}

static bool matches(struct mx_str code, int64_t seconds, int64_t expected)
{
    int64_t step = -1;
    bool found = mx_totp_match(KEY, code, seconds * 1000 + 999, &step);

    return found && step == expected;
}

static void window(void)
{
    struct mx_str code = MX_S("081804"); /* of step 37037036 */
    int64_t first = INT64_C(37037036) * MX_TOTP_STEP_S;

    tap_ok(matches(code, first, 37037036), "from the first second of its step");
    tap_ok(matches(code, first + 29, 37037036), "to the last");
    tap_ok(matches(code, first - 30, 37037036), "a step early [MFA-1]");
    tap_ok(matches(code, first + 59, 37037036), "a step late [MFA-1]");
    tap_ok(!matches(code, first - 31, 37037036), "two steps early [MFA-1]");
    tap_ok(!matches(code, first + 60, 37037036), "two steps late [MFA-1]");
    tap_ok(!matches(MX_S("081805"), first, 37037036), "another code");
    tap_ok(!matches(MX_S("81804"), first, 37037036), "a digit short");
    tap_ok(!matches(MX_S("0818040"), first, 37037036), "a digit more");
    tap_ok(!matches(MX_S(""), first, 37037036), "nothing");
    tap_ok(!matches((struct mx_str){0}, first, 37037036), "absent");
}

static void texts(void)
{
    char shop[601];
    struct mx_str uri;

    tap_str(mx_base32(a, "12345678901234567890", 20), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "base32");
    tap_str(mx_base32(a, "\xff\x00\x10\x83\x10", 5), "74ABBAYQ", "of binary bytes");
    tap_str(mx_base32(a, "f", 1), "MY", "is not padded");
    tap_str(mx_totp_uri(a, MX_S("Caf\xc3\xa9 & Co"), MX_S("a+b@x.test"), MX_S("MY")),
            "otpauth://totp/Caf%C3%A9%20%26%20Co:a%2Bb%40x.test?secret=MY"
            "&issuer=Caf%C3%A9%20%26%20Co&algorithm=SHA1&digits=6&period=30",
            "otpauth address");
    memset(shop, '&', sizeof(shop) - 1);
    shop[sizeof(shop) - 1] = '\0';
    uri = mx_totp_uri(a, mx_str_c(shop), MX_S("a@x.test"), MX_S("MY"));
    tap_ok(mx_str_ends(uri, MX_S("%26&algorithm=SHA1&digits=6&period=30")),
           "is whole, however long the name of the shop");
}

int main(void)
{
    a = mx_arena_new(4096, 1 << 20);
    vectors();
    window();
    texts();
    mx_arena_free(a);
    return tap_done();
}
