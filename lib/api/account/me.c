/* /v1/me */
#include "api/account/me.h"

#include "account/account.h"
#include "account/erase.h"

static const struct mx_field user_fields[] = {
    MX_O(struct mx_profile, id, "Id of the account."),
    MX_O_NULL(struct mx_profile, email, "E-mail address; null for a guest."),
    MX_O(struct mx_profile, email_verified, "True: the address has been verified."),
    MX_O(struct mx_profile, name, "Name."),
    MX_O_NULL(struct mx_profile, phone, "Telephone number."),
    MX_O(struct mx_profile, locale, "Language of e-mails, a BCP 47 tag: en, de-AT."),
    MX_O(struct mx_profile, created_at, "Time of creation."),
    MX_O(struct mx_profile, mfa_enabled, "True: signing in requires a second factor."),
    MX_O_METADATA(struct mx_profile, public_metadata,
                  "Data of the app; staff can read and change it."),
    MX_F_KIND(struct mx_profile, roles, "roles", MX_K_STRS, MX_BODY, 0, 0, 0, MX_LINE,
              "Names of the account's roles; empty for customers."),
};
MX_SHAPE(mx_shape_user, "User", struct mx_profile, user_fields);

static const struct mx_field patch_fields[] = {
    MX_F_HAS(struct mx_profile_patch, name, MX_BODY, 0, 1, 200, MX_LINE, "Name."),
    MX_F_HAS(struct mx_profile_patch, phone, MX_BODY, MX_F_NULLABLE, 3, 32, MX_PHONE,
             "Telephone number; null removes it."),
    MX_F_HAS(struct mx_profile_patch, locale, MX_BODY, 0, 2, 35, MX_LOCALE,
             "Language of e-mails, a BCP 47 tag: en, de-AT."),
    MX_F_METADATA(struct mx_profile_patch, public_metadata,
                  "Data of the app, which staff can read."),
};
static MX_SHAPE(me_patch_shape, "UserPatch", struct mx_profile_patch, patch_fields);

struct me_delete {
    struct mx_str password;
    bool cancel_orders;
};
static const struct mx_field delete_fields[] = {
    MX_F(struct me_delete, password, MX_BODY, MX_F_SECRET, 1, 1024, MX_PASSWORD,
         "Password of the account, if it has one."),
    MX_F(struct me_delete, cancel_orders, MX_BODY, 0, 0, 0, MX_LINE,
         "true: cancel the orders that are not shipped yet. Otherwise they are "
         "refused with 409 `open_orders`."),
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
     .doc = "Get the account",
     .more = "Returns the caller's account. A guest's has no e-mail address."},
    {.id = "me.patch",
     .method = MX_PATCH,
     .path = "/v1/me",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &me_patch_shape,
     .answers = {{200, &mx_shape_user}},
     .fn = api_me_patch,
     .doc = "Update the account",
     .more = "Changes name, telephone number, language or `public_metadata`. Members that "
             "are not sent are unchanged. E-mail address and password have routes of their "
             "own."},
    {.id = "me.delete",
     .method = MX_DELETE,
     .path = "/v1/me",
     .who = MX_WHO_TOKEN,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &me_delete_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_REAUTH_REQUIRED, MX_E_LAST_OWNER,
                               MX_E_OPEN_ORDERS),
     .fn = api_me_delete,
     .doc = "Close the account",
     .more = "Closes the account for good and erases the caller's personal data; orders and "
             "payments are kept without it. Requires the password, or, for an account "
             "without one, a recent sign-in (403 `reauth_required`). 409 `open_orders`: "
             "some orders are not shipped yet; wait, or send `cancel_orders: true` to "
             "cancel them. 409 `last_owner`: appoint another owner first."},
    {0}};
