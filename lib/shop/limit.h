/* Limits on attempts: token buckets in the host's memory. An attempt may stand under several limits
 * and takes one token of each, before the work that it asks for, or none at all. */
#ifndef MX_SHOP_LIMIT_H
#define MX_SHOP_LIMIT_H

#include "base/ctx.h"

/* A bucket: `burst` tokens, of which `per_min` come back a minute, or `per_hour` an hour where that
 * is set. */
struct mx_limit {
    struct mx_str bucket;
    int64_t burst, per_min, per_hour;
};

/* Limits that an attempt may stand under. */
#define MX_LIMITS_MAX 3
/* The limits of what anybody may do to the account of address `key`: of one client, of all, and of
 * all to all accounts. `act` names the buckets. Returns how many. */
size_t mx_limits_of(struct mx_ctx *cx, const char *act, struct mx_str key,
                    struct mx_limit limits[MX_LIMITS_MAX]);
/* The same for wrong codes that were mailed to `key`. */
size_t mx_limits_of_codes(struct mx_ctx *cx, struct mx_str key,
                          struct mx_limit limits[MX_LIMITS_MAX]);

/* Take one token of each of the `n` limits (at least one). False when a bucket is empty: none is
 * taken. *ret_rate tells of the bucket that refused, or of the last one. */
bool mx_limits_take(struct mx_ctx *cx, const struct mx_limit *limits, size_t n,
                    struct mx_rate *ret_rate) MX_MUST_CHECK;
/* Give the tokens back: the attempt does not count. */
void mx_limits_give(struct mx_ctx *cx, const struct mx_limit *limits, size_t n);

/* Take one of each of mx_limits_of for good. False: `key` has had its share of `act`. */
bool mx_limits_allow(struct mx_ctx *cx, const char *act, struct mx_str key) MX_MUST_CHECK;

/* Let the answer tell of the bucket that refused; returns MX_E_RATE_LIMITED. */
enum mx_err mx_limit_exceeded(struct mx_ctx *cx, struct mx_rate refused);

#endif
