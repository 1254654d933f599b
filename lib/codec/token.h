/* Access tokens (JWT, RFC 7519/9068 claims): signed tokens (codec/jws.h) of at most 4 KiB with a
 * `typ`, a key that `kid` names, and claims that our own walker checks. Keys: codec/keys.h. */
#ifndef MX_CODEC_TOKEN_H
#define MX_CODEC_TOKEN_H

#include "base/clock.h"
#include "base/id.h"
#include "codec/keys.h"

#define MX_TOKEN_MAX 4096
#define MX_TOKEN_LEEWAY_S 30
#define MX_TOKEN_LIFE_MAX_S 900 /* exp - iat beyond this is refused */

struct mx_claims {
    struct mx_id account; /* sub */
    struct mx_id session; /* sid */
    struct mx_id jti;
    int64_t iat, nbf, exp; /* seconds */
    struct mx_str scope;   /* "guest", "customer" or "staff" */
    struct mx_str roles;   /* space-separated role names of staff; absent otherwise */
};

/* Sign with the active key. */
enum mx_err mx_token_sign(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                          const char *audience, const struct mx_claims *claims,
                          struct mx_str *ret_token) MX_MUST_CHECK;
/* Verify fully at `now_s`. MX_E_UNAUTHORIZED on any doubt; *ret_why is a literal for the log only.
 */
enum mx_err mx_token_verify(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                            const char *audience, struct mx_str token, int64_t now_s,
                            struct mx_claims *ret_claims, const char **ret_why) MX_MUST_CHECK;

#endif
