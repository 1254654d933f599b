#include "codec/passkey.h"

#include <cbor.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/es384.h>
#include <fido/rs256.h>

#include "base/rnd.h"
#include "codec/cbor_scan.h"
#include "codec/json.h"
#include "codec/uri.h"

#define FLAG_PRESENT 0x01
#define FLAG_VERIFIED 0x04
#define FLAG_BACKED_UP 0x10
#define FLAG_ATTESTED 0x40
#define FLAG_EXTENDED 0x80
#define RP_HASH 32
#define AUTHDATA_MIN (RP_HASH + 1 + 4)
#define AAGUID 16

/* ---- challenges ---- */

/* All but the MAC is covered by it. */
struct challenge {
    unsigned char use;
    unsigned char until_ms[8]; /* big-endian */
    unsigned char nonce[16];
    unsigned char mac[MX_HASH];
};
_Static_assert(sizeof(struct challenge) == 1 + 8 + 16 + MX_HASH, "no padding");

static struct mx_hash mac_of(const struct mx_hash *secret, const struct challenge *c,
                             struct mx_id bound_to)
{
    static const char purpose[] = "passkey challenge";
    char text[sizeof purpose - 1 + offsetof(struct challenge, mac) + sizeof bound_to.b];
    char *p = text;

    memcpy(p, purpose, sizeof purpose - 1);
    p += sizeof purpose - 1;
    memcpy(p, c, offsetof(struct challenge, mac));
    p += offsetof(struct challenge, mac);
    memcpy(p, bound_to.b, sizeof bound_to.b);
    return mx_hmac(secret, (struct mx_str){text, sizeof text});
}

struct mx_str mx_passkey_challenge(struct mx_arena *a, const struct mx_hash *secret,
                                   enum mx_passkey_use use, struct mx_id bound_to, int64_t now_ms)
{
    struct challenge c = {.use = (unsigned char)use};
    uint64_t until = (uint64_t)(now_ms + MX_PASSKEY_CHALLENGE_LIFE_MS);
    struct mx_hash mac;

    for (int i = 0; i < 8; i++)
        c.until_ms[i] = (unsigned char)(until >> (56 - 8 * i));
    mx_rnd(c.nonce, sizeof c.nonce);
    mac = mac_of(secret, &c, bound_to);
    memcpy(c.mac, mac.b, sizeof c.mac);
    return mx_b64url(a, &c, sizeof c);
}

static bool made_with(const struct mx_hash *secret, const struct challenge *c,
                      struct mx_id bound_to)
{
    struct mx_hash mac;

    if (secret == NULL)
        return false;
    mac = mac_of(secret, c, bound_to);
    return mx_secret_eq(mac.b, c->mac, sizeof c->mac);
}

static bool challenge_ok(struct mx_arena *a, const struct mx_passkey_asked *asked,
                         struct mx_str text)
{
    struct mx_str bytes;
    struct challenge c;
    uint64_t until;

    if (!mx_b64url_decode(a, text, &bytes) || bytes.n != sizeof c)
        return false;
    memcpy(&c, bytes.p, sizeof c);
    if (!made_with(asked->secret, &c, asked->bound_to) &&
        !made_with(asked->secret_old, &c, asked->bound_to))
        return false;
    until = 0;
    for (int i = 0; i < 8; i++)
        until = until << 8 | c.until_ms[i];
    return c.use == asked->use && (int64_t)until > asked->now_ms;
}

/* ---- client data (section 5.8.1) ---- */

static struct mx_str text_of(const struct mx_json *object, const char *name)
{
    const struct mx_json *v = mx_json_get(object, name);

    return v != NULL && mx_json_type(v) == MX_JSON_STRING ? mx_json_string(v) : MX_S("");
}

static bool origin_ok(const char *origins, struct mx_str origin)
{
    struct mx_str rest = mx_str_c(origins), one;

    while (mx_str_split(&rest, ' ', &one))
        if (one.n > 0 && mx_str_eq(one, origin))
            return true;
    return false;
}

static const char *client_data_fault(struct mx_arena *a, const struct mx_passkey_asked *asked,
                                     struct mx_str client_data, struct mx_hash *ret_challenge)
{
    const struct mx_json *root, *crossed;
    const char *why;
    size_t at;
    const char *type = asked->use == MX_PASSKEY_REGISTER ? "webauthn.create" : "webauthn.get";
    struct mx_str challenge;

    if (mx_json_parse(a, client_data, &root, &why, &at) != MX_OK ||
        mx_json_type(root) != MX_JSON_OBJECT)
        return "client data is not a JSON object";
    if (!mx_str_eqc(text_of(root, "type"), type))
        return "another type";
    challenge = text_of(root, "challenge");
    if (!challenge_ok(a, asked, challenge))
        return "another challenge, or too late";
    *ret_challenge = mx_sha256(challenge);
    if (!origin_ok(asked->origins, text_of(root, "origin")))
        return "another origin";
    crossed = mx_json_get(root, "crossOrigin");
    if (crossed != NULL && (mx_json_type(crossed) != MX_JSON_BOOL || mx_json_bool(crossed)))
        return "within a page of another origin";
    return NULL;
}

static const unsigned char *bytes_of(struct mx_str s)
{
    return (const unsigned char *)s.p;
}

/* ---- authenticator data (section 6.1) ---- */

/* Take a CBOR item off the front of *rest. */
static bool take_item(struct mx_str *rest)
{
    size_t n = mx_cbor_scan(*rest);

    *rest = mx_str_sub(*rest, n, rest->n);
    return n > 0;
}

/* Take the attested credential (section 6.5.1) off the front of *rest: identifier and COSE key. */
static bool take_credential(struct mx_str *rest)
{
    const unsigned char *p = bytes_of(*rest);
    size_t id_n;

    if (rest->n < AAGUID + 2)
        return false;
    id_n = (size_t)p[AAGUID] << 8 | p[AAGUID + 1];
    *rest = mx_str_sub(*rest, AAGUID + 2, rest->n);
    if (id_n > rest->n || id_n > MX_PASSKEY_ID_MAX)
        return false;
    *rest = mx_str_sub(*rest, id_n, rest->n);
    return take_item(rest);
}

/* Whether `data` is what its flags say, up to its last byte, and no length in it exceeds it: the
 * libraries believe each of them. A credential is attested when registering, and only then. */
static bool data_sound(struct mx_str data, enum mx_passkey_use use)
{
    struct mx_str rest = mx_str_sub(data, AUTHDATA_MIN, data.n);
    unsigned flags;
    bool attested;

    if (data.n < AUTHDATA_MIN)
        return false;
    flags = bytes_of(data)[RP_HASH];
    attested = (flags & FLAG_ATTESTED) != 0;
    if (attested != (use == MX_PASSKEY_REGISTER) || (attested && !take_credential(&rest)))
        return false;
    if ((flags & FLAG_EXTENDED) && !take_item(&rest))
        return false;
    return rest.n == 0;
}

/* ---- registering ---- */

/* Checks that libfido2 makes together with a signature: ours where there is none. */
static const char *unsigned_fault(const fido_cred_t *cred, const char *rp_id)
{
    struct mx_hash rp = mx_sha256(mx_str_c(rp_id));
    const unsigned char *raw = fido_cred_authdata_raw_ptr(cred);

    if (raw == NULL || fido_cred_authdata_raw_len(cred) < AUTHDATA_MIN ||
        memcmp(raw, rp.b, RP_HASH) != 0)
        return "another relying party";
    return NULL;
}

static const char *attestation_fault(const fido_cred_t *cred, const char *rp_id)
{
    const char *fmt = fido_cred_fmt(cred);
    const int wanted = FLAG_PRESENT | FLAG_VERIFIED;

    if ((fido_cred_flags(cred) & wanted) != wanted)
        return "the user was not verified";
    if (fmt != NULL && strcmp(fmt, "none") == 0)
        return unsigned_fault(cred, rp_id);
    if (fido_cred_x5c_ptr(cred) == NULL)
        return fido_cred_verify_self(cred) == FIDO_OK ? NULL : "the attestation is not sound";
    return fido_cred_verify(cred) == FIDO_OK ? NULL : "the attestation is not sound";
}

static struct mx_str copy(struct mx_arena *a, const unsigned char *p, size_t n)
{
    return mx_str_dup(a, (struct mx_str){(const char *)p, n});
}

/* An attestation object (section 6.5.4): a CBOR map of three. */
struct attestation {
    struct mx_str fmt, statement, authenticator_data;
};

static void take_part(struct mx_arena *a, const struct cbor_pair *pair, struct attestation *at)
{
    unsigned char *cbor = NULL;
    size_t room = 0, n;
    struct mx_str name;

    if (!cbor_isa_string(pair->key) || !cbor_string_is_definite(pair->key))
        return;
    name =
        (struct mx_str){(const char *)cbor_string_handle(pair->key), cbor_string_length(pair->key)};
    if (mx_str_eqc(name, "fmt") && cbor_isa_string(pair->value) &&
        cbor_string_is_definite(pair->value)) {
        at->fmt = copy(a, cbor_string_handle(pair->value), cbor_string_length(pair->value));
    } else if (mx_str_eqc(name, "authData") && cbor_isa_bytestring(pair->value) &&
               cbor_bytestring_is_definite(pair->value)) {
        at->authenticator_data =
            copy(a, cbor_bytestring_handle(pair->value), cbor_bytestring_length(pair->value));
    } else if (mx_str_eqc(name, "attStmt") && cbor_isa_map(pair->value)) {
        n = cbor_serialize_alloc(pair->value, &cbor, &room);
        if (n > 0)
            at->statement = copy(a, cbor, n);
        free(cbor);
    }
}

static bool take_apart(struct mx_arena *a, struct mx_str cbor, struct attestation *ret_at)
{
    struct cbor_load_result load;
    cbor_item_t *item;
    bool whole;

    *ret_at = (struct attestation){.fmt = {NULL, 0}};
    if (mx_cbor_scan(cbor) != cbor.n)
        return false;
    item = cbor_load(bytes_of(cbor), cbor.n, &load);
    if (item == NULL)
        return false;
    whole = load.read == cbor.n && cbor_isa_map(item) && cbor_map_is_definite(item) &&
            cbor_map_size(item) == 3;
    for (size_t i = 0; whole && i < 3; i++)
        take_part(a, &cbor_map_handle(item)[i], ret_at);
    cbor_decref(&item);
    return whole && ret_at->fmt.p != NULL && ret_at->statement.p != NULL &&
           data_sound(ret_at->authenticator_data, MX_PASSKEY_REGISTER);
}

/* A credential of algorithm `alg` with what the client sent; NULL when it holds none of that. */
static fido_cred_t *cred_of(int alg, const char *rp_id, struct mx_str client_data,
                            const struct attestation *at)
{
    bool bare = mx_str_eqc(at->fmt, "none");
    struct mx_str data = at->authenticator_data, statement = at->statement;
    fido_cred_t *cred = fido_cred_new();

    if (cred == NULL)
        MX_BUG("no memory for a credential");
    if (fido_cred_set_type(cred, alg) == FIDO_OK &&
        fido_cred_set_clientdata(cred, bytes_of(client_data), client_data.n) == FIDO_OK &&
        fido_cred_set_rp(cred, rp_id, NULL) == FIDO_OK &&
        fido_cred_set_uv(cred, FIDO_OPT_TRUE) == FIDO_OK &&
        fido_cred_set_authdata_raw(cred, bytes_of(data), data.n) == FIDO_OK &&
        fido_cred_set_fmt(cred, at->fmt.p) == FIDO_OK &&
        (bare || fido_cred_set_attstmt(cred, bytes_of(statement), statement.n) == FIDO_OK))
        return cred;
    fido_cred_free(&cred);
    return NULL;
}

/* libfido2 compares the algorithm with the one that was asked for; we ask for any of these. */
static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_ES384, COSE_RS256};

static fido_cred_t *any_cred_of(struct mx_arena *a, const char *rp_id, struct mx_str client_data,
                                struct mx_str attestation)
{
    struct attestation at;
    fido_cred_t *cred = NULL;

    fido_init(0);
    if (!take_apart(a, attestation, &at))
        return NULL;
    for (size_t i = 0; i < MX_LEN(algorithms) && cred == NULL; i++)
        cred = cred_of(algorithms[i], rp_id, client_data, &at);
    return cred;
}

static const char *keep(struct mx_arena *a, const fido_cred_t *cred, struct mx_passkey_checked *ret)
{
    size_t id_n = fido_cred_id_len(cred), key_n = fido_cred_pubkey_len(cred);

    if (id_n == 0 || id_n > MX_PASSKEY_ID_MAX || key_n == 0 || key_n > MX_PASSKEY_KEY_MAX)
        return "no credential";
    ret->id = copy(a, fido_cred_id_ptr(cred), id_n);
    ret->key = (struct mx_passkey_key){
        .alg = fido_cred_type(cred),
        .key = copy(a, fido_cred_pubkey_ptr(cred), key_n),
        .count = fido_cred_sigcount(cred),
        .backed_up = (fido_cred_flags(cred) & FLAG_BACKED_UP) != 0,
    };
    return NULL;
}

enum mx_err mx_passkey_registered(struct mx_arena *a, const struct mx_passkey_asked *asked,
                                  struct mx_str client_data, struct mx_str attestation,
                                  struct mx_passkey_checked *ret)
{
    fido_cred_t *cred;

    *ret = (struct mx_passkey_checked){.why = NULL};
    ret->why = client_data_fault(a, asked, client_data, &ret->challenge);
    if (ret->why != NULL)
        return MX_E_VALIDATION_FAILED;
    cred = any_cred_of(a, asked->rp_id, client_data, attestation);
    if (cred == NULL) {
        ret->why = "no attestation object of a known algorithm";
        return MX_E_VALIDATION_FAILED;
    }
    ret->why = attestation_fault(cred, asked->rp_id);
    if (ret->why == NULL)
        ret->why = keep(a, cred, ret);
    fido_cred_free(&cred);
    return ret->why == NULL ? MX_OK : MX_E_VALIDATION_FAILED;
}

/* ---- signing in ---- */

/* Whether the signature of the one statement in `assert` is of that key. */
static bool signed_by(const fido_assert_t *assert, const struct mx_passkey_key *key)
{
    union {
        es256_pk_t *es256;
        es384_pk_t *es384;
        eddsa_pk_t *eddsa;
        rs256_pk_t *rs256;
    } pk = {NULL};
    const void *bytes = key->key.p;
    int r = FIDO_ERR_INVALID_ARGUMENT;
    switch (key->alg) {
    case COSE_ES256:
        pk.es256 = es256_pk_new();
        if (pk.es256 != NULL && es256_pk_from_ptr(pk.es256, bytes, key->key.n) == FIDO_OK)
            r = fido_assert_verify(assert, 0, COSE_ES256, pk.es256);
        es256_pk_free(&pk.es256);
        break;
    case COSE_ES384:
        pk.es384 = es384_pk_new();
        if (pk.es384 != NULL && es384_pk_from_ptr(pk.es384, bytes, key->key.n) == FIDO_OK)
            r = fido_assert_verify(assert, 0, COSE_ES384, pk.es384);
        es384_pk_free(&pk.es384);
        break;
    case COSE_EDDSA:
        pk.eddsa = eddsa_pk_new();
        if (pk.eddsa != NULL && eddsa_pk_from_ptr(pk.eddsa, bytes, key->key.n) == FIDO_OK)
            r = fido_assert_verify(assert, 0, COSE_EDDSA, pk.eddsa);
        eddsa_pk_free(&pk.eddsa);
        break;
    case COSE_RS256:
        pk.rs256 = rs256_pk_new();
        if (pk.rs256 != NULL && rs256_pk_from_ptr(pk.rs256, bytes, key->key.n) == FIDO_OK)
            r = fido_assert_verify(assert, 0, COSE_RS256, pk.rs256);
        rs256_pk_free(&pk.rs256);
        break;
    default:
        break;
    }
    return r == FIDO_OK;
}

/* Checks relying party, presence, verification and signature. */
static const char *assertion_fault(const char *rp_id, const struct mx_passkey_key *key,
                                   const struct mx_passkey_answer *answer,
                                   struct mx_passkey_key *ret_key)
{
    const char *why = "the assertion is not sound";
    struct mx_str data = answer->authenticator_data, sig = answer->signature;
    fido_assert_t *assert;

    if (!data_sound(data, MX_PASSKEY_SIGN_IN))
        return "malformed authenticator data";
    fido_init(0);
    assert = fido_assert_new();
    if (assert == NULL)
        MX_BUG("no memory for an assertion");
    if (fido_assert_set_clientdata(assert, bytes_of(answer->client_data), answer->client_data.n) ==
            FIDO_OK &&
        fido_assert_set_rp(assert, rp_id) == FIDO_OK &&
        fido_assert_set_count(assert, 1) == FIDO_OK &&
        fido_assert_set_up(assert, FIDO_OPT_TRUE) == FIDO_OK &&
        fido_assert_set_uv(assert, FIDO_OPT_TRUE) == FIDO_OK &&
        fido_assert_set_authdata_raw(assert, 0, bytes_of(data), data.n) == FIDO_OK &&
        fido_assert_set_sig(assert, 0, bytes_of(sig), sig.n) == FIDO_OK && signed_by(assert, key))
        why = NULL;
    *ret_key = *key;
    ret_key->count = fido_assert_sigcount(assert, 0);
    ret_key->backed_up = (fido_assert_flags(assert, 0) & FLAG_BACKED_UP) != 0;
    fido_assert_free(&assert);
    return why;
}

enum mx_err mx_passkey_asserted(struct mx_arena *a, const struct mx_passkey_asked *asked,
                                const struct mx_passkey_key *key,
                                const struct mx_passkey_answer *answer,
                                struct mx_passkey_checked *ret)
{
    *ret = (struct mx_passkey_checked){.why = NULL};
    ret->why = client_data_fault(a, asked, answer->client_data, &ret->challenge);
    if (ret->why == NULL)
        ret->why = assertion_fault(asked->rp_id, key, answer, &ret->key);
    return ret->why == NULL ? MX_OK : MX_E_INVALID_CREDENTIALS;
}
