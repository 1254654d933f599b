/* A new password: by who knows the present one, or by who reads the mail of the address. Either way
 * everything that rested on the old one ends: sessions, codes under way, a change of address that
 * is not confirmed; and the owner is told. A second factor stays. Rows are locked in the order
 * account, codes, sessions. */
#ifndef MX_ACCOUNT_PASSWORD_CHANGE_H
#define MX_ACCOUNT_PASSWORD_CHANGE_H

#include "account/mailed_code.h"

struct mx_password_change {
    struct mx_str current_password, password;
};
/* Change the caller's password; runs its own transactions. The caller's other sessions end.
 * MX_E_VALIDATION_FAILED (weak), MX_E_INVALID_CREDENTIALS, counted with the owner's sign-ins,
 * MX_E_RATE_LIMITED, MX_E_OVERLOADED, MX_E_UNAUTHORIZED (the account is closed). */
enum mx_err mx_password_change_own(struct mx_ctx *cx,
                                   const struct mx_password_change *in) MX_MUST_CHECK;

/* Mail a code for a new password to the owner of `email`, if there is one; runs its own
 * transaction. *ret_handle is that of the code (account/mailed_code.h). The same work and the same
 * answer either way, and also when the address has had its share of mail: then nothing is sent.
 * Earlier codes stay good. MX_E_VALIDATION_FAILED: no address. */
enum mx_err mx_password_forgot(struct mx_ctx *cx, struct mx_str email,
                               struct mx_str *ret_handle) MX_MUST_CHECK;

struct mx_password_reset {
    struct mx_str email, password;
    struct mx_mailed_code code;
};
/* Set the password by that code; runs its own transactions. All sessions end and none begins. A
 * weak password leaves the code good. MX_E_CODE_INVALID, MX_E_VALIDATION_FAILED,
 * MX_E_OVERLOADED. */
enum mx_err mx_password_reset_by_code(struct mx_ctx *cx,
                                      const struct mx_password_reset *in) MX_MUST_CHECK;

#endif
