/* /v1/me/mfa */
#include "api/account/mfa.h"

#include "account/totp_setup.h"
#include "api/account/auth.h"
#include "codec/totp.h"

static const struct mx_field seed_fields[] = {
    MX_F(struct mx_totp_seed, secret, MX_BODY, MX_F_SECRET, 0, 0, MX_TOKEN,
         "Secret for the authenticator app, base32: TOTP with SHA-1, 6 digits, 30 "
         "seconds."),
    MX_F(struct mx_totp_seed, otpauth_uri, MX_BODY, MX_F_SECRET, 0, 0, MX_LINE,
         "The secret as an `otpauth:` URI, to show as a QR code."),
};
static MX_SHAPE(totp_seed_shape, "TotpSeed", struct mx_totp_seed, seed_fields);

struct code {
    struct mx_str code;
};
static const struct mx_field code_fields[] = {
    MX_F(struct code, code, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, MX_TOTP_DIGITS, MX_TOTP_DIGITS,
         MX_DIGITS, "The 6 digits that the app shows."),
};
static MX_SHAPE(totp_code_shape, "TotpCode", struct code, code_fields);

struct recovery_codes {
    struct mx_list recovery_codes;
};
static const struct mx_field recovery_fields[] = {
    MX_F_KIND(struct recovery_codes, recovery_codes, "recovery_codes", MX_K_STRS, MX_BODY,
              MX_F_SECRET, 0, 0, MX_LINE,
              "Each works once in place of the app. They are not shown again."),
};
static MX_SHAPE(recovery_codes_shape, "RecoveryCodes", struct recovery_codes, recovery_fields);

static enum mx_err api_mfa_totp_begin(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_totp_seed *out = MX_NEW(cx->arena, struct mx_totp_seed);

    (void)in;
    reply->out = out;
    return mx_totp_setup_begin(cx, out);
}

static enum mx_err api_mfa_totp_confirm(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct recovery_codes *out = MX_NEW(cx->arena, struct recovery_codes);

    reply->out = out;
    return mx_totp_setup_confirm(cx, ((const struct code *)in)->code, &out->recovery_codes);
}

static enum mx_err api_mfa_totp_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_totp_setup_remove(cx, ((const struct mx_own_password *)in)->password);
}

static enum mx_err api_mfa_recovery_codes(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct recovery_codes *out = MX_NEW(cx->arena, struct recovery_codes);

    (void)in;
    reply->out = out;
    return mx_totp_setup_new_codes(cx, &out->recovery_codes);
}

const struct mx_route mx_routes_mfa[] = {
    {.id = "me.mfa.totp.begin",
     .method = MX_POST,
     .path = "/v1/me/mfa/totp",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH | MX_R_WITHOUT_MFA,
     .answers = {{200, &totp_seed_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_FORBIDDEN, MX_E_CONFLICT),
     .fn = api_mfa_totp_begin,
     .doc = "Start setting up an authenticator app",
     .more = "Returns the secret to add to the app, also as an `otpauth:` URI for a QR "
             "code. The app becomes a second factor when POST /v1/me/mfa/totp/confirm "
             "accepts its first code. Guests cannot set up an app (403); 409: an app is "
             "already set up."},
    {.id = "me.mfa.totp.remove",
     .method = MX_DELETE,
     .path = "/v1/me/mfa/totp",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_WITHOUT_MFA,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &mx_shape_own_password,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_NOT_FOUND),
     .fn = api_mfa_totp_remove,
     .doc = "Remove the authenticator app",
     .more = "Removes the app and the recovery codes; signing in no longer asks for a code. "
             "The password is required."},
    {.id = "me.mfa.totp.confirm",
     .method = MX_POST,
     .path = "/v1/me/mfa/totp/confirm",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH | MX_R_WITHOUT_MFA,
     .rate = MX_RATE_PASSWORD,
     .in = &totp_code_shape,
     .answers = {{200, &recovery_codes_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_CODE_INVALID, MX_E_FORBIDDEN, MX_E_CONFLICT),
     .fn = api_mfa_totp_confirm,
     .doc = "Confirm the authenticator app",
     .more = "Turns the second factor on with the app's first code and ends the account's "
             "other sessions. The answer holds ten recovery codes: show them now, they "
             "cannot be read again."},
    {.id = "me.mfa.recovery_codes",
     .method = MX_POST,
     .path = "/v1/me/mfa/recovery-codes",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH,
     .answers = {{200, &recovery_codes_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_mfa_recovery_codes,
     .doc = "Replace the recovery codes",
     .more = "Creates new recovery codes; the old ones stop working. Show them now, they "
             "cannot be read again. 409: the account has no second factor."},
    {0}};
