/* Another address for an account: asked for with the password, confirmed by a code that is mailed
 * to the new address. The pending address and its code are one row, and the code is good for that
 * address alone. Rows are locked in the order account, codes, sessions. */
#ifndef MX_ACCOUNT_EMAIL_CHANGE_H
#define MX_ACCOUNT_EMAIL_CHANGE_H

#include "account/account.h"
#include "account/mailed_code.h"

struct mx_email_change {
    struct mx_str email, password;
};
/* Ask; runs its own transaction. A code goes to the new address and a notice to the old one; an
 * earlier code ends. *ret_handle is that of the code (account/mailed_code.h). Where the new address
 * is another's, its owner gets a notice instead, and when it or the caller has had their share of
 * mail nothing is sent and an earlier code stays good: the answer is the same.
 * MX_E_VALIDATION_FAILED, MX_E_INVALID_CREDENTIALS, counted with the owner's sign-ins,
 * MX_E_RATE_LIMITED, MX_E_OVERLOADED. */
enum mx_err mx_email_change_ask(struct mx_ctx *cx, const struct mx_email_change *in,
                                struct mx_str *ret_handle) MX_MUST_CHECK;

/* Confirm in the present transaction. Codes for a new password end, and so do the caller's other
 * sessions; the old address is told. MX_E_EMAIL_TAKEN when another account has taken the address
 * meanwhile, MX_E_NOT_FOUND when the caller's account is closed; with MX_OK, MX_E_CODE_INVALID may
 * stand in *ret_refused: a try was counted and the transaction must commit. */
enum mx_err mx_email_change_confirm(struct mx_ctx *cx, const struct mx_mailed_code *code,
                                    struct mx_profile *ret_profile,
                                    enum mx_err *ret_refused) MX_MUST_CHECK;

#endif
