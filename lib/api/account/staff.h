/* Staff, their roles, and accepting an invitation. */
#ifndef MX_API_ACCOUNT_STAFF_H
#define MX_API_ACCOUNT_STAFF_H

#include "http/route.h"

extern const struct mx_shape mx_shape_staff, mx_shape_staff_page, mx_shape_staff_query,
    mx_shape_staff_id, mx_shape_staff_version, mx_shape_staff_invite, mx_shape_staff_patch,
    mx_shape_invitation_accept;

enum mx_err api_auth_invitation(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_staff_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_staff_invite(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_staff_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_staff_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_staff_close(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_admin_staff_end_sessions(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
