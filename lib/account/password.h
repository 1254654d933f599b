/* Passwords: what a new one must be, and hashing under the cap of hashes at once that all workers
 * share. Never call the hashing functions inside a transaction: they take tens of milliseconds. */
#ifndef MX_ACCOUNT_PASSWORD_H
#define MX_ACCOUNT_PASSWORD_H

#include "base/ctx.h"

/* Characters of a new password; checked where requests are read. */
#define MX_PASSWORD_MIN 8
#define MX_PASSWORD_MAX 200
/* Staff; checked by mx_password_accept, where it is known who they are. */
#define MX_PASSWORD_MIN_STAFF 15

/* The future owner of a password. */
struct mx_password_owner {
    struct mx_str email, name; /* absent: unknown */
    bool staff;
};

/* Check a new password: not easily guessed by who knows the most common ones, the owner's name and
 * address and the shop's name (codec/strength.h), and long enough for staff. MX_E_VALIDATION_FAILED
 * with a fault of "/password": weak_password, with the reason, or too_short. Never asked when
 * signing in. */
enum mx_err mx_password_accept(struct mx_ctx *cx, struct mx_str password,
                               const struct mx_password_owner *owner) MX_MUST_CHECK;
/* MX_E_OVERLOADED when all slots are taken and enough wait for one: ask before what a hash is
 * prepared by, so that refusing under a flood costs nothing. */
enum mx_err mx_password_room(struct mx_ctx *cx) MX_MUST_CHECK;
/* Hash under the cap, after a wait of password_wait_ms at most; *ret_phc is in the request's arena.
 * MX_E_OVERLOADED when too many wait or none of them was done in time, MX_E_UNAVAILABLE when memory
 * is short. */
enum mx_err mx_password_make(struct mx_ctx *cx, struct mx_str password,
                             struct mx_str *ret_phc) MX_MUST_CHECK;
/* Compare under the cap; an absent `phc` (no such account) costs the same and never matches.
 * MX_E_INVALID_CREDENTIALS, MX_E_OVERLOADED. *ret_phc is the hash to store from now on: `phc`, or a
 * new one when `phc` was made with weaker parameters. */
enum mx_err mx_password_check(struct mx_ctx *cx, struct mx_str phc, struct mx_str password,
                              struct mx_str *ret_phc) MX_MUST_CHECK;

#endif
