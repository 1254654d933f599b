/* One-time passwords of an authenticator app (RFC 6238): HMAC-SHA-1 over the number of the
 * 30-second step as a 64-bit counter, six digits. liboath computes them; totp.c is the only file
 * that sees it. */
#ifndef MX_CODEC_TOTP_H
#define MX_CODEC_TOTP_H

#include "base/str.h"

#define MX_TOTP_SECRET 20 /* bytes, as many as SHA-1 gives: RFC 4226 section 4, R6 */
#define MX_TOTP_DIGITS 6
#define MX_TOTP_STEP_S 30
#define MX_TOTP_WINDOW 1 /* steps before and after the present one whose codes are good, too */

/* The step that `now_ms` (Unix milliseconds) is in. */
int64_t mx_totp_step(int64_t now_ms);
/* The code of a step (not negative), NUL-terminated. */
void mx_totp_code(struct mx_str secret, int64_t step, char ret_code[MX_TOTP_DIGITS + 1]);
/* True when `code` is one of the present steps' (MX_TOTP_WINDOW); *ret_step is its step. Takes the
 * same time whichever it is, and whether or not it is one. */
bool mx_totp_match(struct mx_str secret, struct mx_str code, int64_t now_ms,
                   int64_t *ret_step) MX_MUST_CHECK;

/* `n` bytes (at least one) in base32 of RFC 4648 without padding, in `a`. */
struct mx_str mx_base32(struct mx_arena *a, const void *p, size_t n);
/* The otpauth:// address that authenticator apps read as a QR code, in `a`; `secret` in base32. */
struct mx_str mx_totp_uri(struct mx_arena *a, struct mx_str issuer, struct mx_str account,
                          struct mx_str secret);

#endif
