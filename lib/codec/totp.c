#include "codec/totp.h"

#include <liboath/oath.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/secret.h"
#include "codec/uri.h"

#define URI_WORDS 128 /* what of a URI stands around its values */

/* Once a process: the library wants it before all else. */
static void start(void)
{
    static bool started;

    if (!started && oath_init() != OATH_OK)
        MX_BUG("liboath does not start");
    started = true;
}

int64_t mx_totp_step(int64_t now_ms)
{
    return now_ms / 1000 / MX_TOTP_STEP_S;
}

void mx_totp_code(struct mx_str secret, int64_t step, char ret_code[MX_TOTP_DIGITS + 1])
{
    start();
    MX_ASSERT(step >= 0);
    if (oath_hotp_generate(secret.p, secret.n, (uint64_t)step, MX_TOTP_DIGITS, false,
                           OATH_HOTP_DYNAMIC_TRUNCATION, ret_code) != OATH_OK)
        MX_BUG("liboath gives no code");
}

bool mx_totp_match(struct mx_str secret, struct mx_str code, int64_t now_ms, int64_t *ret_step)
{
    int64_t now = mx_totp_step(now_ms), found = -1;
    char good[MX_TOTP_DIGITS + 1], given[MX_TOTP_DIGITS] = {0};

    if (code.n != sizeof(given))
        return false;
    memcpy(given, code.p, sizeof(given));
    for (int64_t step = now - MX_TOTP_WINDOW; step <= now + MX_TOTP_WINDOW; step++) {
        mx_totp_code(secret, step, good);
        if (mx_secret_eq(good, given, sizeof(given)))
            found = step;
    }
    mx_secret_wipe(good, sizeof(good));
    if (found >= 0)
        *ret_step = found;
    return found >= 0;
}

struct mx_str mx_base32(struct mx_arena *a, const void *p, size_t n)
{
    char *text = NULL;
    size_t len = 0;
    struct mx_str out;

    start();
    if (oath_base32_encode(p, n, &text, &len) != OATH_OK)
        MX_BUG("liboath gives no base32");
    while (len > 0 && text[len - 1] == '=')
        len--;
    out = mx_str_dup(a, (struct mx_str){text, len});
    mx_secret_wipe(text, len);
    free(text);
    return out;
}

struct mx_str mx_totp_uri(struct mx_arena *a, struct mx_str issuer, struct mx_str account,
                          struct mx_str secret)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 3 * (2 * issuer.n + account.n) + secret.n + URI_WORDS);
    mx_buf_c(&out, "otpauth://totp/");
    mx_uri_encode(&out, issuer);
    mx_buf_c(&out, ":");
    mx_uri_encode(&out, account);
    mx_buf_fmt(&out, "?secret=%.*s&issuer=", MX_FMT(secret));
    mx_uri_encode(&out, issuer);
    mx_buf_fmt(&out, "&algorithm=SHA1&digits=%d&period=%d", MX_TOTP_DIGITS, MX_TOTP_STEP_S);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}
