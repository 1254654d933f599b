/* Recovery codes, which stand in for a lost authenticator app: ten at a time, 120 random bits each,
 * one use each. Of a code a SHA-256 is kept. */
#ifndef MX_ACCOUNT_RECOVERY_CODE_H
#define MX_ACCOUNT_RECOVERY_CODE_H

#include "account/mfa.h"

#define MX_RECOVERY_CODES 10

/* Ten new codes (struct mx_str) in place of the account's old ones, in the present transaction: the
 * only time that they are seen. */
enum mx_err mx_recovery_codes_new(struct mx_ctx *cx, struct mx_id account,
                                  struct mx_list *ret_codes) MX_MUST_CHECK;
/* Forget the account's, in the present transaction. */
enum mx_err mx_recovery_codes_drop(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;
/* Spend a code in the present transaction; either case, with or without dashes and blanks. Its use
 * is told to the owner by mail. */
enum mx_err mx_recovery_code_use(struct mx_ctx *cx, struct mx_id account, struct mx_str code,
                                 enum mx_mfa_verdict *ret_verdict) MX_MUST_CHECK;

/* Of table recovery_code, see shop/holding.h. */
enum mx_err mx_recovery_codes_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
