/* Ways to sign in: as a guest, by registering, by proving the address, by password. Where an answer
 * could tell whether an address is known, it and the work behind it are the same either way.
 *
 * Every way into an account that exists, here or elsewhere (provider, passkey), proves its own
 * factor and then ends in mx_signin_finish: the one place that may demand a second factor and the
 * one that starts the session. Its result is answered by api_auth_signed_in (api/account/auth.h).
 */
#ifndef MX_ACCOUNT_SIGNIN_H
#define MX_ACCOUNT_SIGNIN_H

#include "account/mailed_code.h"
#include "account/session.h"

struct mx_register {
    struct mx_str email, password, name;
};
struct mx_verify {
    struct mx_str email;
    struct mx_mailed_code code;
};
struct mx_login {
    struct mx_str email, password;
    struct mx_str refresh_token; /* absent, or of a session of the account, dead or alive */
};

/* By what the caller proved to be the account. */
enum mx_first_factor {
    MX_FIRST_PASSWORD,
    MX_FIRST_PROVIDER, /* OpenID Connect */
    MX_FIRST_PASSKEY   /* with the user verified: is both factors */
};

/* A second factor that is sent after the first. */
struct mx_second {
    struct mx_str mfa_token;
    int method; /* enum mx_mfa_method */
    struct mx_str code;
};

/* Outcome of signing in: tokens; or, where the account has a second factor that is still to be
 * proved, nothing but the token that POST /v1/auth/mfa takes and the methods it may be used with.
 */
struct mx_signin {
    struct mx_str mfa_token; /* absent: signed in */
    struct mx_list methods;  /* struct mx_str */
    struct mx_tokens tokens; /* filled when signed in */
};

/* A new anonymous account with a session, in the present transaction. `locale` absent: what the
 * caller's Accept-Language says. */
enum mx_err mx_signin_guest(struct mx_ctx *cx, struct mx_str locale,
                            struct mx_tokens *ret_tokens) MX_MUST_CHECK;

/* Outcome of registering. */
struct mx_registered {
    bool signed_in;          /* the account exists and `tokens` are its own */
    struct mx_tokens tokens; /* filled when signed in */
    struct mx_str handle;    /* otherwise: of the code (account/mailed_code.h) */
};

/* Register; runs its own transaction. With verify_email a code is mailed, or a notice to the owner
 * of a taken address, and the answer is a handle in both cases, and also when the address has had
 * its share of mail: then nothing is sent. Earlier codes stay good. Else the account exists at
 * once. A guest who registers keeps the account. MX_E_VALIDATION_FAILED, MX_E_EMAIL_TAKEN (only
 * without verify_email), MX_E_OVERLOADED. */
enum mx_err mx_signin_register(struct mx_ctx *cx, const struct mx_register *in,
                               struct mx_registered *ret_registered) MX_MUST_CHECK;

/* Prove an address in the present transaction and make the account of the sign-up whose handle and
 * code these are; others of the address end. A wrong code costs that sign-up alone a try.
 * MX_E_CODE_INVALID; with MX_OK that error may stand in *ret_refused: a try was counted and the
 * transaction must commit. */
enum mx_err mx_signin_verify(struct mx_ctx *cx, const struct mx_verify *in,
                             struct mx_tokens *ret_tokens, enum mx_err *ret_refused) MX_MUST_CHECK;

/* Make an account without a password, in the present transaction, for somebody who has proved
 * `email` (`key` is its canonical form; both absent: none). A guest who calls keeps the account.
 * MX_E_DUPLICATE when the address is taken. */
enum mx_err mx_signin_make_account(struct mx_ctx *cx, struct mx_str email, struct mx_str key,
                                   struct mx_str name, struct mx_id *ret_id) MX_MUST_CHECK;

/* Sign in by password; runs its own transaction. A guest's cart is merged. Wrong passwords are
 * counted before anything is hashed, known address or not: by e-mail and client address, and by
 * e-mail for all clients. A caller who shows a token of a session of the very account has a count
 * of its own, so that strangers cannot keep its owner out: a live access token, or any refresh
 * token that the device ever got, also a spent one or one of a session that has ended. It gives
 * nothing but that. MX_E_INVALID_CREDENTIALS, MX_E_RATE_LIMITED, MX_E_OVERLOADED. */
enum mx_err mx_signin_login(struct mx_ctx *cx, const struct mx_login *in,
                            struct mx_signin *ret_signin) MX_MUST_CHECK;

/* The last step of every way to sign in, in the present transaction, once the caller has proved by
 * `first` to be `account` (open, a customer's or staff's): demands the second factor that the
 * account has, or merges the cart of the guest that calls and starts a session. MX_E_NOT_FOUND when
 * the account is closed. */
enum mx_err mx_signin_finish(struct mx_ctx *cx, struct mx_id account, enum mx_first_factor first,
                             struct mx_signin *ret_signin) MX_MUST_CHECK;

/* The second half of a sign-in that mx_signin_finish interrupted, in the present transaction: takes
 * a code and ends as the first half would have, with the cart of the guest who began it. Wrong
 * codes are counted before they are looked at: of the challenge, of account and client address, and
 * of the account. MX_E_INVALID_MFA_TOKEN, MX_E_RATE_LIMITED, MX_E_NOT_FOUND when the account has
 * closed; with MX_OK MX_E_INVALID_MFA_CODE may stand in *ret_refused: a try was counted and the
 * transaction must commit. */
enum mx_err mx_signin_second(struct mx_ctx *cx, const struct mx_second *in,
                             struct mx_tokens *ret_tokens, enum mx_err *ret_refused) MX_MUST_CHECK;

/* Use of a proved password. Both steps may run again, `prepare` before each `commit`. */
struct mx_proved {
    enum mx_err (*prepare)(void *arg); /* NULL: nothing; slow work, outside of a transaction */
    enum mx_err (*commit)(void *arg);  /* NULL: nothing; in the transaction, the account locked */
    void *arg;
};
/* Check the caller's own password, then do that, in a transaction with the proof that it still is
 * the password. Wrong passwords are counted with those of the owner's sign-ins.
 * MX_E_INVALID_CREDENTIALS, also where the account has no password; MX_E_RATE_LIMITED,
 * MX_E_OVERLOADED; what the steps return. */
enum mx_err mx_signin_prove(struct mx_ctx *cx, struct mx_str password,
                            const struct mx_proved *then) MX_MUST_CHECK;
/* The same with a `commit` alone. */
enum mx_err mx_signin_with_password(struct mx_ctx *cx, struct mx_str password,
                                    enum mx_err (*then)(void *arg), void *arg) MX_MUST_CHECK;

/* The caller proves again to be there: the session counts as freshly signed in (MX_R_RECENT_AUTH)
 * from now on. Errors as mx_signin_with_password; MX_E_UNAUTHORIZED when the session has ended. */
enum mx_err mx_signin_again(struct mx_ctx *cx, struct mx_str password) MX_MUST_CHECK;

/* The passkey of `account` as the second factor of the sign-in that `mfa_token` is for, in the
 * present transaction, which must commit when MX_OK is returned: *ret_refused may be
 * MX_E_INVALID_CREDENTIALS, when the sign-in is that of another account.
 * MX_E_INVALID_MFA_TOKEN. */
enum mx_err mx_signin_second_passkey(struct mx_ctx *cx, struct mx_str mfa_token,
                                     struct mx_id account, struct mx_tokens *ret_tokens,
                                     enum mx_err *ret_refused) MX_MUST_CHECK;

#endif
