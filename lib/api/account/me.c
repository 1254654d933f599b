/* /v1/me */
#include "api/account/me.h"

#include "account/account.h"
#include "account/erase.h"

static const struct mx_field user_fields[] = {
    MX_O(struct mx_profile, id, "Account."),
    MX_O_NULL(struct mx_profile, email, "E-mail address; null for a guest."),
    MX_O(struct mx_profile, email_verified, "The address was proved."),
    MX_O(struct mx_profile, name, "Name."),
    MX_O_NULL(struct mx_profile, phone, "Telephone."),
    MX_O(struct mx_profile, locale, "Language of mail, BCP 47."),
    MX_O(struct mx_profile, created_at, "When it was made."),
    MX_O(struct mx_profile, mfa_enabled, "Signing in takes a second factor."),
    MX_O_METADATA(struct mx_profile, public_metadata,
                  "Of the app's own; staff read and write it, too."),
    MX_F_KIND(struct mx_profile, roles, "roles", MX_K_STRS, MX_BODY, 0, 0, 0, MX_LINE,
              "Roles of staff."),
};
MX_SHAPE(mx_shape_user, "User", struct mx_profile, user_fields);

static const struct mx_field patch_fields[] = {
    MX_F_HAS(struct mx_profile_patch, name, MX_BODY, 0, 1, 200, MX_LINE, "Name."),
    MX_F_HAS(struct mx_profile_patch, phone, MX_BODY, MX_F_NULLABLE, 3, 32, MX_PHONE,
             "Telephone; null removes it."),
    MX_F_HAS(struct mx_profile_patch, locale, MX_BODY, 0, 2, 35, MX_LOCALE,
             "Language of mail, BCP 47."),
    MX_F_METADATA(struct mx_profile_patch, public_metadata, "Of the app's own, for staff to see."),
};
static MX_SHAPE(me_patch_shape, "UserPatch", struct mx_profile_patch, patch_fields);

struct me_delete {
    struct mx_str password;
    bool cancel_orders;
};
static const struct mx_field delete_fields[] = {
    MX_F(struct me_delete, password, MX_BODY, MX_F_SECRET, 1, 1024, MX_PASSWORD,
         "The caller's own, of an account that has one."),
    MX_F(struct me_delete, cancel_orders, MX_BODY, 0, 0, 0, MX_LINE,
         "Cancel the orders that are not shipped yet; else they are in the way."),
};
static MX_SHAPE(me_delete_shape, "UserDelete", struct me_delete, delete_fields);

/* A token outlives an account that was closed. */
static enum mx_err own(enum mx_err e)
{
    return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
}

static enum mx_err api_me_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_profile *me = MX_NEW(cx->arena, struct mx_profile);

    (void)in;
    reply->out = me;
    return own(mx_account_profile(cx, cx->actor.account, me));
}

static enum mx_err api_me_patch(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_profile *me = MX_NEW(cx->arena, struct mx_profile);

    reply->out = me;
    return own(mx_account_patch(cx, in, me));
}

static enum mx_err api_me_delete(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct me_delete *i = in;

    (void)reply;
    return mx_erase_self(cx, i->password, i->cancel_orders);
}

const struct mx_route mx_routes_me[] = {
    {.id = "me.get",
     .method = MX_GET,
     .path = "/v1/me",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_WITHOUT_MFA,
     .answers = {{200, &mx_shape_user}},
     .fn = api_me_get,
     .doc = "The caller's account."},
    {.id = "me.patch",
     .method = MX_PATCH,
     .path = "/v1/me",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &me_patch_shape,
     .answers = {{200, &mx_shape_user}},
     .fn = api_me_patch,
     .doc = "Change name, phone, locale or public_metadata; what is not sent stays."},
    {.id = "me.delete",
     .method = MX_DELETE,
     .path = "/v1/me",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &me_delete_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_REAUTH_REQUIRED, MX_E_LAST_OWNER,
                               MX_E_OPEN_ORDERS),
     .fn = api_me_delete,
     .doc = "Close the account for good and erase the person everywhere; orders and money stay, "
            "nameless. Takes the password, or a fresh sign-in where there is none. Refused while "
            "orders are not shipped, unless they are to be cancelled."},
    {0}};
