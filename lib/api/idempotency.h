/* Once only: the transaction around a handler and the answer that is stored with its effect.
 *
 * Idempotency (API section 1): for routes in a transaction the key's row is written in that same
 * transaction, after the handler and before COMMIT; a second use runs into the unique key (or into
 * the handler's own refusal), rolls back and replays the stored answer. Routes that run their own
 * transactions (password hashing between them) claim the key first. Stored answers are encrypted
 * under the server's secret. */
#ifndef MX_API_IDEMPOTENCY_H
#define MX_API_IDEMPOTENCY_H

#include "http/dispatch.h"
#include "shop/holding.h"

/* As struct mx_hooks says of `run`. */
enum mx_err mx_idempotency_run(struct mx_ctx *cx, const struct mx_route *route,
                               const struct mx_req *req, enum mx_err (*call)(void *arg), void *arg,
                               struct mx_res *res) MX_MUST_CHECK;

/* Of table idempotency, see shop/holding.h. */
enum mx_err mx_idempotency_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_idempotency_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

#endif
