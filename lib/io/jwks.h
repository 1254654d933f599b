/* Key sets of OpenID providers, fetched by one worker for all processes of the host and kept in
 * shared memory. A set is fresh as long as its provider says, within bounds of ours. One that is
 * not, and a key that it does not have, are reasons to fetch it again, at most once in refetch_s of
 * the provider; while that fails the old set serves on, for a day. Bounded in bytes, keys and time:
 * a call takes no longer than the time of one fetch. A process may die at any instruction: what it
 * was writing is taken over. */
#ifndef MX_IO_JWKS_H
#define MX_IO_JWKS_H

#include "codec/jwk.h"
#include "codec/oidc.h"

#define MX_JWKS_RETRY_S 10 /* while there is no set at all; or refetch_s, if that is less */
#define MX_JWKS_FRESH_MAX_S 86400
#define MX_JWKS_FRESH_S 3600 /* where the provider does not say */
#define MX_JWKS_STALE_MS INT64_C(86400000)

struct mx_jwks_cache;

/* Map an empty cache (anonymous, inherited by fork). Pages are taken when used. */
struct mx_jwks_cache *mx_jwks_cache_new(void);

/* The key of that `kid` in the provider's set. MX_E_UNAUTHORIZED: it has none; MX_E_UNAVAILABLE:
 * its set is not to be had. */
enum mx_err mx_jwks_key(struct mx_arena *a, struct mx_jwks_cache *c,
                        const struct mx_oidc_provider *p, struct mx_str kid,
                        struct mx_jwk *ret_key) MX_MUST_CHECK;

/* How long an answer with that Cache-Control (absent: none) is fresh: `min_s` to
 * MX_JWKS_FRESH_MAX_S. */
int64_t mx_jwks_fresh_s(struct mx_str cache_control, int64_t min_s);

#endif
