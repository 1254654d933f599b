/* Roles of staff. */
#ifndef MX_API_ACCOUNT_ROLES_H
#define MX_API_ACCOUNT_ROLES_H

#include "http/route.h"

extern const struct mx_shape mx_shape_role, mx_shape_role_page, mx_shape_role_query,
    mx_shape_role_name, mx_shape_role_version, mx_shape_role_new, mx_shape_role_patch;

enum mx_err api_admin_roles_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_role_create(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_role_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_role_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_role_delete(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
