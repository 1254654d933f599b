/* The gates before a handler that need database and shared memory (struct mx_hooks): who calls,
 * what the caller may, and how often. */
#ifndef MX_API_AUTHN_H
#define MX_API_AUTHN_H

#include "http/dispatch.h"

/* As struct mx_hooks says. Tokens that were verified are remembered in shared memory, and ended
 * sessions are looked up there. */
enum mx_err mx_authenticate(struct mx_ctx *cx, struct mx_str bearer) MX_MUST_CHECK;
enum mx_err mx_authorize(struct mx_ctx *cx, const struct mx_route *route) MX_MUST_CHECK;
enum mx_err mx_admit(struct mx_ctx *cx, enum mx_rate_class c) MX_MUST_CHECK;

/* The caller's account, from the token or proved by the request; none: unknown. */
struct mx_id mx_caller(const struct mx_ctx *cx);

/* Behind mx_dispatch, which returned `e`: a refusal of permission, and proof of identity that
 * failed (passwords, mailed codes, assertions), go to the audit log, within bounds (shop/audit.h).
 */
void mx_refused(struct mx_ctx *cx, enum mx_err e);

/* Between requests: learn, once in a while a host, which sessions other hosts ended. */
void mx_authn_idle(const struct mx_proc *proc, struct mx_db *db);

#endif
