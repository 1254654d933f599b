/* Customers as staff see them: looked up, disabled and enabled, signed out. */
#ifndef MX_ACCOUNT_CUSTOMER_H
#define MX_ACCOUNT_CUSTOMER_H

#include "account/account.h"
#include "base/list.h"

struct mx_customer {
    struct mx_id id;
    struct mx_str email; /* absent: erased */
    bool email_verified;
    struct mx_str name, locale;
    int status; /* enum mx_account_status */
    int64_t version;
    struct mx_time created_at;
    /* not in lists */
    struct mx_str phone;                     /* absent: none */
    struct mx_str metadata, public_metadata; /* JSON objects; absent: empty */
    int64_t orders_count;
};

struct mx_customer_query {
    bool has_status; /* without: all but closed accounts */
    int status;
    struct mx_str email; /* absent: any; otherwise who has this address */
    struct mx_str q;     /* absent: any; otherwise how address or name begin */
    struct mx_id after;  /* none: from the newest */
    int64_t limit;
};

/* Customers, who came last first: struct mx_customer. Reads only. */
enum mx_err mx_customer_list(struct mx_ctx *cx, const struct mx_customer_query *q,
                             struct mx_list *ret_customers) MX_MUST_CHECK;
/* One customer, with the number of orders. MX_E_NOT_FOUND. */
enum mx_err mx_customer_get(struct mx_ctx *cx, struct mx_id id,
                            struct mx_customer *ret_customer) MX_MUST_CHECK;

/* The rest runs in the caller's transaction and writes the audit log. */

struct mx_customer_patch {
    struct mx_id id;
    struct mx_str if_match; /* version that is changed; absent or "*": any */
    int status;             /* MX_ACCOUNT_ACTIVE or MX_ACCOUNT_DISABLED */
    struct mx_str metadata, public_metadata;
    bool has_status, has_metadata, has_public_metadata;
};

/* Disable (all sessions end, signing in is refused like a wrong password) or enable again.
 * MX_E_NOT_FOUND, MX_E_VERSION_CONFLICT, MX_E_INVALID_TRANSITION for a closed account. */
enum mx_err mx_customer_update(struct mx_ctx *cx, const struct mx_customer_patch *in,
                               struct mx_customer *ret_customer) MX_MUST_CHECK;
/* End all sessions of a customer. MX_E_NOT_FOUND. */
enum mx_err mx_customer_end_sessions(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

#endif
