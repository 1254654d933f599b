/* Once only (API section 1): the transaction around a handler, and the answer that commits with its
 * effect.
 *
 * The key's row, with the answer, is written in the transaction that has the request's effect, last
 * before COMMIT: that of the route (MX_R_TX), or the one that a rule says is it (mx_db_effect),
 * where a password is hashed or a provider asked before. So there is never an effect without its
 * row nor a row without its effect, wherever a worker dies or a connection is lost: the next
 * request with the key either finds the answer or is the first. Of two at once the second runs into
 * the unique key, rolls back and replays; on the same host it is told to wait without any work.
 * Only a refusal, or a route that changes nothing, leaves no row, or one that was written behind
 * it.
 *
 * Stored answers are encrypted under the server's secret, and an account has room for so many of
 * them (idempotency_answers, idempotency_bytes). The room is counted in the database when a host
 * meets the account; the host may then store a sixteenth of what is left before it counts again. On
 * one host the limits are exact, and each further host may exceed them by its sixteenth. */
#ifndef MX_API_IDEMPOTENCY_H
#define MX_API_IDEMPOTENCY_H

#include "http/dispatch.h"
#include "shop/holding.h"

/* As struct mx_hooks says of `run`. */
enum mx_err mx_idempotency_run(struct mx_ctx *cx, const struct mx_route *route,
                               const struct mx_req *req, const struct mx_work *work,
                               struct mx_res *res) MX_MUST_CHECK;

/* Of table idempotency, see shop/holding.h. */
enum mx_err mx_idempotency_merge(struct mx_ctx *cx, struct mx_id guest,
                                 struct mx_id account) MX_MUST_CHECK;
enum mx_err mx_idempotency_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_idempotency_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

#endif
