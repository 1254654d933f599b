/* What the dispatch gates need from database and shared memory: authentication, live permissions,
 * rate classes, idempotency and the transaction around a handler.
 *
 * Idempotency (API section 1): for routes in a transaction the key's row is written in that same
 * transaction, after the handler and before COMMIT; a second use runs into the unique key (or into
 * the handler's own refusal), rolls back and replays the stored answer. Routes that run their own
 * transactions (password hashing between them) claim the key first. Stored answers are encrypted
 * under the server's secret. */
#ifndef MX_API_GATE_H
#define MX_API_GATE_H

#include "codec/token.h"
#include "http/dispatch.h"

extern const struct mx_hooks mx_gate_hooks;

/* Once a worker, before the first request; `a` is scratch. */
void mx_gate_init(struct mx_arena *a, const struct mx_settings *conf, const struct mx_keys *keys,
                  struct mx_shared *shared);

/* Behind mx_dispatch, which returned `e`: a refusal of permission, and proof of identity that
 * failed (passwords, mailed codes, assertions), go to the audit log, within bounds (shop/audit.h).
 */
void mx_gate_refused(struct mx_ctx *cx, enum mx_err e);

/* Between requests: learn, once in a while a host, which sessions other hosts ended. */
void mx_gate_idle(struct mx_db *db);

#endif
