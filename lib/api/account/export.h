/* /v1/me/export: all that is held of the caller. */
#ifndef MX_API_ACCOUNT_EXPORT_H
#define MX_API_ACCOUNT_EXPORT_H

#include "http/route.h"

extern const struct mx_shape mx_shape_export, mx_shape_export_page;

enum mx_err api_me_export(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
