/* Passkeys (WebAuthn): register, list, name, remove, and sign in by one. The authenticator checks
 * who uses it, so a passkey is both factors at once. A challenge is good for five minutes, for its
 * use (and session, when registering) and for one answer; the caller's own data never leaves the
 * server in an answer to somebody who has not signed in. */
#ifndef MX_ACCOUNT_PASSKEY_H
#define MX_ACCOUNT_PASSKEY_H

#include "account/signin.h"
#include "codec/passkey.h"

#define MX_PASSKEYS_MAX 20

/* One that the caller has. */
struct mx_passkey {
    struct mx_id id;
    struct mx_str credential; /* absent but in a list */
    struct mx_str name;
    bool backed_up;
    struct mx_time created_at, last_used_at; /* never used: 0 */
};

/* True when this store offers passkeys (setting passkey_rp_id). */
bool mx_passkey_offered(const struct mx_settings *conf);

/* A challenge for signing in, base64url. */
struct mx_str mx_passkey_sign_in_challenge(struct mx_ctx *cx);
/* A challenge for registering in the caller's session, base64url. */
struct mx_str mx_passkey_register_challenge(struct mx_ctx *cx);

/* Answer of a browser, its members as bytes. */
struct mx_passkey_assertion {
    struct mx_str credential;
    struct mx_str user;      /* absent: the authenticator did not say */
    struct mx_str mfa_token; /* absent: the passkey is the whole sign-in */
    struct mx_passkey_answer answer;
};

/* Sign in, or pass the challenge of a sign-in, in the present transaction. MX_E_INVALID_MFA_TOKEN;
 * MX_E_INVALID_CREDENTIALS when nothing is to be written; with
 * MX_OK that error may stand in *ret_refused: an audit row was written and the transaction must
 * commit. */
enum mx_err mx_passkey_sign_in(struct mx_ctx *cx, const struct mx_passkey_assertion *in,
                               struct mx_signin *ret_signin,
                               enum mx_err *ret_refused) MX_MUST_CHECK;

struct mx_passkey_new {
    struct mx_str name, client_data, attestation;
};

/* Add a passkey to the caller's account, in the present transaction; the owner is told by mail.
 * MX_E_VALIDATION_FAILED, MX_E_CONFLICT (registered already, or MX_PASSKEYS_MAX are there),
 * MX_E_FORBIDDEN for a guest. */
enum mx_err mx_passkey_register(struct mx_ctx *cx, const struct mx_passkey_new *in,
                                struct mx_passkey *ret_passkey) MX_MUST_CHECK;

/* All of the caller's, oldest first: a list of struct mx_passkey. */
enum mx_err mx_passkey_list(struct mx_ctx *cx, struct mx_list *ret_passkeys) MX_MUST_CHECK;
/* In the present transaction; an absent name stays. MX_E_NOT_FOUND. */
enum mx_err mx_passkey_rename(struct mx_ctx *cx, struct mx_id id, struct mx_str name,
                              struct mx_passkey *ret_passkey) MX_MUST_CHECK;
/* In the present transaction; the owner is told by mail. MX_E_NOT_FOUND; MX_E_CONFLICT when there
 * is no other way to sign in. */
enum mx_err mx_passkey_remove(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* Of table passkey, see shop/holding.h. */
enum mx_err mx_passkey_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
