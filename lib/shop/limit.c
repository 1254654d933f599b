#include "shop/limit.h"

#include "io/shm.h"

bool mx_limits_take(struct mx_ctx *cx, const struct mx_limit *limits, size_t n,
                    struct mx_rate *ret_rate)
{
    for (size_t i = 0; i < n; i++) {
        ret_rate->limit = limits[i].burst;
        if (!mx_shared_take(cx->shared, limits[i].bucket, limits[i].burst, limits[i].per_min,
                            &ret_rate->left, &ret_rate->reset_s)) {
            mx_limits_give(cx, limits, i);
            return false;
        }
    }
    return true;
}

void mx_limits_give(struct mx_ctx *cx, const struct mx_limit *limits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mx_shared_give(cx->shared, limits[i].bucket, limits[i].burst, limits[i].per_min);
}

enum mx_err mx_limit_exceeded(struct mx_ctx *cx, struct mx_rate refused)
{
    cx->rate = refused;
    cx->faults->retry_after_s = refused.reset_s > 0 ? (int)refused.reset_s : 1;
    return MX_E_RATE_LIMITED;
}
