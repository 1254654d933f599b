/* Staff: accounts that hold roles. They come by invitation: a code goes to their address, and who
 * shows it there chooses a password. The first one is invited by a command on the host.
 *
 * Whom somebody manages may hold nothing that they do not hold themselves; nobody changes their own
 * roles or status; one active owner always stays. */
#ifndef MX_ACCOUNT_STAFF_H
#define MX_ACCOUNT_STAFF_H

#include "account/account.h"
#include "base/list.h"

#define MX_STAFF_ROLES_MAX 10
#define MX_INVITATION_TTL_MS (INT64_C(7) * 86400 * 1000)

struct mx_staff {
    struct mx_id id;
    struct mx_str email, name;
    struct mx_list roles;       /* struct mx_str */
    struct mx_list permissions; /* struct mx_str: of all roles together */
    int status;                 /* enum mx_account_status */
    int64_t version;
    struct mx_time created_at;
    struct mx_time invited_until; /* none: accepted */
    uint64_t set;                 /* the permissions as bits */
};

struct mx_staff_query {
    bool has_status;
    int status;
    struct mx_id after; /* none: from the newest */
    int64_t limit;
};

/* Staff, who came last first: struct mx_staff. Reads only. */
enum mx_err mx_staff_list(struct mx_ctx *cx, const struct mx_staff_query *q,
                          struct mx_list *ret_staff) MX_MUST_CHECK;
/* One of them. MX_E_NOT_FOUND. */
enum mx_err mx_staff_get(struct mx_ctx *cx, struct mx_id id,
                         struct mx_staff *ret_staff) MX_MUST_CHECK;

/* The functions below run in the caller's transaction and write the audit log. Errors of all: those
 * of mx_role_begin, and MX_E_FORBIDDEN for whom or what the caller may not manage. */

struct mx_staff_invite {
    struct mx_str email, name;
    struct mx_list roles; /* struct mx_str, at least one */
};

/* Invite somebody, or once more: then earlier codes end, and name and roles are the new ones.
 * *ret_code has to reach the address, by mx_staff_mail or by hand, and is stored nowhere.
 * MX_E_EMAIL_TAKEN when somebody has the address already, MX_E_VALIDATION_FAILED. */
enum mx_err mx_staff_invite(struct mx_ctx *cx, const struct mx_staff_invite *in,
                            struct mx_staff *ret_staff, struct mx_str *ret_code) MX_MUST_CHECK;
/* Queue the mail with the code. */
enum mx_err mx_staff_mail(struct mx_ctx *cx, const struct mx_staff *staff,
                          struct mx_str code) MX_MUST_CHECK;

struct mx_staff_patch {
    struct mx_id id;
    struct mx_str if_match; /* version that is changed; absent or "*": any */
    bool has_name, has_roles, has_status;
    struct mx_str name;
    struct mx_list roles; /* struct mx_str, at least one */
    int status;           /* MX_ACCOUNT_ACTIVE or MX_ACCOUNT_DISABLED */
};

/* Change what is sent; the next request of theirs obeys it. Disabling ends their sessions.
 * MX_E_NOT_FOUND, MX_E_VERSION_CONFLICT, MX_E_VALIDATION_FAILED, MX_E_LAST_OWNER,
 * MX_E_INVALID_TRANSITION for the status of a closed or invited account. */
enum mx_err mx_staff_update(struct mx_ctx *cx, const struct mx_staff_patch *in,
                            struct mx_staff *ret_staff) MX_MUST_CHECK;
/* Close the account for good, or take an invitation back; the address is free again. Only id and
 * if_match of `in` count; closing twice is no error. MX_E_NOT_FOUND, MX_E_VERSION_CONFLICT,
 * MX_E_LAST_OWNER. */
enum mx_err mx_staff_close(struct mx_ctx *cx, const struct mx_staff_patch *in) MX_MUST_CHECK;
/* End all their sessions. MX_E_NOT_FOUND. */
enum mx_err mx_staff_end_sessions(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* For whatever else closes an account of staff, in the present transaction, which from here on is
 * the only one that changes roles or staff. MX_E_LAST_OWNER: no other owner is active. */
enum mx_err mx_staff_may_leave(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;

/* Of tables account_role and invitation, see shop/holding.h. */
enum mx_err mx_staff_roles_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_invitation_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

struct mx_staff_accept {
    struct mx_str email, code, password;
};

/* Accept an invitation: the account is active and has this password. Runs its own transaction.
 * MX_E_CODE_INVALID for an unknown address, a wrong, spent or expired code alike;
 * MX_E_VALIDATION_FAILED for a weak password, MX_E_OVERLOADED. */
enum mx_err mx_staff_accept(struct mx_ctx *cx, const struct mx_staff_accept *in) MX_MUST_CHECK;

#endif
