/* Limits on attempts: token buckets in the host's memory. An attempt may stand under several limits
 * and takes one token of each, before the work that it asks for, or none at all. */
#ifndef MX_SHOP_LIMIT_H
#define MX_SHOP_LIMIT_H

#include "base/ctx.h"
#include "base/metric.h"

/* A bucket: `burst` tokens, of which as many come back as the one rate says that is set. */
struct mx_limit {
    struct mx_str bucket;
    enum mx_metric_limit kind;
    int64_t burst, per_min, per_hour, per_day;
};

/* Limits that an attempt may stand under. */
#define MX_LIMITS_MAX 12
/* The limits of who tries a password of the account of address `key`: of one client to it, of all
 * to it, of one client to all accounts, and of all to all. Returns how many. */
size_t mx_limits_of_passwords(struct mx_ctx *cx, struct mx_str key,
                              struct mx_limit limits[MX_LIMITS_MAX]);
/* The same for codes of the second factor that `key` names. */
size_t mx_limits_of_second_factors(struct mx_ctx *cx, struct mx_str key,
                                   struct mx_limit limits[MX_LIMITS_MAX]);

/* Take one token of each of the `n` limits (at least one). False when a bucket is empty: none is
 * taken. *ret_rate tells of the bucket that refused, or of the last one. */
bool mx_limits_take(struct mx_ctx *cx, const struct mx_limit *limits, size_t n,
                    struct mx_rate *ret_rate) MX_MUST_CHECK;
/* Give the tokens back: the attempt does not count. */
void mx_limits_give(struct mx_ctx *cx, const struct mx_limit *limits, size_t n);

/* Inside a transaction: take one of each limit of mail to the canonical address `key`, for good if
 * it commits: mail that anybody may ask for by naming the address, whatever it is for. The limits
 * are those of one client to the mailbox, well below those of all clients to it, so that a few
 * strangers do not use up what its owner needs; of one client to all addresses; twice as much for
 * all clients of an IPv6 site (mx_address_site); where somebody is signed in who is no guest, of
 * what that account asks for; and, if the request `sends` anything, of all mail: what is asked for
 * addresses of nobody uses up nothing of others. False: nothing may be sent, and nothing was taken.
 */
bool mx_limits_take_mail(struct mx_ctx *cx, struct mx_str key, bool sends) MX_MUST_CHECK;

/* Let the answer tell of the bucket that refused; returns MX_E_RATE_LIMITED. */
enum mx_err mx_limit_exceeded(struct mx_ctx *cx, struct mx_rate refused);

#endif
