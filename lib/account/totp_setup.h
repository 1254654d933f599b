/* Enrolling and removing second factors of the caller's own account. Each change is told to the
 * owner by mail and stands in the audit log. Routes that call these but mx_totp_setup_remove are
 * MX_R_RECENT_AUTH. */
#ifndef MX_ACCOUNT_TOTP_SETUP_H
#define MX_ACCOUNT_TOTP_SETUP_H

#include "base/ctx.h"
#include "base/list.h"

/* The seed of an authenticator app, which is a factor once it is confirmed. */
struct mx_totp_seed {
    struct mx_str secret;      /* base32 */
    struct mx_str otpauth_uri; /* the same as a QR code shows it */
};

/* Make a seed in the present transaction; one that waits for its code ends. MX_E_FORBIDDEN: a
 * guest, who never signs in. MX_E_CONFLICT: an app is enrolled already. MX_E_UNAUTHORIZED: the
 * account is closed. */
enum mx_err mx_totp_setup_begin(struct mx_ctx *cx, struct mx_totp_seed *ret_seed) MX_MUST_CHECK;
/* The app shows its first code, which is spent by that: signing in takes a second factor from now
 * on. This session counts as having passed it, all others end. *ret_codes are the recovery codes
 * (struct mx_str), seen this once. MX_E_CODE_INVALID; MX_E_CONFLICT: no seed waits. */
enum mx_err mx_totp_setup_confirm(struct mx_ctx *cx, struct mx_str code,
                                  struct mx_list *ret_codes) MX_MUST_CHECK;
/* Remove the app and the recovery codes; runs its own transaction. Sessions count as without a
 * second factor from now on. MX_E_NOT_FOUND; errors of mx_signin_with_password. */
enum mx_err mx_totp_setup_remove(struct mx_ctx *cx, struct mx_str password) MX_MUST_CHECK;
/* New recovery codes in place of the old ones, in the present transaction. MX_E_CONFLICT: the
 * account has no second factor. */
enum mx_err mx_totp_setup_new_codes(struct mx_ctx *cx, struct mx_list *ret_codes) MX_MUST_CHECK;

#endif
