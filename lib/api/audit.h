/* The audit log, for staff. */
#ifndef MX_API_AUDIT_H
#define MX_API_AUDIT_H

#include "http/route.h"

extern const struct mx_shape mx_shape_audit_page, mx_shape_audit_query;

enum mx_err api_admin_audit_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
