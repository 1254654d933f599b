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
#define MX_RECOVERY_CODES 10
/* Life of a challenge, and the codes that it takes. */
#define MX_CHALLENGE_TTL_MS (INT64_C(5) * 60 * 1000)
#define MX_CHALLENGE_ATTEMPTS 5

enum mx_mfa_method { MX_MFA_TOTP, MX_MFA_RECOVERY_CODE };
/* Wire names of enum mx_mfa_method, NULL-terminated: what POST /v1/auth/mfa takes. */
extern const char *const mx_mfa_method_names[];
/* What a session remembers of a method. */
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

/* Ten new recovery codes (struct mx_str) in place of the account's old ones, in the present
 * transaction: 120 random bits each, the only time that they are seen. */
enum mx_err mx_mfa_new_codes(struct mx_ctx *cx, struct mx_id account,
                             struct mx_list *ret_codes) MX_MUST_CHECK;

/* Mail the owner (who has an address) and write an audit row about a change of second factors:
 * template and action have the same name ("mfa_enrolled"). `vars` as in mx_mail_queue. */
enum mx_err mx_mfa_tell(struct mx_ctx *cx, struct mx_id account, const char *what,
                        struct mx_list vars) MX_MUST_CHECK;

/* Forget all second factors and codes of an account that closes, in the present transaction. */
enum mx_err mx_mfa_forget(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;

/* ---- challenges ---- */

struct mx_challenge {
    struct mx_hash token_hash;
    struct mx_id account;
    struct mx_id guest; /* who signs in; none: no guest */
    int64_t attempts;   /* the present one included */
};

/* The first factor of `account` was proved: make the token (opaque, 256 random bits) by which the
 * second may follow. Sessions' ends (account/session.h) end the challenges of the account, too. */
enum mx_err mx_challenge_make(struct mx_ctx *cx, struct mx_id account, struct mx_id guest,
                              struct mx_str *ret_token) MX_MUST_CHECK;
/* Count a try before its code is looked at; the present transaction must commit. The row is locked
 * until then. MX_E_INVALID_MFA_TOKEN: none such, expired, or no try left. */
enum mx_err mx_challenge_try(struct mx_ctx *cx, struct mx_str token,
                             struct mx_challenge *ret_challenge) MX_MUST_CHECK;
/* It was answered, rightly: it ends. */
enum mx_err mx_challenge_end(struct mx_ctx *cx, const struct mx_challenge *c) MX_MUST_CHECK;
/* It was answered wrongly: with its last try the owner is told that somebody has the first factor.
 */
enum mx_err mx_challenge_failed(struct mx_ctx *cx, const struct mx_challenge *c) MX_MUST_CHECK;

/* Of table totp, see shop/holding.h. */
enum mx_err mx_totp_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
extern const struct mx_sealed_column mx_totp_sealed;

/* Of table recovery_code, see shop/holding.h. */
enum mx_err mx_recovery_codes_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
