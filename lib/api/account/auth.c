/* /v1/auth */
#include "api/account/auth.h"

#include "account/mfa.h"
#include "account/password.h"
#include "api/account/me.h"

/* ---- answers ---- */

static const char *const token_type_names[] = {"Bearer", NULL};

static const char *const result_signed_in_names[] = {"signed_in", NULL};
static const char *const result_mfa_required_names[] = {"mfa_required", NULL};

/* struct mx_tokens with its constant members. */
struct tokens {
    struct mx_tokens t;
    int result, token_type;
};
static const struct mx_field tokens_fields[] = {
    MX_O_ENUM(struct tokens, result, result_signed_in_names,
              "Tells the answers of a sign-in apart."),
    MX_F_AS(struct tokens, t.access_token, "access_token", MX_BODY, MX_F_SECRET, 0, 0, MX_TOKEN,
            "Send it as `Authorization: Bearer <token>`."),
    MX_O_ENUM(struct tokens, token_type, token_type_names, "Scheme of the Authorization header."),
    MX_F_AS(struct tokens, t.expires_in, "expires_in", MX_BODY, 0, 0, 0, MX_LINE,
            "Seconds until the access token expires."),
    MX_F_AS(struct tokens, t.refresh_token, "refresh_token", MX_BODY, MX_F_SECRET, 0, 0, MX_TOKEN,
            "For POST /v1/auth/refresh; works once."),
    MX_F_SUB_AS(struct tokens, t.user, "user", MX_K_OBJECT, 0, 0, 0, &mx_shape_user,
                "The account, as GET /v1/me returns it."),
};
MX_SHAPE(mx_shape_tokens, "Tokens", struct tokens, tokens_fields);

/* The other success of signing in. */
struct mfa_required {
    int result;
    bool mfa_required;
    struct mx_str mfa_token;
    struct mx_list methods;
};
static const struct mx_field mfa_required_fields[] = {
    MX_O_ENUM(struct mfa_required, result, result_mfa_required_names,
              "Tells the answers of a sign-in apart."),
    MX_O(struct mfa_required, mfa_required, "True: the sign-in requires a second factor."),
    MX_F(struct mfa_required, mfa_token, MX_BODY, MX_F_SECRET, 0, 0, MX_TOKEN,
         "Send it to POST /v1/auth/mfa or POST /v1/auth/passkey within 5 minutes. "
         "It gives access to nothing else."),
    MX_F_KIND(struct mfa_required, methods, "methods", MX_K_STRS, MX_BODY, 0, 0, 0, MX_LINE,
              "Second factors that the account has."),
};
MX_SHAPE(mx_shape_mfa_required, "MfaRequired", struct mfa_required, mfa_required_fields);

static void answer_signin(struct mx_ctx *cx, struct mx_reply *reply)
{
    const struct mx_signin *s = reply->known;
    struct tokens *out;

    if (s->mfa_token.p != NULL) {
        struct mfa_required *demand = MX_NEW(cx->arena, struct mfa_required);

        *demand = (struct mfa_required){0, true, s->mfa_token, s->methods};
        reply->out = demand;
        reply->answer = 1;
        return;
    }
    out = MX_NEW(cx->arena, struct tokens);
    out->t = s->tokens;
    reply->out = out;
}

struct mx_signin *api_auth_signing_in(struct mx_ctx *cx, struct mx_reply *reply)
{
    reply->complete = answer_signin;
    reply->known = MX_NEW(cx->arena, struct mx_signin);
    return reply->known;
}

struct code_asked {
    struct mx_str handle;
    int64_t expires_in;
};
static const struct mx_field code_asked_fields[] = {
    MX_F(struct code_asked, handle, MX_BODY, MX_F_SECRET, 0, 0, MX_TOKEN,
         "Identifies this request: the mailed code works only together with it. "
         "Keep it until the code is entered."),
    MX_O(struct code_asked, expires_in, "Seconds until the code expires."),
};
MX_SHAPE(mx_shape_code_asked, "CodeAsked", struct code_asked, code_asked_fields);

struct mx_str *api_auth_asking_code(struct mx_ctx *cx, struct mx_reply *reply)
{
    struct code_asked *out = MX_NEW(cx->arena, struct code_asked);

    out->expires_in = MX_MAILED_CODE_TTL_MS / 1000;
    reply->out = out;
    return &out->handle;
}

/* ---- requests ---- */

struct guest {
    struct mx_str locale;
};
static const struct mx_field guest_fields[] = {
    MX_F(struct guest, locale, MX_BODY, 0, 2, 35, MX_LOCALE,
         "Language of e-mails, a BCP 47 tag: en, de-AT; by default taken from "
         "Accept-Language."),
};
static MX_SHAPE(guest_shape, "GuestNew", struct guest, guest_fields);

static const struct mx_field register_fields[] = {
    MX_F(struct mx_register, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL, "E-mail address."),
    MX_F(struct mx_register, password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, MX_PASSWORD_MIN,
         MX_PASSWORD_MAX, MX_PASSWORD,
         "Common passwords and ones derived from the address are refused."),
    MX_F(struct mx_register, name, MX_BODY, MX_F_REQUIRED, 1, 200, MX_LINE, "Name."),
};
static MX_SHAPE(register_shape, "Register", struct mx_register, register_fields);

static const struct mx_field verify_fields[] = {
    MX_F(struct mx_verify, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL, "E-mail address."),
    API_AUTH_CODE(struct mx_verify),
};
static MX_SHAPE(verify_shape, "Verify", struct mx_verify, verify_fields);

static const struct mx_field login_fields[] = {
    MX_F(struct mx_login, email, MX_BODY, MX_F_REQUIRED, 3, 254, MX_EMAIL, "E-mail address."),
    MX_F(struct mx_login, password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 1024, MX_PASSWORD,
         "Password of the account."),
    MX_F(struct mx_login, refresh_token, MX_BODY, MX_F_SECRET, 1, 512, MX_PASSWORD,
         "Any refresh token that this device has had for the account, even a used "
         "one. It marks the device as known, so that wrong passwords sent by others "
         "do not lock it out."),
};
static MX_SHAPE(login_shape, "Login", struct mx_login, login_fields);

static const struct mx_field mfa_fields[] = {
    MX_F(struct mx_second, mfa_token, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 512, MX_PASSWORD,
         "From the answer to the first factor; valid for 5 minutes and 5 attempts."),
    MX_F_ENUM(struct mx_second, method, MX_BODY, MX_F_REQUIRED, mx_mfa_method_names,
              "Where the code comes from: the authenticator app or the list of recovery "
              "codes."),
    MX_F(struct mx_second, code, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, MX_MFA_CODE_MIN,
         MX_MFA_CODE_MAX, MX_LINE, "The 6 digits that the app shows, or a recovery code."),
};
static MX_SHAPE(mfa_shape, "Mfa", struct mx_second, mfa_fields);

static const struct mx_field own_password_fields[] = {
    MX_F(struct mx_own_password, password, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 1024,
         MX_PASSWORD, "Current password of the account."),
};
MX_SHAPE(mx_shape_own_password, "OwnPassword", struct mx_own_password, own_password_fields);

struct refresh {
    struct mx_str refresh_token;
};
static const struct mx_field refresh_fields[] = {
    MX_F(struct refresh, refresh_token, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 512, MX_PASSWORD,
         "The refresh token of the latest answer."),
};
static MX_SHAPE(refresh_shape, "Refresh", struct refresh, refresh_fields);

struct logout {
    bool all;
};
static const struct mx_field logout_fields[] = {
    MX_F(struct logout, all, MX_QUERY, 0, 0, 0, MX_LINE, "true: end every session of the account."),
};
static MX_SHAPE(logout_shape, "Logout", struct logout, logout_fields);

/* ---- handlers ---- */

static enum mx_err api_auth_guest(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct tokens *out = MX_NEW(cx->arena, struct tokens);

    reply->out = out;
    return mx_signin_guest(cx, ((const struct guest *)in)->locale, &out->t);
}

static void answer_registration(struct mx_ctx *cx, struct mx_reply *reply)
{
    const struct mx_registered *r = reply->known;
    struct tokens *out;

    if (!r->signed_in) {
        *api_auth_asking_code(cx, reply) = r->handle;
        return;
    }
    out = MX_NEW(cx->arena, struct tokens);
    out->t = r->tokens;
    reply->answer = 1;
    reply->out = out;
}

static enum mx_err api_auth_register(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_registered *r = MX_NEW(cx->arena, struct mx_registered);

    reply->complete = answer_registration;
    reply->known = r;
    return mx_signin_register(cx, in, r);
}

static enum mx_err api_auth_verify(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct tokens *out = MX_NEW(cx->arena, struct tokens);

    reply->out = out;
    return mx_signin_verify(cx, in, &out->t, &reply->error);
}

static enum mx_err api_auth_login(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    return mx_signin_login(cx, in, api_auth_signing_in(cx, reply));
}

static enum mx_err api_auth_mfa(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct tokens *out = MX_NEW(cx->arena, struct tokens);
    enum mx_err e;

    reply->out = out;
    e = mx_signin_second(cx, in, &out->t, &reply->error);
    return e == MX_E_NOT_FOUND ? MX_E_INVALID_MFA_TOKEN : e;
}

static enum mx_err api_auth_reauth(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_signin_again(cx, ((const struct mx_own_password *)in)->password);
}

static enum mx_err api_auth_refresh(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct refresh *r = in;
    struct tokens *out = MX_NEW(cx->arena, struct tokens);

    reply->out = out;
    return mx_session_refresh(cx, r->refresh_token, &out->t, &reply->error);
}

static enum mx_err api_auth_logout(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct logout *l = in;

    (void)reply;
    return mx_session_sign_out(cx, l->all);
}

const struct mx_route mx_routes_auth[] = {
    {.id = "auth.guest",
     .method = MX_POST,
     .path = "/v1/auth/guest",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_TX,
     .rate = MX_RATE_GUEST,
     .in = &guest_shape,
     .answers = {{201, &mx_shape_tokens}},
     .fn = api_auth_guest,
     .doc = "Create a guest account",
     .more = "Creates an anonymous account and signs it in, so that a visitor has a cart "
             "and can check out before signing up. Keep the tokens on the device: a guest "
             "has no other way to sign in. Signing up or signing in with the guest's token "
             "moves its cart and orders to the account."},
    {.id = "auth.register",
     .method = MX_POST,
     .path = "/v1/auth/register",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_REVOKED_OK,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &register_shape,
     .answers = {{202, &mx_shape_code_asked}, {201, &mx_shape_tokens}},
     .errors = MX_ROUTE_ERRORS(MX_E_EMAIL_TAKEN),
     .fn = api_auth_register,
     .doc = "Sign up",
     .more = "Starts a sign-up with e-mail address and password. Where the shop verifies "
             "addresses (the default), the answer is 202 whether or not the address is "
             "already in use: the mailbox gets a code, or a notice. Send the code with "
             "`handle` to POST /v1/auth/verify within 30 minutes to create the account and "
             "get tokens. Where it does not, the answer is 201 with tokens, or 409 "
             "`email_taken`. Send a guest's token, here and not with the code, to keep its "
             "cart, addresses and orders: the guest account becomes the new account."},
    {.id = "auth.verify",
     .method = MX_POST,
     .path = "/v1/auth/verify",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_TX | MX_R_REVOKED_OK,
     .rate = MX_RATE_PASSWORD,
     .in = &verify_shape,
     .answers = {{200, &mx_shape_tokens}},
     .errors = MX_ROUTE_ERRORS(MX_E_CODE_INVALID),
     .fn = api_auth_verify,
     .doc = "Complete a sign-up",
     .more = "Verifies the e-mail address with the mailed code, creates the account and "
             "returns tokens. The code works once, for 30 minutes and 5 attempts, and only "
             "with the `handle` of its own request. 422 `code_invalid`: ask for a new code "
             "with POST /v1/auth/register. If a guest's token was sent with the sign-up, "
             "the guest's cart, addresses and orders belong to the account now, and the "
             "guest's tokens stop working."},
    {.id = "auth.login",
     .method = MX_POST,
     .path = "/v1/auth/login",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_REVOKED_OK,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &login_shape,
     .answers = {{200, &mx_shape_tokens}, {200, &mx_shape_mfa_required}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS),
     .fn = api_auth_login,
     .doc = "Sign in with a password",
     .more = "Tell the two answers apart by `result`: tokens, or, for an account with a "
             "second factor, `mfa_required` with an `mfa_token`; complete that sign-in with "
             "POST /v1/auth/mfa (or POST /v1/auth/passkey) within 5 minutes. 401 "
             "`invalid_credentials` is the same for a wrong password and an unknown "
             "address. Too many wrong passwords are 429 with `Retry-After`. Send a guest's "
             "token to merge its cart and move its orders, after which it stops working; "
             "lines that could not be kept are listed in the cart's `warnings`."},
    {.id = "auth.mfa",
     .method = MX_POST,
     .path = "/v1/auth/mfa",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_TX,
     .rate = MX_RATE_PASSWORD,
     .in = &mfa_shape,
     .answers = {{200, &mx_shape_tokens}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_MFA_TOKEN, MX_E_INVALID_MFA_CODE),
     .fn = api_auth_mfa,
     .doc = "Complete a sign-in with a second factor",
     .more = "Exchanges the `mfa_token` of a sign-in and a code of the authenticator app, "
             "or a recovery code, for tokens. A code works once. 401 `invalid_mfa_code`: "
             "ask for another code; after 5 wrong codes, or 5 minutes, the answer is 401 "
             "`invalid_mfa_token` and the sign-in starts again. A guest's token is sent "
             "with the first request of the sign-in, not here."},
    {.id = "auth.reauth",
     .method = MX_POST,
     .path = "/v1/auth/reauth",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_WITHOUT_MFA,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &mx_shape_own_password,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS),
     .fn = api_auth_reauth,
     .doc = "Confirm the password",
     .more = "Marks the session as recently authenticated. Call it after 403 "
             "`reauth_required`, then repeat the refused request. The confirmation lasts 15 "
             "minutes unless the shop sets another time. An account without a password "
             "signs in again instead."},
    {.id = "auth.refresh",
     .method = MX_POST,
     .path = "/v1/auth/refresh",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_TX | MX_R_BRIEF_REPLAY,
     .rate = MX_RATE_SIGN_IN,
     .in = &refresh_shape,
     .answers = {{200, &mx_shape_tokens}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_REFRESH_TOKEN),
     .fn = api_auth_refresh,
     .doc = "Refresh tokens",
     .more = "Exchanges a refresh token for a new access token and a new refresh token. "
             "Each refresh token works once; use the newest. If an answer is lost, repeat "
             "the request with the same body and `Idempotency-Key`, for as long as the "
             "access token in it would live (`expires_in`); without a key, within a few "
             "seconds (setting refresh_grace_s). Any other use of a spent token ends the "
             "session. 401 `invalid_refresh_token`: sign in again."},
    {.id = "auth.logout",
     .method = MX_POST,
     .path = "/v1/auth/logout",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_WITHOUT_MFA | MX_R_REVOKED_OK,
     .in = &logout_shape,
     .answers = {{204}},
     .fn = api_auth_logout,
     .doc = "Sign out",
     .more = "Ends this session at once, or with `all=true` every session of the account. "
             "Repeating the request with the same token is not an error."},
    {0}};
