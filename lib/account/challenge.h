/* Sign-ins that have proved their first factor and wait for the second: an opaque token, of which a
 * SHA-256 is kept, that some codes may be tried with for some minutes. */
#ifndef MX_ACCOUNT_CHALLENGE_H
#define MX_ACCOUNT_CHALLENGE_H

#include "base/ctx.h"
#include "codec/secret.h"

/* Life of a challenge, and the codes that it takes. */
#define MX_CHALLENGE_TTL_MS (INT64_C(5) * 60 * 1000)
#define MX_CHALLENGE_ATTEMPTS 5

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
/* All of an account end, in the present transaction. */
enum mx_err mx_challenges_end(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;

#endif
