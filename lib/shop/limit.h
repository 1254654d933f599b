/* Limits on attempts: token buckets in the host's memory. An attempt may stand under several limits
 * and takes one token of each, before the work that it asks for, or none at all. */
#ifndef MX_SHOP_LIMIT_H
#define MX_SHOP_LIMIT_H

#include "base/ctx.h"

/* A bucket: `burst` tokens, of which `per_min` come back a minute. */
struct mx_limit {
    struct mx_str bucket;
    int64_t burst, per_min;
};

/* Take one token of each of the `n` limits (at least one). False when a bucket is empty: none is
 * taken. *ret_rate tells of the bucket that refused, or of the last one. */
bool mx_limits_take(struct mx_ctx *cx, const struct mx_limit *limits, size_t n,
                    struct mx_rate *ret_rate) MX_MUST_CHECK;
/* Give the tokens back: the attempt does not count. */
void mx_limits_give(struct mx_ctx *cx, const struct mx_limit *limits, size_t n);

/* Let the answer tell of the bucket that refused; returns MX_E_RATE_LIMITED. */
enum mx_err mx_limit_exceeded(struct mx_ctx *cx, struct mx_rate refused);

#endif
