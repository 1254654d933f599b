/* /v1/me/sessions: the devices that are signed in. */
#ifndef MX_API_ACCOUNT_SESSIONS_H
#define MX_API_ACCOUNT_SESSIONS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_session_page, mx_shape_sessions, mx_shape_session_id;

enum mx_err api_sessions_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply);
enum mx_err api_session_end(struct mx_ctx *cx, const void *in, struct mx_reply *reply);

#endif
