/* OpenID Connect: whose ID tokens are believed, and what such a token must say (OpenID Connect Core
 * 1.0, 2 and 3.1.3.7). Providers come from the file that the setting oidc_providers names:
 *
 *     # comment
 *     [google]                               name in the API: 1 to 32 of a-z 0-9 _ -
 *     client_ids = one two                   aud of tokens for us, and azp
 *
 *     [sso]
 *     issuer     = https://sso.example       iss, byte for byte
 *     jwks_uri   = https://sso.example/keys  its key set, over https alone
 *     client_ids = shop
 *     ca_file    = /etc/merx/sso.pem         whom to trust for jwks_uri; else as the system does
 *     email      = ignored                   or trusted (the default): addresses that it calls
 *                                            verified are its users'
 *     refetch_s  = 60                        (the default) its key set is kept at least so long,
 * and fetched again for an unknown key at most so often
 *     fetch_timeout_ms = 1800                (the default) a fetch ends by then; requests wait for
 * it
 *
 * google and apple need client_ids alone. Knows no network and no database. */
#ifndef MX_CODEC_OIDC_H
#define MX_CODEC_OIDC_H

#include "base/buf.h"
#include "base/list.h"
#include "codec/jws.h"

#define MX_OIDC_PROVIDERS 16
#define MX_OIDC_CLIENTS 32
#define MX_OIDC_REFETCH_S 60
#define MX_OIDC_FETCH_TIMEOUT_MS 1800
#define MX_ID_TOKEN_MAX 8192
#define MX_ID_TOKEN_LIFE_MAX_S 604800 /* exp - iat beyond this is refused */
#define MX_NOTICE_LIFE_S 604800
#define MX_NONCE_MIN 8
#define MX_NONCE_MAX 255

struct mx_oidc_provider {
    struct mx_str name;
    struct mx_str issuer;   /* what identities are kept under */
    struct mx_str alias;    /* another iss of the same provider; absent: none */
    struct mx_str jwks_uri; /* NUL-terminated, like ca_file */
    struct mx_str ca_file;  /* absent: as the system */
    struct mx_list clients; /* struct mx_str */
    bool ignores_email;
    int64_t refetch_s;
    int64_t fetch_timeout_ms;
};

struct mx_oidc {
    struct mx_list providers; /* struct mx_oidc_provider */
};

/* Read the file's text. Every error goes to `errors`, a line each; MX_E_VALIDATION_FAILED when
 * there is any. An absent text gives no providers. */
enum mx_err mx_oidc_read(struct mx_arena *a, struct mx_str text, struct mx_oidc *ret_oidc,
                         struct mx_buf *errors) MX_MUST_CHECK;

/* The provider of that name, or NULL. `o` may be NULL. */
const struct mx_oidc_provider *mx_oidc_find(const struct mx_oidc *o, struct mx_str name);

/* Claims of an ID token. */
struct mx_id_token {
    struct mx_jws jws;
    struct mx_str kid;     /* of the key that signed it */
    struct mx_str subject; /* sub: who it is, with the provider's issuer */
    struct mx_str nonce;   /* as it stands in the token */
    struct mx_str email;   /* absent: none that the provider calls verified */
    struct mx_str name;    /* absent: none, or none to show */
    int64_t exp_s;
};

/* Read a token and check all but its signature at `now_s`: an issuer of `p`, every aud (and azp)
 * one of our clients, exp, iat and nbf, a subject, and a nonce that is `nonce` or its SHA-256 in
 * hexadecimal (what mobile SDKs send). NULL, or a literal that says why not, for the log only. */
const char *mx_id_token_read(struct mx_arena *a, const struct mx_oidc_provider *p,
                             struct mx_str text, struct mx_str nonce, int64_t now_s,
                             struct mx_id_token *ret_token) MX_MUST_CHECK;

/* Events of a user that a provider reports by itself. */
enum mx_oidc_event {
    MX_OIDC_OTHER, /* nothing that changes anything here */
    MX_OIDC_CONSENT_REVOKED,
    MX_OIDC_ACCOUNT_DELETED
};
extern const char *const mx_oidc_event_names[];

/* A notice to us, of one event. */
struct mx_oidc_notice {
    struct mx_jws jws;
    struct mx_str kid;
    struct mx_str id; /* jti */
    struct mx_str subject;
    enum mx_oidc_event event;
    int64_t until_s; /* too old from then on */
};

/* Read a notice and check all but its signature at `now_s`: issuer and audience as of ID tokens,
 * iat at most MX_NOTICE_LIFE_S ago, a jti and `events` with a type and a subject (Apple,
 * "Processing changes for Sign in with Apple accounts"). NULL, or a literal that says why not, for
 * the log only. */
const char *mx_oidc_notice_read(struct mx_arena *a, const struct mx_oidc_provider *p,
                                struct mx_str text, int64_t now_s,
                                struct mx_oidc_notice *ret_notice) MX_MUST_CHECK;

#endif
