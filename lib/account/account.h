/* Accounts: anonymous visitors, customers and staff. A guest becomes a customer in place, so that
 * cart and addresses come along by staying where they are. */
#ifndef MX_ACCOUNT_ACCOUNT_H
#define MX_ACCOUNT_ACCOUNT_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"
#include "shop/holding.h"

/* Column `kind` of an account. */
enum mx_account_kind { MX_ACCOUNT_GUEST, MX_ACCOUNT_CUSTOMER, MX_ACCOUNT_STAFF };

/* Column `status`. Only an active account can sign in; a closed one never again. */
enum mx_account_status {
    MX_ACCOUNT_ACTIVE,
    MX_ACCOUNT_CLOSED,
    MX_ACCOUNT_DISABLED, /* by staff */
    MX_ACCOUNT_INVITED   /* staff who have not accepted yet */
};
/* Wire names of enum mx_account_status, NULL-terminated. */
extern const char *const mx_account_status_names[];

/* The account as its owner sees it. */
struct mx_profile {
    struct mx_id id;
    struct mx_str email; /* absent: guest */
    bool email_verified;
    struct mx_str name;
    struct mx_str phone; /* absent: none */
    struct mx_str locale;
    struct mx_time created_at;
    bool mfa_enabled;
    struct mx_str public_metadata; /* JSON object; absent: empty */
    struct mx_list roles;          /* struct mx_str: role names of staff */
    int64_t kind;                  /* enum mx_account_kind */
};

/* The open account `id` in one round trip. MX_E_NOT_FOUND. */
enum mx_err mx_account_profile(struct mx_ctx *cx, struct mx_id id,
                               struct mx_profile *ret_profile) MX_MUST_CHECK;

/* Members to change; those not sent stay. */
struct mx_profile_patch {
    bool has_name, has_phone, has_locale, has_public_metadata;
    struct mx_str name, phone, locale, public_metadata; /* phone absent: remove it */
};

/* Change the caller's own account in the present transaction and read it back. MX_E_NOT_FOUND. */
enum mx_err mx_account_patch(struct mx_ctx *cx, const struct mx_profile_patch *in,
                             struct mx_profile *ret_profile) MX_MUST_CHECK;

/* The account that holds an address. */
struct mx_owner {
    struct mx_id id; /* none: nobody */
    bool open;       /* the account is */
    struct mx_str email, locale;
};
/* The account that holds the address (`email_key`: its canonical form) keeps it until the present
 * transaction ends. */
enum mx_err mx_account_owner(struct mx_ctx *cx, struct mx_str email_key,
                             struct mx_owner *ret_owner) MX_MUST_CHECK;

/* Hold the account's row until the transaction ends: the lock of everything that counts per
 * account. MX_E_NOT_FOUND. */
enum mx_err mx_account_lock(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;
/* The same of the caller's own account. MX_E_UNAUTHORIZED: it has ended, and the token outlives it.
 */
enum mx_err mx_account_lock_own(struct mx_ctx *cx) MX_MUST_CHECK;

/* The account stays open, and is merged into no other, until the transaction ends; shared with all
 * that write what is of it. MX_E_UNAUTHORIZED: it has ended, or its guest signed in to another.
 * A transaction that needs the row alone takes it by mx_account_lock first. */
enum mx_err mx_account_stay(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* Where the way to sign in that is about to be removed is not the last one: MX_OK. Else
 * MX_E_CONFLICT. The caller holds the account. */
enum mx_err mx_account_keeps_way_in(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* Of table account, see shop/holding.h. */
enum mx_err mx_account_merge(struct mx_ctx *cx, struct mx_id guest,
                             struct mx_id account) MX_MUST_CHECK;
enum mx_err mx_account_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
extern const struct mx_sealed_column mx_account_sealed;

#endif
