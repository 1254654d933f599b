/* Enrolling and removing second factors of the caller's own account. Each change is told to the
 * owner by mail and stands in the audit log. Routes that call these but mx_totp_setup_remove are
 * MX_R_RECENT_AUTH. */
#ifndef MX_ACCOUNT_TOTP_SETUP_H
#define MX_ACCOUNT_TOTP_SETUP_H

#include "account/mfa.h"

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

/* Take a code of the account's app in the present transaction: good once, ever, for the UPDATE that
 * spends its step decides. An app that is not confirmed has none. MX_E_UNAVAILABLE when the seed
 * does not open. */
enum mx_err mx_totp_use(struct mx_ctx *cx, struct mx_id account, struct mx_str code,
                        enum mx_mfa_verdict *ret_verdict) MX_MUST_CHECK;

/* Of table totp, see shop/holding.h. */
enum mx_err mx_totp_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
extern const struct mx_sealed_column mx_totp_sealed;

#endif
