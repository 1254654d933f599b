/* /v1/me/sessions */
#include "api/account/sessions.h"

#include "account/session.h"

static const struct mx_field session_fields[] = {
    MX_O(struct mx_session, id, "Id of the session."),
    MX_F_AS(struct mx_session, user_agent, "device", MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT,
            "User agent that signed in; null if it sent none."),
    MX_O_NULL(struct mx_session, address, "IP address of the sign-in."),
    MX_O(struct mx_session, created_at, "Time of the sign-in."),
    MX_O(struct mx_session, last_used_at,
         "Time of the last token refresh. A device in use refreshes whenever its "
         "access token expires."),
    MX_O(struct mx_session, current, "True: the session of this request."),
};
static MX_SHAPE(shape_session, "Session", struct mx_session, session_fields);

struct session_id {
    struct mx_id id;
};
static const struct mx_field session_id_fields[] = {
    MX_F(struct session_id, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the session."),
};
static MX_SHAPE(session_id_shape, "SessionId", struct session_id, session_id_fields);

static enum mx_err api_sessions_list(struct mx_ctx *cx, MX_UNUSED const void *in,
                                     struct mx_reply *reply)
{
    return mx_session_list(cx, reply->page.at.id, reply->page.limit, &reply->page.rows);
}

static enum mx_err api_session_end(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_session_end_own(cx, ((const struct session_id *)in)->id);
}

const struct mx_route mx_routes_sessions[] = {
    {.id = "me.sessions.list",
     .method = MX_GET,
     .path = "/v1/me/sessions",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_LIST,
     .answers = {{200, &shape_session}},
     .fn = api_sessions_list,
     .doc = "List sessions",
     .more = "The devices that are signed in to the account, newest first."},
    {.id = "me.sessions.end",
     .method = MX_DELETE,
     .path = "/v1/me/sessions/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH,
     .in = &session_id_shape,
     .answers = {{204}},
     .fn = api_session_end,
     .doc = "End a session",
     .more = "Signs a device out at once. Its refresh token stops working, too."},
    {0}};
