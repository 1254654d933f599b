/* Signing in with an OpenID provider. An identity is (issuer, subject): a row that points to
 * an account. An address opens nothing but this: a person whom nobody knows yet, and whose address
 * the provider has verified, is taken for the customer who has proved the same address to us. An
 * account that never proved it is somebody's who claimed it: it loses the address and its password
 * and is closed. Without such an address the person gets an account without one. Staff are never
 * found by address: they add the provider themselves. */
#ifndef MX_ACCOUNT_OIDC_H
#define MX_ACCOUNT_OIDC_H

#include "account/signin.h"
#include "codec/oidc.h"

/* Providers that one account may be signed in to with. */
#define MX_IDENTITIES_MAX 20

/* An ID token, the provider who made it, and the nonce that the app gave it for that. */
struct mx_id_proof {
    struct mx_str provider, id_token, nonce;
};

struct mx_identity {
    struct mx_id id;
    struct mx_str provider, issuer, subject;
    struct mx_time created_at, last_used_at;
};

/* Sign in; runs its own transaction and may fetch the provider's keys before it. A token counts
 * once. MX_E_INVALID_CREDENTIALS for any doubt (the log knows which), MX_E_VALIDATION_FAILED for an
 * unknown provider, MX_E_UNAVAILABLE when its keys are not to be had. */
enum mx_err mx_oidc_signin(struct mx_ctx *cx, const struct mx_id_proof *in,
                           struct mx_signin *ret_signin) MX_MUST_CHECK;

/* Add an identity to the caller's account; errors as above, and MX_E_CONFLICT when it is known
 * already or the account has MX_IDENTITIES_MAX. The owner is told by mail. */
enum mx_err mx_oidc_add(struct mx_ctx *cx, const struct mx_id_proof *in,
                        struct mx_identity *ret_identity) MX_MUST_CHECK;

/* The caller's, newest first; struct mx_identity. */
enum mx_err mx_oidc_list(struct mx_ctx *cx, struct mx_list *ret_list) MX_MUST_CHECK;

/* Remove one of the caller's in the present transaction and tell the owner. MX_E_NOT_FOUND;
 * MX_E_CONFLICT when there is no other way to sign in. */
enum mx_err mx_oidc_remove(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* Do what follows from a provider's signed notice about one of its users; each counts once. Without
 * the user's consent the account's sessions end; without the user the way in goes too, and the
 * owner is told. *ret_event is an enum mx_oidc_event. Runs its own transaction. MX_E_NOT_FOUND for
 * an unknown provider; else as sign-in.
 */
enum mx_err mx_oidc_obey(struct mx_ctx *cx, struct mx_str provider, struct mx_str payload,
                         int *ret_event) MX_MUST_CHECK;

/* Of table identity, see shop/holding.h. */
enum mx_err mx_identity_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
