/* Roles: named sets of permissions that staff hold. The built-in ones never change. Nobody gives,
 * or puts into a role, what they do not hold themselves, and nobody changes a role of their own.
 * Changes of roles and staff come one after another (mx_role_begin), so that two at once cannot
 * undo what each of them was allowed by. */
#ifndef MX_ACCOUNT_ROLE_H
#define MX_ACCOUNT_ROLE_H

#include "base/ctx.h"
#include "base/list.h"

#define MX_ROLE_NAME_MAX 64

struct mx_role {
    struct mx_str name;
    struct mx_list permissions; /* struct mx_str */
    bool built_in;
    int64_t holders; /* staff who hold it */
    int64_t version;
    uint64_t set; /* the permissions as bits */
};

/* Roles by name, those behind `after` (absent: all). Reads only. */
enum mx_err mx_role_list(struct mx_ctx *cx, struct mx_str after, int64_t limit,
                         struct mx_list *ret_roles) MX_MUST_CHECK;
/* One role. MX_E_NOT_FOUND. */
enum mx_err mx_role_get(struct mx_ctx *cx, struct mx_str name,
                        struct mx_role *ret_role) MX_MUST_CHECK;

struct mx_role_write {
    struct mx_str name;
    struct mx_str if_match;     /* version of the role to change; absent or "*": any */
    bool has_permissions;       /* a change without them changes nothing */
    struct mx_list permissions; /* struct mx_str, wire names */
};

/* The rest runs in the caller's transaction and writes the audit log. */

/* Make a role. MX_E_CONFLICT when the name is taken, MX_E_VALIDATION_FAILED for an unknown
 * permission, MX_E_FORBIDDEN for one that the caller does not hold. */
enum mx_err mx_role_create(struct mx_ctx *cx, const struct mx_role_write *in,
                           struct mx_role *ret_role) MX_MUST_CHECK;
/* Change its permissions, for all who hold it at once. Also MX_E_NOT_FOUND, MX_E_VERSION_CONFLICT,
 * and MX_E_FORBIDDEN for a built-in role, for one that the caller holds, and for one that holds
 * more than the caller does. */
enum mx_err mx_role_update(struct mx_ctx *cx, const struct mx_role_write *in,
                           struct mx_role *ret_role) MX_MUST_CHECK;
/* Remove a role that nobody holds; only name and if_match of `in` count. MX_E_CONFLICT when
 * somebody does; otherwise as mx_role_update. */
enum mx_err mx_role_delete(struct mx_ctx *cx, const struct mx_role_write *in) MX_MUST_CHECK;

/* Begin a change of roles or staff: from here to the end of the transaction it is the only one.
 * *ret_mine is what the caller may do now, behind all earlier changes; everything for a command on
 * the host. MX_E_UNAUTHORIZED when the caller's session has ended meanwhile, MX_E_FORBIDDEN when
 * staff.manage is gone. */
enum mx_err mx_role_begin(struct mx_ctx *cx, uint64_t *ret_mine) MX_MUST_CHECK;
/* The same for a caller who need not be allowed anything. */
enum mx_err mx_role_hold(struct mx_ctx *cx) MX_MUST_CHECK;
/* MX_E_FORBIDDEN when `set` holds more than `mine`; the detail and the params name one
 * permission. */
enum mx_err mx_role_within(struct mx_ctx *cx, uint64_t mine, uint64_t set) MX_MUST_CHECK;
/* All that roles of these names (struct mx_str) permit. MX_E_VALIDATION_FAILED with a fault at
 * "/roles/i" for a name that is no role's or comes twice. */
enum mx_err mx_role_sum(struct mx_ctx *cx, struct mx_list names, uint64_t *ret_set) MX_MUST_CHECK;

#endif
