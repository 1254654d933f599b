/* ID tokens and notices of providers: claims they must have. The signature is checked by
 * codec/jws.h with a key of codec/jwk.h. */
#include "base/arena.h"
#include "codec/oidc.h"
#include "codec/secret.h"
#include "codec/token.h"
#include "codec/utf8.h"

#define SUBJECT_MAX 255 /* OpenID Connect Core 1.0, 2 */
#define EMAIL_MAX 254
#define NAME_MAX_POINTS 200

static bool is_client(const struct mx_oidc_provider *p, struct mx_str id)
{
    for (size_t i = 0; i < p->clients.n; i++)
        if (mx_str_eq(*MX_AT(p->clients, struct mx_str, i), id))
            return true;
    return false;
}

/* Every audience is one of our clients: what is for others too, others may have sent. Of several
 * the one that it was given to is named, and is ours as well. */
static const char *check_audience(const struct mx_oidc_provider *p, const struct mx_json *claims)
{
    const struct mx_json *aud = mx_json_get(claims, "aud"), *v;
    int n = 1;

    if (!aud)
        return "no aud";
    if (mx_json_type(aud) == MX_JSON_ARRAY) {
        for (n = 0, v = mx_json_first(aud); v; v = mx_json_next(v), n++)
            if (mx_json_type(v) != MX_JSON_STRING || !is_client(p, mx_json_string(v)))
                return "another audience";
    } else if (!is_client(p, mx_claim_str(claims, "aud"))) {
        return "another audience";
    }
    if (n == 0)
        return "no aud";
    if ((n > 1 || mx_json_get(claims, "azp")) && !is_client(p, mx_claim_str(claims, "azp")))
        return "given to another";
    return NULL;
}

static const char *check_times(const struct mx_json *claims, int64_t now_s, int64_t *ret_exp_s)
{
    int64_t iat, nbf, exp;

    if (!mx_claim_int(claims, "exp", &exp) || !mx_claim_int(claims, "iat", &iat))
        return "bad exp or iat";
    if (exp <= iat || exp - iat > MX_ID_TOKEN_LIFE_MAX_S)
        return "bad life";
    if (now_s > exp + MX_TOKEN_LEEWAY_S)
        return "expired";
    if (iat > now_s + MX_TOKEN_LEEWAY_S)
        return "not valid yet";
    if (mx_json_get(claims, "nbf") &&
        (!mx_claim_int(claims, "nbf", &nbf) || nbf > now_s + MX_TOKEN_LEEWAY_S))
        return "not valid yet";
    *ret_exp_s = exp;
    return NULL;
}

/* The token has the nonce, or its digest. */
static const char *check_nonce(struct mx_arena *a, const struct mx_json *claims,
                               struct mx_str nonce, struct mx_str *ret_claim)
{
    struct mx_str claim = mx_claim_str(claims, "nonce");
    struct mx_hash digest = mx_sha256(nonce);

    if (!claim.p || nonce.n < MX_NONCE_MIN)
        return "no nonce";
    if (!mx_str_eq(claim, nonce) && !mx_str_eq(claim, mx_hex(a, digest.b, sizeof(digest))))
        return "another nonce";
    *ret_claim = claim;
    return NULL;
}

static const char *check_subject(const struct mx_json *object, struct mx_str *ret_subject)
{
    struct mx_str sub = mx_claim_str(object, "sub");

    if (sub.n < 1 || sub.n > SUBJECT_MAX || mx_utf8_control(sub, ""))
        return "bad sub";
    *ret_subject = sub;
    return NULL;
}

/* Apple writes booleans as strings. */
static bool is_true(const struct mx_json *claims, const char *name)
{
    const struct mx_json *v = mx_json_get(claims, name);

    return v && (mx_json_type(v) == MX_JSON_BOOL ? mx_json_bool(v)
                                                 : mx_str_eqc(mx_claim_str(claims, name), "true"));
}

/* Local part and domain of characters that mean nothing to a mail system (RFC 5322 dot-atom). */
static bool is_address(struct mx_str s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "!#$%&'*+/=?^_`{|}~-.";
    struct mx_str part;
    int parts = 0;

    if (s.n < 1 || s.n > EMAIL_MAX)
        return false;
    while (mx_str_split(&s, '@', &part)) {
        for (size_t i = 0; i < part.n; i++)
            if (part.p[i] == '\0' || !strchr(allowed, part.p[i]))
                return false;
        if (part.n == 0)
            return false;
        parts++;
    }
    return parts == 2 && mx_str_find(part, '.') > 0;
}

/* Address and name, as far as the provider gives them: all optional. */
static void read_person(const struct mx_oidc_provider *p, const struct mx_json *claims,
                        struct mx_id_token *t)
{
    struct mx_str email = mx_claim_str(claims, "email"), name = mx_claim_str(claims, "name");

    if (!p->ignores_email && is_address(email) && is_true(claims, "email_verified"))
        t->email = email;
    if (name.n > 0 && mx_utf8_length(name) <= NAME_MAX_POINTS && mx_utf8_line(name))
        t->name = name;
}

static const char *check_issuer(const struct mx_oidc_provider *p, const struct mx_json *claims)
{
    struct mx_str iss = mx_claim_str(claims, "iss");

    if (iss.p && (mx_str_eq(iss, p->issuer) || mx_str_eq(iss, p->alias)))
        return NULL;
    return "another issuer";
}

/* NOLINTNEXTLINE(readability-function-size): six parameters, one call */
const char *mx_id_token_read(struct mx_arena *a, const struct mx_oidc_provider *p,
                             struct mx_str text, struct mx_str nonce, int64_t now_s,
                             struct mx_id_token *ret_token)
{
    struct mx_id_token t = {0};
    const struct mx_json *claims;
    const char *why = mx_jws_parse(a, text, MX_ID_TOKEN_MAX, &t.jws);

    if (why)
        return why;
    claims = t.jws.payload;
    why = check_issuer(p, claims);
    if (!why)
        why = check_audience(p, claims);
    if (!why)
        why = check_times(claims, now_s, &t.exp_s);
    if (!why)
        why = check_subject(claims, &t.subject);
    if (!why)
        why = check_nonce(a, claims, nonce, &t.nonce);
    if (why)
        return why;
    t.kid = mx_claim_str(t.jws.header, "kid");
    read_person(p, claims, &t);
    *ret_token = t;
    return t.kid.p ? NULL : "no kid";
}

/* ---- notices ---- */

const char *const mx_oidc_event_names[] = {"other", "consent_revoked", "account_deleted", NULL};

static const char *check_age(const struct mx_json *claims, int64_t now_s, int64_t *ret_until_s)
{
    int64_t iat, exp;

    if (!mx_claim_int(claims, "iat", &iat) || iat < 0)
        return "bad iat";
    if (iat > now_s + MX_TOKEN_LEEWAY_S)
        return "not valid yet";
    if (iat < now_s - MX_NOTICE_LIFE_S)
        return "too old";
    if (mx_json_get(claims, "exp") &&
        (!mx_claim_int(claims, "exp", &exp) || now_s > exp + MX_TOKEN_LEEWAY_S))
        return "expired";
    *ret_until_s = iat + MX_NOTICE_LIFE_S + 1;
    return NULL;
}

/* Apple's event is a JSON text within the JSON. */
static const struct mx_json *read_event(struct mx_arena *a, const struct mx_json *claims)
{
    const struct mx_json *events = mx_json_get(claims, "events");
    struct mx_str text = mx_claim_str(claims, "events");
    const char *why;
    size_t at;

    if (text.p && mx_json_parse(a, text, &events, &why, &at) != MX_OK)
        return NULL;
    return events && mx_json_type(events) == MX_JSON_OBJECT ? events : NULL;
}

static enum mx_oidc_event event_of(struct mx_str type)
{
    if (mx_str_eqc(type, "consent-revoked"))
        return MX_OIDC_CONSENT_REVOKED;
    if (mx_str_eqc(type, "account-delete") || mx_str_eqc(type, "account-deleted"))
        return MX_OIDC_ACCOUNT_DELETED;
    return MX_OIDC_OTHER;
}

static const char *check_event(const struct mx_json *event, struct mx_oidc_notice *n)
{
    struct mx_str type = mx_claim_str(event, "type");

    if (!type.p)
        return "no type";
    n->event = event_of(type);
    return check_subject(event, &n->subject);
}

const char *mx_oidc_notice_read(struct mx_arena *a, const struct mx_oidc_provider *p,
                                struct mx_str text, int64_t now_s,
                                struct mx_oidc_notice *ret_notice)
{
    struct mx_oidc_notice n = {.event = MX_OIDC_OTHER};
    const struct mx_json *claims, *event;
    const char *why = mx_jws_parse(a, text, MX_ID_TOKEN_MAX, &n.jws);

    if (why)
        return why;
    claims = n.jws.payload;
    event = read_event(a, claims);
    if (!event)
        return "no event";
    why = check_issuer(p, claims);
    if (!why)
        why = check_audience(p, claims);
    if (!why)
        why = check_age(claims, now_s, &n.until_s);
    if (!why)
        why = check_event(event, &n);
    if (why)
        return why;
    n.id = mx_claim_str(claims, "jti");
    n.kid = mx_claim_str(n.jws.header, "kid");
    *ret_notice = n;
    if (n.id.n < 1)
        return "no jti";
    return n.kid.p ? NULL : "no kid";
}
