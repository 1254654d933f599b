/* Second factors of an account, and sign-ins that wait for one. An account has a second factor when
 * its authenticator app is confirmed (account/totp_setup.h); then it also has recovery codes, which
 * stand in for a lost app. A passkey (account/passkey.h) passes a challenge, too. It demands one
 * only of staff who need a second factor, since a customer has nothing that stands in for a lost
 * passkey. A code is good once, ever: the UPDATE that spends it decides. Seeds of apps are sealed;
 * of recovery codes and tokens of challenges, long and random, a SHA-256 is kept.
 */
#ifndef MX_ACCOUNT_MFA_H
#define MX_ACCOUNT_MFA_H

#include "account/session.h"

/* Characters of a code as callers send it. */
#define MX_MFA_CODE_MIN 6
#define MX_MFA_CODE_MAX 64

enum mx_mfa_method { MX_MFA_TOTP, MX_MFA_RECOVERY_CODE };
/* Wire names of enum mx_mfa_method, NULL-terminated: what POST /v1/auth/mfa takes. */
extern const char *const mx_mfa_method_names[];
/* The value by which a session remembers a method. */
enum mx_second_factor mx_mfa_second(enum mx_mfa_method m);

/* By what the account can pass a challenge: struct mx_str of wire names; none when it has no second
 * factor. */
enum mx_err mx_mfa_methods(struct mx_ctx *cx, struct mx_id account,
                           struct mx_list *ret_methods) MX_MUST_CHECK;

enum mx_mfa_verdict {
    MX_MFA_RIGHT,
    MX_MFA_SPENT, /* was right once; no guess, but of no use */
    MX_MFA_WRONG
};
/* Take a code of the account in the present transaction; a right one is spent. Recovery codes are
 * read in either case, with or without dashes and spaces; their use is told to the owner by mail.
 * MX_E_UNAVAILABLE when the seed cannot be opened. */
enum mx_err mx_mfa_use(struct mx_ctx *cx, struct mx_id account, enum mx_mfa_method method,
                       struct mx_str code, enum mx_mfa_verdict *ret_verdict) MX_MUST_CHECK;

/* Whether the caller may enrol a factor: where the account can pass a challenge, only a session
 * that passed one adds to what does. In the present transaction, which holds the account.
 * MX_E_FORBIDDEN, or MX_E_UNAUTHORIZED: the session has ended. */
enum mx_err mx_mfa_may_enrol(struct mx_ctx *cx) MX_MUST_CHECK;

/* Mail the owner (who has an address) and write an audit row about a change of second factors:
 * template and action have the same name ("mfa_enrolled"). `vars` as in mx_mail_queue. */
enum mx_err mx_mfa_tell(struct mx_ctx *cx, struct mx_id account, const char *what,
                        struct mx_list vars) MX_MUST_CHECK;

/* Forget all second factors and codes of an account that closes, in the present transaction. */
enum mx_err mx_mfa_forget(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;

#endif
