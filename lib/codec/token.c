/* Access tokens: what a signed token (codec/jws.h) must say to be one, and how it is made. */
#include "codec/token.h"

#include "codec/jsonw.h"
#include "codec/jws.h"
#include "codec/keys_internal.h"

/* Claims that a token of ours must have. */
struct expected {
    const char *issuer, *audience;
    int64_t now_s;
};

/* The functions below return NULL, or the reason to refuse. */

/* The key that the header names. */
static const char *find_key(const struct mx_keys *k, const struct mx_json *header,
                            const struct mx_key **ret_key)
{
    struct mx_str kid = mx_claim_str(header, "kid");

    if (!mx_str_eqc(mx_claim_str(header, "typ"), "JWT"))
        return "typ is not JWT";
    if (!mx_kid_valid(kid))
        return "no kid";
    *ret_key = mx_keys_find(k, kid);
    return *ret_key ? NULL : "unknown kid";
}

/* `aud` is our audience or an array of strings that has it. */
static bool is_for(const struct mx_json *payload, const char *audience)
{
    const struct mx_json *aud = mx_json_get(payload, "aud"), *v;
    bool found = false;

    if (!aud || mx_json_type(aud) != MX_JSON_ARRAY)
        return mx_str_eqc(mx_claim_str(payload, "aud"), audience);
    for (v = mx_json_first(aud); v; v = mx_json_next(v)) {
        if (mx_json_type(v) != MX_JSON_STRING)
            return false;
        found = found || mx_str_eqc(mx_json_string(v), audience);
    }
    return found;
}

static bool id_of(const struct mx_json *payload, const char *name, struct mx_id *ret_id)
{
    return mx_id_parse(mx_claim_str(payload, name), ret_id) && !mx_id_none(*ret_id);
}

/* `scope` is one of three words; `roles` belongs to staff. */
static const char *read_rights(const struct mx_json *payload, struct mx_claims *ret_claims)
{
    bool staff;

    ret_claims->scope = mx_claim_str(payload, "scope");
    ret_claims->roles = mx_claim_str(payload, "roles");
    staff = mx_str_eqc(ret_claims->scope, "staff");
    if (!staff && !mx_str_eqc(ret_claims->scope, "guest") &&
        !mx_str_eqc(ret_claims->scope, "customer"))
        return "bad scope";
    if (mx_json_get(payload, "roles") && !(staff && ret_claims->roles.p))
        return "bad roles";
    return NULL;
}

static const char *check_times(const struct mx_claims *c, int64_t now_s)
{
    if (c->exp <= c->iat || c->exp - c->iat > MX_TOKEN_LIFE_MAX_S)
        return "bad life";
    if (now_s > c->exp + MX_TOKEN_LEEWAY_S)
        return "expired";
    if (c->nbf > now_s + MX_TOKEN_LEEWAY_S || c->iat > now_s + MX_TOKEN_LEEWAY_S)
        return "not valid yet";
    return NULL;
}

static const char *read_claims(const struct mx_json *payload, const struct expected *e,
                               struct mx_claims *c)
{
    const char *why;

    if (!mx_str_eqc(mx_claim_str(payload, "iss"), e->issuer))
        return "another issuer";
    if (!is_for(payload, e->audience))
        return "another audience";
    if (!id_of(payload, "sub", &c->account) || !id_of(payload, "sid", &c->session) ||
        !id_of(payload, "jti", &c->jti))
        return "bad sub, sid or jti";
    if (!mx_claim_int(payload, "iat", &c->iat) || !mx_claim_int(payload, "nbf", &c->nbf) ||
        !mx_claim_int(payload, "exp", &c->exp))
        return "bad iat, nbf or exp";
    why = read_rights(payload, c);
    return why ? why : check_times(c, e->now_s);
}

/* NOLINTNEXTLINE(readability-function-size): eight parameters, one call */
enum mx_err mx_token_verify(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                            const char *audience, struct mx_str token, int64_t now_s,
                            struct mx_claims *ret_claims, const char **ret_why)
{
    const struct expected expected = {issuer, audience, now_s};
    struct mx_claims claims = {0};
    struct mx_jws jws = {0};
    const struct mx_key *key = NULL;
    const char *why = mx_jws_parse(a, token, MX_TOKEN_MAX, &jws);

    if (!why)
        why = find_key(k, jws.header, &key);
    if (!why)
        why = mx_jws_check(&jws, key->kind->alg, key->verify);
    if (!why)
        why = read_claims(jws.payload, &expected, &claims);
    if (why) {
        *ret_why = why;
        return MX_E_UNAUTHORIZED;
    }
    *ret_claims = claims;
    return MX_OK;
}

static void put(struct mx_jsonw *w, const char *name, struct mx_str value)
{
    mx_jsonw_name(w, name);
    mx_jsonw_str(w, value);
}

static void put_int(struct mx_jsonw *w, const char *name, int64_t value)
{
    mx_jsonw_name(w, name);
    mx_jsonw_int(w, value);
}

enum mx_err mx_token_sign(struct mx_arena *a, const struct mx_keys *k, const char *issuer,
                          const char *audience, const struct mx_claims *claims,
                          struct mx_str *ret_token)
{
    const struct mx_key *key = k->active;
    struct mx_jsonw w;
    struct mx_buf payload;
    struct mx_str token;

    mx_buf_init(&payload, a, MX_TOKEN_MAX);
    mx_jsonw_init(&w, &payload);
    mx_jsonw_open(&w);
    put(&w, "iss", mx_str_c(issuer));
    put(&w, "aud", mx_str_c(audience));
    mx_jsonw_name(&w, "sub");
    mx_jsonw_id(&w, claims->account);
    mx_jsonw_name(&w, "sid");
    mx_jsonw_id(&w, claims->session);
    mx_jsonw_name(&w, "jti");
    mx_jsonw_id(&w, claims->jti);
    put_int(&w, "iat", claims->iat);
    put_int(&w, "nbf", claims->nbf);
    put_int(&w, "exp", claims->exp);
    put(&w, "scope", claims->scope);
    if (claims->roles.p)
        put(&w, "roles", claims->roles);
    mx_jsonw_close(&w);
    if (payload.overflow)
        return MX_E_INTERNAL;
    MX_TRY(mx_jws_sign(a, key->kind->alg, key->sign, key->kid, mx_buf_view(&payload), &token));
    if (token.n > MX_TOKEN_MAX)
        return MX_E_INTERNAL;
    *ret_token = token;
    return MX_OK;
}
