/* /v1/auth/oidc, /v1/auth/oidc/{provider}/notices, /v1/me/identities */
#include "api/account/oidc.h"

#include "account/oidc.h"
#include "api/account/auth.h"
#include "codec/oidc.h"

/* ---- answers ---- */

static const struct mx_field identity_fields[] = {
    MX_O(struct mx_identity, id, "Id of the linked identity."),
    MX_O(struct mx_identity, provider, "Name of the provider."),
    MX_O(struct mx_identity, issuer, "Issuer (`iss`) of the provider's tokens."),
    MX_O(struct mx_identity, subject, "Subject (`sub`) of the provider's tokens."),
    MX_O(struct mx_identity, created_at, "Time of creation."),
    MX_O(struct mx_identity, last_used_at, "Time of the last sign-in with it."),
};
MX_SHAPE(mx_shape_identity, "Identity", struct mx_identity, identity_fields);

struct identities {
    struct mx_list data;
    struct mx_str next_cursor;
};
static const struct mx_field identities_fields[] = {
    MX_O_LIST(struct identities, data, &mx_shape_identity, "Newest first."),
    MX_O_NULL(struct identities, next_cursor, "Always null: the list is complete."),
};
static MX_SHAPE(identities_shape, "Identities", struct identities, identities_fields);

/* ---- requests ---- */

static const struct mx_field proof_fields[] = {
    MX_F(struct mx_id_proof, provider, MX_BODY, MX_F_REQUIRED, 1, 32, MX_TOKEN,
         "google, apple, or another provider of the shop."),
    MX_F(struct mx_id_proof, id_token, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, MX_ID_TOKEN_MAX,
         MX_TOKEN, "ID token of the provider; accepted once."),
    MX_F(struct mx_id_proof, nonce, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, MX_NONCE_MIN,
         MX_NONCE_MAX, MX_TOKEN,
         "The nonce that the token was requested with; the token contains it, or "
         "its SHA-256 in hexadecimal."),
};
static MX_SHAPE(id_proof_shape, "IdProof", struct mx_id_proof, proof_fields);

struct identity_id {
    struct mx_id id;
};
static const struct mx_field id_fields[] = {
    MX_F(struct identity_id, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the identity."),
};
static MX_SHAPE(identity_id_shape, "IdentityId", struct identity_id, id_fields);

struct notice {
    struct mx_str provider, payload;
};
static const struct mx_field notice_fields[] = {
    MX_F(struct notice, provider, MX_PATH, MX_F_REQUIRED, 1, 32, MX_TOKEN, "Name of the provider."),
    MX_F(struct notice, payload, MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, MX_ID_TOKEN_MAX, MX_TOKEN,
         "The notice, a JWT signed by the provider."),
};
static MX_SHAPE(provider_notice_shape, "ProviderNotice", struct notice, notice_fields);

struct obeyed {
    int event;
};
static const struct mx_field obeyed_fields[] = {
    MX_O_ENUM(struct obeyed, event, mx_oidc_event_names, "The event that was applied."),
};
static MX_SHAPE(provider_event_shape, "ProviderEvent", struct obeyed, obeyed_fields);

/* ---- handlers ---- */

static enum mx_err api_oidc_notice(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct notice *sent = in;
    struct obeyed *out = MX_NEW(cx->arena, struct obeyed);

    reply->out = out;
    return mx_oidc_obey(cx, sent->provider, sent->payload, &out->event);
}

static enum mx_err api_auth_oidc(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    return mx_oidc_signin(cx, in, api_auth_signing_in(cx, reply));
}

static enum mx_err api_identities_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct identities *out = MX_NEW(cx->arena, struct identities);

    (void)in;
    reply->out = out;
    return mx_oidc_list(cx, &out->data);
}

static enum mx_err api_identity_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_identity *out = MX_NEW(cx->arena, struct mx_identity);

    reply->out = out;
    return mx_oidc_add(cx, in, out);
}

static enum mx_err api_identity_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_oidc_remove(cx, ((const struct identity_id *)in)->id);
}

const struct mx_route mx_routes_oidc[] = {
    {.id = "auth.oidc",
     .method = MX_POST,
     .path = "/v1/auth/oidc",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_REVOKED_OK,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &id_proof_shape,
     .answers = {{200, &mx_shape_tokens}, {200, &mx_shape_mfa_required}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS),
     .fn = api_auth_oidc,
     .doc = "Sign in with an identity provider",
     .more = "Signs in with the ID token of Google, Apple or another provider of the shop; "
             "a new person gets an account. The answer is as for POST /v1/auth/login: tell "
             "tokens from `mfa_required` by `result`. Send a guest's token to merge its "
             "cart and move its orders."},
    {.id = "auth.oidc_notice",
     .method = MX_POST,
     .path = "/v1/auth/oidc/{provider}/notices",
     .who = MX_WHO_PUBLIC,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &provider_notice_shape,
     .answers = {{200, &provider_event_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_NOT_FOUND),
     .fn = api_oidc_notice,
     .doc = "Receive a notice of an identity provider",
     .more = "For providers, not for apps: the endpoint of Apple's server-to-server "
             "notifications. When a user withdraws consent the sessions end; when the user "
             "is deleted the identity is removed, too. Each notice is applied once."},
    {.id = "me.identities.list",
     .method = MX_GET,
     .path = "/v1/me/identities",
     .who = MX_WHO_TOKEN,
     .answers = {{200, &identities_shape}},
     .fn = api_identities_list,
     .doc = "List linked identities",
     .more = "The identities of providers with which the caller can sign in."},
    {.id = "me.identities.add",
     .method = MX_POST,
     .path = "/v1/me/identities",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_RECENT_AUTH,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &id_proof_shape,
     .answers = {{201, &mx_shape_identity}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_FORBIDDEN, MX_E_CONFLICT),
     .fn = api_identity_add,
     .doc = "Link an identity",
     .more = "Adds an identity with an ID token, so that the caller can sign in with it "
             "from now on; the owner is notified by mail. 409: the identity belongs to "
             "another account, or the account has as many as it can have."},
    {.id = "me.identities.remove",
     .method = MX_DELETE,
     .path = "/v1/me/identities/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH,
     .in = &identity_id_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_identity_remove,
     .doc = "Unlink an identity",
     .more = "Signing in with this identity is no longer possible. 409: it is the only way "
             "to sign in; set a password first."},
    {0}};
