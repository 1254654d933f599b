/* /v1/me/password, /v1/auth/password, /v1/me/email */
#include "api/account/credentials.h"

#include "api/account/me.h"

#include "account/email_change.h"
#include "account/password.h"
#include "account/password_change.h"
#include "api/account/auth.h"

#define NEW_PASSWORD(T)                                                                       \
    MX_F(T, password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, MX_PASSWORD_MIN, MX_PASSWORD_MAX, \
         MX_PASSWORD,                                                                         \
         "New password; common passwords and ones derived from name or address are "          \
         "refused. Staff: at least 15 characters.")

static const struct mx_field password_change_fields[] = {
    MX_F(struct mx_password_change, current_password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 1024,
         MX_PASSWORD, "Current password."),
    NEW_PASSWORD(struct mx_password_change),
};
static MX_SHAPE(password_change_shape, "PasswordChange", struct mx_password_change,
                password_change_fields);

struct forgot {
    struct mx_str email;
};
static const struct mx_field forgot_fields[] = {
    MX_F(struct forgot, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL, "E-mail address."),
};
static MX_SHAPE(password_forgot_shape, "PasswordForgot", struct forgot, forgot_fields);

static const struct mx_field reset_fields[] = {
    MX_F(struct mx_password_reset, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL,
         "E-mail address."),
    API_AUTH_CODE(struct mx_password_reset),
    NEW_PASSWORD(struct mx_password_reset),
};
static MX_SHAPE(password_reset_shape, "PasswordReset", struct mx_password_reset, reset_fields);

static const struct mx_field email_change_fields[] = {
    MX_F(struct mx_email_change, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL,
         "The new address."),
    MX_F(struct mx_email_change, password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 1024,
         MX_PASSWORD, "The account's password."),
};
static MX_SHAPE(email_change_shape, "EmailChange", struct mx_email_change, email_change_fields);

struct email_code {
    struct mx_mailed_code code;
};
static const struct mx_field email_code_fields[] = {API_AUTH_CODE(struct email_code)};
static MX_SHAPE(email_code_shape, "EmailCode", struct email_code, email_code_fields);

static enum mx_err api_me_password(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_password_change_own(cx, in);
}

static enum mx_err api_auth_password_forgot(struct mx_ctx *cx, const void *in,
                                            struct mx_reply *reply)
{
    return mx_password_forgot(cx, ((const struct forgot *)in)->email,
                              api_auth_asking_code(cx, reply));
}

static enum mx_err api_auth_password_reset(struct mx_ctx *cx, const void *in,
                                           struct mx_reply *reply)
{
    (void)reply;
    return mx_password_reset_by_code(cx, in);
}

static enum mx_err api_me_email(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    return mx_email_change_ask(cx, in, api_auth_asking_code(cx, reply));
}

static enum mx_err api_me_email_verify(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_profile *me = MX_NEW(cx->arena, struct mx_profile);
    enum mx_err e;

    reply->out = me;
    e = mx_email_change_confirm(cx, &((const struct email_code *)in)->code, me, &reply->error);
    return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
}

const struct mx_route mx_routes_credentials[] = {
    {.id = "auth.password.forgot",
     .method = MX_POST,
     .path = "/v1/auth/password/forgot",
     .who = MX_WHO_PUBLIC,
     .rate = MX_RATE_PASSWORD,
     .in = &password_forgot_shape,
     .answers = {{202, &mx_shape_code_asked}},
     .fn = api_auth_password_forgot,
     .doc = "Request a password reset",
     .more = "The answer is 202 whether or not the address has an account, so that it does "
             "not tell which addresses do. If it has one, the mailbox gets a code. Send the "
             "code with `handle` to POST /v1/auth/password/reset within 30 minutes."},
    {.id = "auth.password.reset",
     .method = MX_POST,
     .path = "/v1/auth/password/reset",
     .who = MX_WHO_PUBLIC,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &password_reset_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_CODE_INVALID),
     .fn = api_auth_password_reset,
     .doc = "Reset a password",
     .more = "Sets a new password with the mailed code. Ends every session of the account "
             "and starts none: sign in next. A second factor stays in force. 422 "
             "`code_invalid`: request a new code."},
    {.id = "me.password",
     .method = MX_PUT,
     .path = "/v1/me/password",
     .who = MX_WHO_TOKEN,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &password_change_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS),
     .fn = api_me_password,
     .doc = "Change the password",
     .more = "Sets a new password and ends the account's other sessions. The current "
             "password is required."},
    {.id = "me.email",
     .method = MX_POST,
     .path = "/v1/me/email",
     .who = MX_WHO_TOKEN,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &email_change_shape,
     .answers = {{202, &mx_shape_code_asked}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS),
     .fn = api_me_email,
     .doc = "Request a change of e-mail address",
     .more = "The answer is 202 whether or not the new address is in use. A code goes to "
             "the new address and a notice to the present one; nothing changes until POST "
             "/v1/me/email/verify confirms the code with `handle` within 30 minutes."},
    {.id = "me.email.verify",
     .method = MX_POST,
     .path = "/v1/me/email/verify",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .rate = MX_RATE_PASSWORD,
     .in = &email_code_shape,
     .answers = {{200, &mx_shape_user}},
     .errors = MX_ROUTE_ERRORS(MX_E_CODE_INVALID, MX_E_EMAIL_TAKEN),
     .fn = api_me_email_verify,
     .doc = "Confirm a new e-mail address",
     .more = "Changes the account's address with the mailed code and ends its other "
             "sessions. 422 `code_invalid`: request a new code with POST /v1/me/email."},
    {0}};
