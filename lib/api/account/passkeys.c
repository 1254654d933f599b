/* /v1/auth/passkey, /v1/me/passkeys */
#include "api/account/passkeys.h"

#include "account/passkey.h"
#include "api/account/auth.h"

/* base64url of what the client data, an authenticator's data and a signature may take. */
#define TEXT_MAX 16384

static const char *const credential_type_names[] = {"public-key", NULL};
static const char *const passkey_requirement_names[] = {"required", NULL};
static const char *const attestation_names[] = {"none", NULL};

/* ---- options of both kinds ---- */

struct descriptor {
    int type;
    struct mx_str id;
};
static const struct mx_field descriptor_fields[] = {
    MX_O_ENUM(struct descriptor, type, credential_type_names, "Kind of credential."),
    MX_O(struct descriptor, id, "Credential, base64url."),
};
static MX_SHAPE(descriptor_shape, "PasskeyDescriptor", struct descriptor, descriptor_fields);

struct request {
    struct mx_str challenge, rp_id;
    int64_t timeout;
    struct mx_list allow;
    int verification;
};
static const struct mx_field request_fields[] = {
    MX_O(struct request, challenge, "Challenge, base64url; valid once, for 5 minutes."),
    MX_F_AS(struct request, rp_id, "rpId", MX_BODY, 0, 0, 0, MX_LINE,
            "Relying party id: the domain of the passkeys."),
    MX_O(struct request, timeout, "Milliseconds."),
    MX_F_SUB_AS(struct request, allow, "allowCredentials", MX_K_LIST, 0, 0, 0, &descriptor_shape,
                "Empty: any passkey of this domain may be used."),
    MX_F_ENUM_AS(struct request, verification, "userVerification", MX_BODY, 0,
                 passkey_requirement_names, "The authenticator must verify its user."),
};
static MX_SHAPE(passkey_request_shape, "PasskeyRequestOptions", struct request, request_fields);

struct party {
    struct mx_str id, name;
};
static const struct mx_field party_fields[] = {
    MX_O(struct party, id, "Domain of the passkeys."),
    MX_O(struct party, name, "Name of the shop."),
};
static MX_SHAPE(party_shape, "PasskeyParty", struct party, party_fields);

struct user {
    struct mx_str id, name, shown;
};
static const struct mx_field user_fields[] = {
    MX_O(struct user, id, "Account, base64url."),
    MX_O(struct user, name, "E-mail address, or the name of an account without one."),
    MX_F_AS(struct user, shown, "displayName", MX_BODY, 0, 0, 0, MX_LINE, "Name."),
};
static MX_SHAPE(user_shape, "PasskeyUser", struct user, user_fields);

struct parameter {
    int type;
    int64_t alg;
};
static const struct mx_field parameter_fields[] = {
    MX_O_ENUM(struct parameter, type, credential_type_names, "Kind of credential."),
    MX_O(struct parameter, alg, "COSE algorithm."),
};
static MX_SHAPE(parameter_shape, "PasskeyParameter", struct parameter, parameter_fields);

struct selection {
    int resident, verification;
};
static const struct mx_field selection_fields[] = {
    MX_F_ENUM_AS(struct selection, resident, "residentKey", MX_BODY, 0, passkey_requirement_names,
                 "The passkey can be used without entering an e-mail address."),
    MX_F_ENUM_AS(struct selection, verification, "userVerification", MX_BODY, 0,
                 passkey_requirement_names, "The authenticator must verify its user."),
};
static MX_SHAPE(selection_shape, "PasskeySelection", struct selection, selection_fields);

struct creation {
    struct mx_str challenge;
    struct party rp;
    struct user user;
    struct mx_list parameters, exclude;
    int64_t timeout;
    struct selection selection;
    int attestation;
};
static const struct mx_field creation_fields[] = {
    MX_O(struct creation, challenge, "Challenge, base64url; valid once, for 5 minutes."),
    MX_O_OBJ(struct creation, rp, &party_shape, "Relying party."),
    MX_O_OBJ(struct creation, user, &user_shape, "Owner of the passkey."),
    MX_F_SUB_AS(struct creation, parameters, "pubKeyCredParams", MX_K_LIST, 0, 0, 0,
                &parameter_shape, "Algorithms that are accepted, preferred first."),
    MX_O(struct creation, timeout, "Milliseconds."),
    MX_F_SUB_AS(struct creation, exclude, "excludeCredentials", MX_K_LIST, 0, 0, 0,
                &descriptor_shape, "Passkeys that are registered already."),
    MX_F_SUB_AS(struct creation, selection, "authenticatorSelection", MX_K_OBJECT, 0, 0, 0,
                &selection_shape, "Required abilities of the authenticator."),
    MX_O_ENUM(struct creation, attestation, attestation_names, "No attestation is required."),
};
static MX_SHAPE(passkey_creation_shape, "PasskeyCreationOptions", struct creation, creation_fields);

/* ---- what a client sends ---- */

/* Members of the JSON forms that say nothing we need. */
#define IGNORED(T, wire) \
    MX_F_KIND(T, ignored, wire, MX_K_RAW, MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT, "Ignored.")
#define BYTES(T, m, wire, flags, doc) \
    MX_F_AS(T, m, wire, MX_BODY, flags, 1, TEXT_MAX, MX_TOKEN, doc)

struct asserted {
    struct mx_str client_data, authenticator_data, signature, user, ignored;
};
static const struct mx_field asserted_fields[] = {
    BYTES(struct asserted, client_data, "clientDataJSON", MX_F_REQUIRED, "base64url."),
    BYTES(struct asserted, authenticator_data, "authenticatorData", MX_F_REQUIRED, "base64url."),
    BYTES(struct asserted, signature, "signature", MX_F_REQUIRED | MX_F_SECRET, "base64url."),
    BYTES(struct asserted, user, "userHandle", MX_F_NULLABLE, "base64url."),
};
static MX_SHAPE(asserted_shape, "PasskeyAsserted", struct asserted, asserted_fields);

struct attested {
    struct mx_str client_data, attestation, ignored;
};
static const struct mx_field attested_fields[] = {
    BYTES(struct attested, client_data, "clientDataJSON", MX_F_REQUIRED, "base64url."),
    BYTES(struct attested, attestation, "attestationObject", MX_F_REQUIRED, "base64url."),
    IGNORED(struct attested, "authenticatorData"),
    IGNORED(struct attested, "publicKey"),
    IGNORED(struct attested, "publicKeyAlgorithm"),
    IGNORED(struct attested, "transports"),
};
static MX_SHAPE(attested_shape, "PasskeyAttested", struct attested, attested_fields);

#define CREDENTIAL_FIELDS(T, shape)                                                   \
    MX_F(T, id, MX_BODY, MX_F_REQUIRED, 1, 2048, MX_TOKEN, "Credential, base64url."), \
        MX_F_SUB(T, response, MX_K_OBJECT, MX_F_REQUIRED, 0, 0, shape,                \
                 "The authenticator's response."),                                    \
        MX_F_ENUM(T, type, MX_BODY, 0, credential_type_names, "Kind of credential."), \
        IGNORED(T, "rawId"), IGNORED(T, "authenticatorAttachment"),                   \
        IGNORED(T, "clientExtensionResults")

struct assertion {
    struct mx_str id, ignored;
    struct asserted response;
    int type;
};
static const struct mx_field assertion_fields[] = {
    CREDENTIAL_FIELDS(struct assertion, &asserted_shape),
};
static MX_SHAPE(assertion_shape, "PasskeyAssertion", struct assertion, assertion_fields);

struct registration {
    struct mx_str id, ignored;
    struct attested response;
    int type;
};
static const struct mx_field registration_fields[] = {
    CREDENTIAL_FIELDS(struct registration, &attested_shape),
};
static MX_SHAPE(registration_shape, "PasskeyRegistration", struct registration,
                registration_fields);

struct sign_in {
    struct assertion credential;
    struct mx_str mfa_token;
};
static const struct mx_field sign_in_fields[] = {
    MX_F(struct sign_in, mfa_token, MX_BODY, MX_F_SECRET, 1, 512, MX_PASSWORD,
         "The `mfa_token` of a sign-in that the passkey completes; leave it out to "
         "sign in with the passkey alone."),
    MX_F_SUB(struct sign_in, credential, MX_K_OBJECT, MX_F_REQUIRED, 0, 0, &assertion_shape,
             "Result of navigator.credentials.get(), as JSON."),
};
static MX_SHAPE(passkey_sign_in_shape, "PasskeySignIn", struct sign_in, sign_in_fields);

struct new_passkey {
    struct mx_str name;
    struct registration credential;
};
static const struct mx_field new_fields[] = {
    MX_F(struct new_passkey, name, MX_BODY, 0, 1, 100, MX_LINE,
         "Name for the owner to tell passkeys apart."),
    MX_F_SUB(struct new_passkey, credential, MX_K_OBJECT, MX_F_REQUIRED, 0, 0, &registration_shape,
             "Result of navigator.credentials.create(), as JSON."),
};
static MX_SHAPE(passkey_new_shape, "PasskeyNew", struct new_passkey, new_fields);

struct passkey_id {
    struct mx_id id;
};
static const struct mx_field id_fields[] = {
    MX_F(struct passkey_id, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the passkey."),
};
static MX_SHAPE(passkey_id_shape, "PasskeyId", struct passkey_id, id_fields);

struct passkey_name {
    struct mx_id id;
    struct mx_str name;
};
static const struct mx_field name_fields[] = {
    MX_F(struct passkey_name, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the passkey."),
    MX_F(struct passkey_name, name, MX_BODY, 0, 1, 100, MX_LINE,
         "Name for the owner to tell passkeys apart."),
};
static MX_SHAPE(passkey_name_shape, "PasskeyName", struct passkey_name, name_fields);

/* ---- answers ---- */

static const struct mx_field passkey_fields[] = {
    MX_O(struct mx_passkey, id, "Id of the passkey."),
    MX_O(struct mx_passkey, name, "Name for the owner to tell passkeys apart."),
    MX_O(struct mx_passkey, backed_up, "Synchronised between devices."),
    MX_O(struct mx_passkey, created_at, "Time of creation."),
    MX_O_NULL(struct mx_passkey, last_used_at, "Time of the last sign-in with it."),
};
MX_SHAPE(mx_shape_passkey, "Passkey", struct mx_passkey, passkey_fields);

struct passkeys {
    struct mx_list data;
    struct mx_str next_cursor;
};
static const struct mx_field passkeys_fields[] = {
    MX_O_LIST(struct passkeys, data, &mx_shape_passkey, "All passkeys, oldest first."),
    MX_O_NULL(struct passkeys, next_cursor, "Always null: the list is complete."),
};
static MX_SHAPE(passkeys_shape, "Passkeys", struct passkeys, passkeys_fields);

/* ---- handlers ---- */

static enum mx_err offered(struct mx_ctx *cx)
{
    return mx_passkey_offered(cx->proc->conf)
               ? MX_OK
               : mx_fail(cx->faults, MX_E_NOT_FOUND, "Passkeys are not offered.");
}

/* base64url of the member at `pointer` as bytes; absent stays absent. */
static void decode(struct mx_ctx *cx, const char *pointer, struct mx_str text,
                   struct mx_str *ret_bytes)
{
    *ret_bytes = (struct mx_str){NULL, 0};
    if (text.p != NULL && !mx_b64url_decode(cx->arena, text, ret_bytes))
        mx_fault_at(cx->faults, mx_str_c(pointer), "bad_format", "must be base64url");
}

static enum mx_err api_auth_passkey_options(struct mx_ctx *cx, const void *in,
                                            struct mx_reply *reply)
{
    struct request *out = MX_NEW(cx->arena, struct request);

    (void)in;
    MX_TRY(offered(cx));
    *out = (struct request){
        .challenge = mx_passkey_sign_in_challenge(cx),
        .rp_id = mx_str_c(cx->proc->conf->passkey_rp_id),
        .timeout = MX_PASSKEY_CHALLENGE_LIFE_MS,
    };
    reply->out = out;
    return MX_OK;
}

static enum mx_err api_auth_passkey(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct sign_in *sent = in;
    const struct assertion *c = &sent->credential;
    struct mx_passkey_assertion a = {.mfa_token = sent->mfa_token};

    MX_TRY(offered(cx));
    decode(cx, "/credential/id", c->id, &a.credential);
    decode(cx, "/credential/response/userHandle", c->response.user, &a.user);
    decode(cx, "/credential/response/clientDataJSON", c->response.client_data,
           &a.answer.client_data);
    decode(cx, "/credential/response/authenticatorData", c->response.authenticator_data,
           &a.answer.authenticator_data);
    decode(cx, "/credential/response/signature", c->response.signature, &a.answer.signature);
    if (cx->faults->n > 0)
        return MX_E_VALIDATION_FAILED;
    return mx_passkey_sign_in(cx, &a, api_auth_signing_in(cx, reply), &reply->error);
}

static enum mx_err api_passkeys_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct passkeys *out = MX_NEW(cx->arena, struct passkeys);

    (void)in;
    reply->out = out;
    return mx_passkey_list(cx, &out->data);
}

static struct mx_list parameters(struct mx_arena *a)
{
    static const int64_t algs[] = {-7, -8, -257, -35};
    struct parameter *all = mx_arena_zalloc(a, MX_LEN(algs), sizeof *all);

    for (size_t i = 0; i < MX_LEN(algs); i++)
        all[i].alg = algs[i];
    return MX_LIST(all, MX_LEN(algs));
}

static struct mx_list descriptors(struct mx_arena *a, struct mx_list passkeys)
{
    struct descriptor *all = mx_arena_zalloc(a, passkeys.n, sizeof *all);

    for (size_t i = 0; i < passkeys.n; i++) {
        struct mx_str credential = MX_AT(passkeys, struct mx_passkey, i)->credential;

        all[i].id = mx_b64url(a, credential.p, credential.n);
    }
    return MX_LIST(all, passkeys.n);
}

static enum mx_err api_passkey_options(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct creation *out = MX_NEW(cx->arena, struct creation);
    struct mx_profile me;
    struct mx_list there;

    (void)in;
    MX_TRY(offered(cx));
    if (cx->actor.kind == MX_GUEST)
        return MX_E_FORBIDDEN;
    MX_TRY(mx_account_profile(cx, cx->actor.account, &me));
    MX_TRY(mx_passkey_list(cx, &there));
    *out = (struct creation){
        .challenge = mx_passkey_register_challenge(cx),
        .rp = {mx_str_c(cx->proc->conf->passkey_rp_id), mx_str_c(cx->proc->conf->shop_name)},
        .user = {mx_b64url(cx->arena, me.id.b, sizeof me.id.b),
                 me.email.p != NULL ? me.email : me.name, me.name},
        .parameters = parameters(cx->arena),
        .exclude = descriptors(cx->arena, there),
        .timeout = MX_PASSKEY_CHALLENGE_LIFE_MS,
    };
    reply->out = out;
    return MX_OK;
}

static enum mx_err api_passkey_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct new_passkey *sent = in;
    struct mx_passkey *out = MX_NEW(cx->arena, struct mx_passkey);
    struct mx_passkey_new add = {.name = sent->name.p != NULL ? sent->name : MX_S("Passkey")};

    MX_TRY(offered(cx));
    decode(cx, "/credential/response/clientDataJSON", sent->credential.response.client_data,
           &add.client_data);
    decode(cx, "/credential/response/attestationObject", sent->credential.response.attestation,
           &add.attestation);
    if (cx->faults->n > 0)
        return MX_E_VALIDATION_FAILED;
    reply->out = out;
    return mx_passkey_register(cx, &add, out);
}

static enum mx_err api_passkey_rename(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct passkey_name *to = in;
    struct mx_passkey *out = MX_NEW(cx->arena, struct mx_passkey);

    reply->out = out;
    return mx_passkey_rename(cx, to->id, to->name, out);
}

static enum mx_err api_passkey_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_passkey_remove(cx, ((const struct passkey_id *)in)->id);
}

const struct mx_route mx_routes_passkeys[] = {
    {.id = "auth.passkey.options",
     .method = MX_POST,
     .path = "/v1/auth/passkey/options",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_REVOKED_OK,
     .rate = MX_RATE_SIGN_IN,
     .answers = {{200, &passkey_request_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_NOT_FOUND),
     .fn = api_auth_passkey_options,
     .doc = "Start a sign-in with a passkey",
     .more = "Returns the options for navigator.credentials.get(). The challenge works "
             "once, for 5 minutes. 404: the shop has no passkeys."},
    {.id = "auth.passkey",
     .method = MX_POST,
     .path = "/v1/auth/passkey",
     .who = MX_WHO_ANYONE,
     .flags = MX_R_TX | MX_R_REVOKED_OK,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &passkey_sign_in_shape,
     .answers = {{200, &mx_shape_tokens}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_INVALID_MFA_TOKEN, MX_E_NOT_FOUND),
     .fn = api_auth_passkey,
     .doc = "Sign in with a passkey",
     .more = "Takes the result of navigator.credentials.get() and returns tokens. A passkey "
             "counts as both factors; with `mfa_token` it is the second factor of that "
             "sign-in. Send a guest's token to merge its cart and move its orders."},
    {.id = "me.passkeys.list",
     .method = MX_GET,
     .path = "/v1/me/passkeys",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_WITHOUT_MFA,
     .answers = {{200, &passkeys_shape}},
     .fn = api_passkeys_list,
     .doc = "List passkeys",
     .more = "The caller's passkeys, oldest first."},
    {.id = "me.passkeys.options",
     .method = MX_POST,
     .path = "/v1/me/passkeys/options",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_RECENT_AUTH | MX_R_WITHOUT_MFA,
     .rate = MX_RATE_SIGN_IN,
     .answers = {{200, &passkey_creation_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_NOT_FOUND, MX_E_FORBIDDEN),
     .fn = api_passkey_options,
     .doc = "Start registering a passkey",
     .more = "Returns the options for navigator.credentials.create(). The challenge works "
             "once, for 5 minutes. 404: the shop has no passkeys."},
    {.id = "me.passkeys.add",
     .method = MX_POST,
     .path = "/v1/me/passkeys",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH | MX_R_WITHOUT_MFA,
     .pool = MX_POOL_SLOW,
     .rate = MX_RATE_PASSWORD,
     .in = &passkey_new_shape,
     .answers = {{201, &mx_shape_passkey}},
     .errors = MX_ROUTE_ERRORS(MX_E_NOT_FOUND, MX_E_FORBIDDEN, MX_E_CONFLICT),
     .fn = api_passkey_add,
     .doc = "Register a passkey",
     .more = "Takes the result of navigator.credentials.create(). The owner is notified by "
             "mail. 409: the passkey is registered already, or the account has as many as "
             "it can have."},
    {.id = "me.passkeys.rename",
     .method = MX_PATCH,
     .path = "/v1/me/passkeys/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &passkey_name_shape,
     .answers = {{200, &mx_shape_passkey}},
     .fn = api_passkey_rename,
     .doc = "Rename a passkey",
     .more = "Changes the name that the list shows; signing in is unaffected."},
    {.id = "me.passkeys.remove",
     .method = MX_DELETE,
     .path = "/v1/me/passkeys/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX | MX_R_RECENT_AUTH,
     .in = &passkey_id_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_passkey_remove,
     .doc = "Remove a passkey",
     .more = "The owner is notified by mail. 409: it is the only way to sign in; set a "
             "password first."},
    {0}};
