/* Tokens are made by hand here, so that every fault can be signed properly. */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "base/arena.h"
#include "codec/token.h"
#include "codec/uri.h"
#include "tap.h"

#define NOW INT64_C(1800000000)
#define ISSUER "https://shop.test"
#define AUDIENCE "merx"
#define SUB "01890a5d-ac96-774b-bcce-b302099a8057"
#define SID "01890a5d-ac96-774b-bcce-b302099a8058"
#define JTI "01890a5d-ac96-774b-bcce-b302099a8059"
#define HEAD_ES "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"ec\"}"
#define HEAD_HS "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"hs\"}"
#define WHO "\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\","
#define IDS "\"sub\":\"" SUB "\",\"sid\":\"" SID "\",\"jti\":\"" JTI "\","
#define TIMES "\"iat\":1799999990,\"nbf\":1799999990,\"exp\":1800000890,"
#define SCOPE "\"scope\":\"customer\""
#define GOOD "{" WHO IDS TIMES SCOPE "}"

static struct mx_arena *arena;
static struct mx_keys *keys;
static EVP_PKEY *ec, *attacker;
static struct mx_str hmac_key;
static char dir[] = "/tmp/merx-token-XXXXXX";

static struct mx_str b64(struct mx_str s)
{
    return mx_b64url(arena, s.p, s.n);
}

static struct mx_str join(struct mx_str a, struct mx_str b)
{
    return mx_str_fmt(arena, "%.*s.%.*s", MX_FMT(a), MX_FMT(b));
}

/* The signed part. */
static struct mx_str signed_part(struct mx_str header, struct mx_str payload)
{
    return join(b64(header), b64(payload));
}

static struct mx_str hmac_signature(const EVP_MD *md, struct mx_str key, struct mx_str text)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    HMAC(md, key.p, (int)key.n, (const unsigned char *)text.p, text.n, out, &n);
    return (struct mx_str){mx_arena_dup(arena, out, n), n};
}

static struct mx_str der_signature(EVP_PKEY *pkey, struct mx_str text)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char out[128];
    size_t n = sizeof(out);

    if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, pkey) != 1 ||
        EVP_DigestSign(md, out, &n, (const unsigned char *)text.p, text.n) != 1)
        MX_BUG("cannot sign");
    EVP_MD_CTX_free(md);
    return (struct mx_str){mx_arena_dup(arena, out, n), n};
}

/* r and s, each of 32 bytes; s replaced by n - s when `negate`. */
static struct mx_str raw_signature(EVP_PKEY *pkey, struct mx_str text, bool negate)
{
    struct mx_str der = der_signature(pkey, text);
    const unsigned char *p = (const unsigned char *)der.p;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
    EC_GROUP *curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *s = BN_dup(ECDSA_SIG_get0_s(sig));
    unsigned char out[64];

    if (negate)
        BN_sub(s, EC_GROUP_get0_order(curve), s);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
    BN_bn2binpad(s, out + 32, 32);
    BN_free(s);
    EC_GROUP_free(curve);
    ECDSA_SIG_free(sig);
    return (struct mx_str){mx_arena_dup(arena, out, sizeof(out)), sizeof(out)};
}

static struct mx_str ec_token(struct mx_str header, struct mx_str payload)
{
    struct mx_str text = signed_part(header, payload);

    return join(text, b64(raw_signature(ec, text, false)));
}

static struct mx_str hs_token(struct mx_str header, struct mx_str payload)
{
    struct mx_str text = signed_part(header, payload);

    return join(text, b64(hmac_signature(EVP_sha256(), hmac_key, text)));
}

static enum mx_err verify_at(struct mx_str token, int64_t now, struct mx_claims *c,
                             const char **why)
{
    return mx_token_verify(arena, keys, ISSUER, AUDIENCE, token, now, c, why);
}

/* The reason of the refusal; "" when the token was accepted. */
static const char *refusal(struct mx_str token)
{
    struct mx_claims c = {0};
    const char *why = "no reason";

    return verify_at(token, NOW, &c, &why) == MX_E_UNAUTHORIZED ? why : "";
}

static void refused(struct mx_str token, const char *why, const char *name)
{
    const char *got = refusal(token);

    if (!tap_ok(strcmp(got, why) == 0, "%s", name))
        printf("#   got \"%s\", want \"%s\"\n", got, why);
}

static struct mx_str bio_text(BIO *out)
{
    char *p = NULL;
    long n = BIO_get_mem_data(out, &p);
    struct mx_str text = {mx_arena_dup(arena, p, (size_t)n), (size_t)n};

    BIO_free(out);
    return text;
}

static struct mx_str private_pem(EVP_PKEY *pkey)
{
    BIO *out = BIO_new(BIO_s_mem());

    PEM_write_bio_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL);
    return bio_text(out);
}

static struct mx_str public_pem(EVP_PKEY *pkey)
{
    BIO *out = BIO_new(BIO_s_mem());

    PEM_write_bio_PUBKEY(out, pkey);
    return bio_text(out);
}

static struct mx_str public_der(EVP_PKEY *pkey)
{
    BIO *out = BIO_new(BIO_s_mem());

    i2d_PUBKEY_bio(out, pkey);
    return bio_text(out);
}

static void put(const char *name, const char *text)
{
    const char *path = mx_arena_printf(arena, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
        MX_BUG("cannot write %s", path);
}

/* Keys "ec" (active) and "hs". */
static void set_up(void)
{
    const char *why = "";

    hmac_key = MX_S("0123456789abcdef0123456789abcdef");
    ec = EVP_EC_gen("P-256");
    attacker = EVP_EC_gen("P-256");
    if (!mkdtemp(dir))
        MX_BUG("no directory");
    put("ec.es256.pem", private_pem(ec).p);
    put("hs.hs256", b64(hmac_key).p);
    put("active", "ec\n");
    put("server.secret", b64(hmac_key).p);
    put("0123456789abcdef.pii", b64(hmac_key).p);
    put("pii.active", "0123456789abcdef\n");
    if (mx_keys_load(arena, dir, &keys, &why) != MX_OK)
        MX_BUG("%s", why);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static struct mx_claims some_claims(void)
{
    struct mx_claims c = {.iat = NOW, .nbf = NOW, .exp = NOW + 900};

    if (!mx_id_parse(MX_S(SUB), &c.account) || !mx_id_parse(MX_S(SID), &c.session) ||
        !mx_id_parse(MX_S(JTI), &c.jti))
        MX_BUG("bad id");
    c.scope = MX_S("staff");
    c.roles = MX_S("catalog orders");
    return c;
}

static void own_tokens(void)
{
    struct mx_claims in = some_claims(), out = {0};
    struct mx_str token = {0}, rest, part = {0}, text = {0};
    const char *why = "";

    tap_err(mx_token_sign(arena, keys, ISSUER, AUDIENCE, &in, &token), MX_OK, "sign");
    tap_err(verify_at(token, NOW, &out, &why), MX_OK, "and verify");
    tap_ok(mx_id_eq(out.account, in.account) && mx_id_eq(out.session, in.session) &&
               mx_id_eq(out.jti, in.jti),
           "ids");
    tap_ok(out.iat == in.iat && out.nbf == in.nbf && out.exp == in.exp, "times");
    tap_str(out.scope, "staff", "scope");
    tap_str(out.roles, "catalog orders", "roles");
    rest = token;
    tap_ok(mx_str_split(&rest, '.', &part) && mx_b64url_decode(arena, part, &text), "header");
    tap_str(text, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"JWT\"}", "is what it should be");
    tap_ok(mx_str_split(&rest, '.', &part) && mx_b64url_decode(arena, rest, &text) && text.n == 64,
           "a signature of 64 bytes");
    in.scope = MX_S("guest");
    in.roles = (struct mx_str){0};
    tap_err(mx_token_sign(arena, keys, ISSUER, AUDIENCE, &in, &token), MX_OK, "sign for a guest");
    tap_err(verify_at(token, NOW, &out, &why), MX_OK, "and verify");
    tap_ok(!out.roles.p, "without roles");
    in.scope = MX_S("staff");
    in.roles = mx_str_fmt(arena, "%5000d", 1);
    tap_err(mx_token_sign(arena, keys, ISSUER, AUDIENCE, &in, &token), MX_E_INTERNAL,
            "never sign what would be refused for its length");
    tap_ok(mx_token_verify(arena, keys, "https://other.test", AUDIENCE, token, NOW, &out, &why) ==
               MX_E_UNAUTHORIZED,
           "another issuer");
}

static void hand_made(void)
{
    struct mx_str text = signed_part(MX_S(HEAD_ES), MX_S(GOOD));

    refused(ec_token(MX_S(HEAD_ES), MX_S(GOOD)), "", "ES256 by hand is accepted");
    refused(hs_token(MX_S(HEAD_HS), MX_S(GOOD)), "", "HS256 by hand is accepted");
    refused(
        ec_token(MX_S("{\"kid\":\"ec\",\"x\":1,\"typ\":\"JWT\",\"alg\":\"ES256\"}"), MX_S(GOOD)),
        "", "unknown header members are ignored");
    refused(join(text, b64(raw_signature(ec, text, true))), "", "n - s is a valid signature too");
    refused(join(text, b64(raw_signature(attacker, text, false))), "bad signature",
            "signed by another key");
    refused(join(signed_part(MX_S(HEAD_ES), MX_S("{" WHO IDS TIMES "\"scope\":\"staff\"}")),
                 b64(raw_signature(ec, text, false))),
            "bad signature", "the signature of another payload");
}

/* JWT-1: the algorithm belongs to the key. */
static void algorithm_confusion(void)
{
    struct mx_str pem = public_pem(ec), der = public_der(ec);
    const struct {
        const char *name;
        struct mx_str key;
    } secrets[] = {{"public PEM", pem},
                   {"public PEM without its last newline", mx_str_sub(pem, 0, pem.n - 1)},
                   {"public DER", der},
                   {"x and y", mx_str_sub(der, der.n - 64, 64)},
                   {"uncompressed point", mx_str_sub(der, der.n - 65, 65)},
                   {"no key", MX_S("")}};
    struct mx_str text =
        signed_part(MX_S("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"ec\"}"), MX_S(GOOD));
    size_t i;

    for (i = 0; i < MX_LEN(secrets); i++)
        refused(join(text, b64(hmac_signature(EVP_sha256(), secrets[i].key, text))),
                "alg is not the key's", secrets[i].name);
    text = signed_part(MX_S(HEAD_HS), MX_S(GOOD));
    refused(join(text, b64(hmac_signature(EVP_sha256(), pem, text))), "bad signature",
            "HMAC with the PEM under the HMAC kid");
    text = signed_part(MX_S("{\"alg\":\"HS384\",\"typ\":\"JWT\",\"kid\":\"hs\"}"), MX_S(GOOD));
    refused(join(text, b64(hmac_signature(EVP_sha384(), hmac_key, text))), "alg is not the key's",
            "HS384 with the HS256 key");
    text = signed_part(MX_S(HEAD_HS), MX_S(GOOD));
    refused(join(text, b64(hmac_signature(EVP_sha384(), hmac_key, text))), "bad signature length",
            "a longer HMAC");
    refused(ec_token(MX_S("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"hs\"}"), MX_S(GOOD)),
            "alg is not the key's", "ES256 under the HMAC kid");
}

/* JWT-1, JWT-2: other spellings, signed with the right key, with an empty and a missing segment. */
static void algorithm_spellings(void)
{
    static const char *const algs[] = {"\"none\"",  "\"None\"",  "\"nOnE\"",  "\"NONE\"",
                                       "\"\"",      "null",      "0",         "[\"ES256\"]",
                                       "true",      "{}",        "\"es256\"", "\"ES256 \"",
                                       "\"ES384\"", "\"hs256\"", "\"HS256\""};
    struct mx_str header, text;
    size_t i;

    for (i = 0; i < MX_LEN(algs); i++) {
        header = mx_str_fmt(arena, "{\"alg\":%s,\"typ\":\"JWT\",\"kid\":\"ec\"}", algs[i]);
        text = signed_part(header, MX_S(GOOD));
        refused(ec_token(header, MX_S(GOOD)), "alg is not the key's", algs[i]);
        refused(join(text, MX_S("")), "not three segments", "unsigned");
        refused(text, "not three segments", "unsigned, without the last dot");
    }
    refused(ec_token(MX_S("{\"typ\":\"JWT\",\"kid\":\"ec\"}"), MX_S(GOOD)), "alg is not the key's",
            "no alg");
    header = MX_S("{\"alg\":\"none\",\"typ\":\"JWT\"}");
    refused(ec_token(header, MX_S(GOOD)), "no kid", "neither alg nor kid");
    refused(join(signed_part(MX_S("{\"alg\":\"none\"}"), MX_S(GOOD)), MX_S("AA")), "typ is not JWT",
            "nothing but none");
}

/* JWT-3: the kid is a name in memory and nothing else. */
static void key_names(void)
{
    const struct {
        struct mx_str kid;
        const char *why;
    } kids[] = {
        {MX_S("\"EC\""), "unknown kid"},
        {MX_S("\"ec2\""), "unknown kid"},
        {MX_S("\"e\""), "unknown kid"},
        {MX_S("\"active\""), "unknown kid"},
        {MX_S("\"\""), "no kid"},
        {MX_S("\"ec.es256.pem\""), "no kid"},
        {MX_S("\"../../keys/ec\""), "no kid"},
        {MX_S("\"x' UNION SELECT 'k'-- \""), "no kid"},
        {MX_S("\"/dev/null\""), "no kid"},
        {MX_S("\"ec \""), "no kid"},
        {MX_S("\"\xC3\xA9\""), "no kid"},
        {MX_S("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""), "no kid"},
        {MX_S("1"), "no kid"},
        {MX_S("null"), "no kid"},
        {MX_S("[\"ec\"]"), "no kid"},
        {MX_S("{\"ec\":1}"), "no kid"},
        {MX_S("\"ec\\u0000\""), "bad JSON"},
        {MX_S("\"ec\",\"kid\":\"hs\""), "bad JSON"},
        {mx_str_fmt(arena, "\"%10000d\"", 1), "too long"},
    };
    struct mx_str header;
    size_t i;

    for (i = 0; i < MX_LEN(kids); i++) {
        header = mx_str_fmt(arena, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":%.*s}",
                            MX_FMT(kids[i].kid));
        refused(ec_token(header, MX_S(GOOD)), kids[i].why,
                mx_arena_printf(arena, "kid %.60s", kids[i].kid.p));
    }
    refused(ec_token(MX_S("{\"alg\":\"ES256\",\"typ\":\"JWT\"}"), MX_S(GOOD)), "no kid", "no kid");
}

/* JWT-4: nothing in the header chooses or changes the check. */
static void header_members(void)
{
    static const char *const members[] = {"\"crit\":[\"exp\"]",
                                          "\"crit\":[]",
                                          "\"crit\":null",
                                          "\"jku\":\"https://evil.test/jwks\"",
                                          "\"x5u\":\"https://evil.test/x5u\"",
                                          "\"x5c\":[\"MIIB\"]",
                                          "\"b64\":false",
                                          "\"b64\":true",
                                          "\"zip\":\"DEF\"",
                                          "\"cty\":\"JWT\"",
                                          "\"b64\":false,\"crit\":[\"b64\"]"};
    struct mx_str der = public_der(attacker), header, text;
    size_t i;

    for (i = 0; i < MX_LEN(members); i++) {
        header =
            mx_str_fmt(arena, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"ec\",%s}", members[i]);
        refused(ec_token(header, MX_S(GOOD)), "forbidden header member", members[i]);
    }
    header = mx_str_fmt(arena,
                        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"ec\",\"jwk\":{\"kty\":\"EC\","
                        "\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}}",
                        mx_b64url(arena, der.p + der.n - 64, 32).p,
                        mx_b64url(arena, der.p + der.n - 32, 32).p);
    text = signed_part(header, MX_S(GOOD));
    refused(join(text, b64(raw_signature(attacker, text, false))), "forbidden header member",
            "the attacker's own key in the header");
}

/* JWT-5. */
static void types(void)
{
    static const char *const typs[] = {"\"at+jwt\"", "\"jwt\"", "\"JWT \"", "\"JWS\"",
                                       "\"\"",       "null",    "1",        "[\"JWT\"]"};
    size_t i;

    for (i = 0; i < MX_LEN(typs); i++)
        refused(
            ec_token(mx_str_fmt(arena, "{\"alg\":\"ES256\",\"typ\":%s,\"kid\":\"ec\"}", typs[i]),
                     MX_S(GOOD)),
            "typ is not JWT", typs[i]);
    refused(ec_token(MX_S("{\"alg\":\"ES256\",\"kid\":\"ec\"}"), MX_S(GOOD)), "typ is not JWT",
            "no typ");
}

/* JWT-6: claims, each in a token that is signed properly. */
static void claims(void)
{
    static const struct {
        const char *payload, *why;
    } cases[] = {
        {"{\"iss\":\"" ISSUER "\",\"aud\":[\"other\",\"merx\"]," IDS TIMES SCOPE "}", ""},
        {"{" WHO IDS TIMES "\"scope\":\"staff\",\"roles\":\"\"}", ""},
        {"{" WHO IDS TIMES SCOPE ",\"more\":{\"x\":[1.5]}}", ""},
        {"{\"iss\":\"" ISSUER "/\",\"aud\":\"merx\"," IDS TIMES SCOPE "}", "another issuer"},
        {"{\"iss\":[\"" ISSUER "\"],\"aud\":\"merx\"," IDS TIMES SCOPE "}", "another issuer"},
        {"{\"aud\":\"merx\"," IDS TIMES SCOPE "}", "another issuer"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"merx2\"," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"Merx\"," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[]," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[\"a\",\"b\"]," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[\"merx\",1]," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[[\"merx\"]]," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":{\"merx\":\"merx\"}," IDS TIMES SCOPE "}",
         "another audience"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":null," IDS TIMES SCOPE "}", "another audience"},
        {"{\"iss\":\"" ISSUER "\"," IDS TIMES SCOPE "}", "another audience"},
        {"{" WHO "\"sid\":\"" SID "\",\"jti\":\"" JTI "\"," TIMES SCOPE "}", "bad sub, sid or jti"},
        {"{" WHO "\"sub\":\"" SUB "\",\"jti\":\"" JTI "\"," TIMES SCOPE "}", "bad sub, sid or jti"},
        {"{" WHO "\"sub\":\"" SUB "\",\"sid\":\"" SID "\"," TIMES SCOPE "}", "bad sub, sid or jti"},
        {"{" WHO "\"sub\":\"00000000-0000-0000-0000-000000000000\",\"sid\":\"" SID
         "\",\"jti\":\"" JTI "\"," TIMES SCOPE "}",
         "bad sub, sid or jti"},
        {"{" WHO "\"sub\":\"01890a5dac96774bbcceb302099a8057\",\"sid\":\"" SID "\",\"jti\":\"" JTI
         "\"," TIMES SCOPE "}",
         "bad sub, sid or jti"},
        {"{" WHO "\"sub\":1,\"sid\":\"" SID "\",\"jti\":\"" JTI "\"," TIMES SCOPE "}",
         "bad sub, sid or jti"},
        {"{" WHO "\"sub\":\"" SUB "\"," IDS TIMES SCOPE "}", "bad JSON"},
        {"{" WHO "\"s\\u0075b\":\"" SUB "\"," IDS TIMES SCOPE "}", "bad JSON"},
        {"{" WHO IDS TIMES "\"scope\":\"admin\"}", "bad scope"},
        {"{" WHO IDS TIMES "\"scope\":\"staff customer\"}", "bad scope"},
        {"{" WHO IDS TIMES "\"scope\":\"Staff\"}", "bad scope"},
        {"{" WHO IDS TIMES "\"scope\":[\"staff\"]}", "bad scope"},
        {"{" WHO IDS TIMES "\"scope\":\"\"}", "bad scope"},
        {"{" WHO IDS TIMES "\"x\":1}", "bad scope"},
        {"{" WHO IDS TIMES SCOPE ",\"roles\":\"catalog\"}", "bad roles"},
        {"{" WHO IDS TIMES "\"scope\":\"staff\",\"roles\":[\"catalog\"]}", "bad roles"},
        {"{" WHO IDS TIMES "\"scope\":\"staff\",\"roles\":null}", "bad roles"},
        {"{" WHO IDS TIMES "\"Scope\":\"staff\"," SCOPE "}", ""},
    };
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++)
        refused(ec_token(MX_S(HEAD_ES), mx_str_c(cases[i].payload)), cases[i].why,
                mx_arena_printf(arena, "claims %zu: %s", i, cases[i].why));
}

/* JWT-6: times as they stand in the JSON text; NULL leaves the claim out. */
static void times(void)
{
    /* libjwt refuses numbers of more than 64 bits before we do. */
    static const struct {
        const char *iat, *nbf, *exp, *why;
    } cases[] = {
        {"1799999100", "1799999100", "1800000000", ""},
        {"1799999100", "1799999100", "1799999970", ""},
        {"1799999070", "1799999070", "1799999969", "expired"},
        {"1799999000", "1799999000", "1799999700", "expired"},
        {"1800000030", "1800000030", "1800000900", ""},
        {"1800000031", "1800000000", "1800000900", "not valid yet"},
        {"1800000000", "1800000031", "1800000900", "not valid yet"},
        {"1800000000", "1800000000", "1800000900", ""},
        {"1800000000", "1800000000", "1800000901", "bad life"},
        {"1800000000", "1800000000", "1800000000", "bad life"},
        {"1800000010", "1800000000", "1800000000", "bad life"},
        {"0", "0", "1800000900", "bad life"},
        {"-9007199254740991", "0", "9007199254740991", "bad life"},
        {"1800000000", "1800000000", "\"9999999999\"", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "1e999", "bad signature"},
        {"1800000000", "1800000000", "1.8e9", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "1800000900.5", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "9223372036854775808", "bad signature"},
        {"1800000000", "1800000000", "9007199254740993", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "[1800000900]", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "null", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "true", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", "01800000900", "bad JSON"},
        {"1800000000", "\"1800000000\"", "1800000900", "bad iat, nbf or exp"},
        {"1800000000.5", "1800000000", "1800000900", "bad iat, nbf or exp"},
        {NULL, "1800000000", "1800000900", "bad iat, nbf or exp"},
        {"1800000000", NULL, "1800000900", "bad iat, nbf or exp"},
        {"1800000000", "1800000000", NULL, "bad iat, nbf or exp"},
    };
    struct mx_str payload;
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++) {
        payload = mx_str_fmt(arena, "{" WHO IDS "\"%s\":%s,\"%s\":%s,\"%s\":%s," SCOPE "}",
                             cases[i].iat ? "iat" : "a", cases[i].iat ? cases[i].iat : "0",
                             cases[i].nbf ? "nbf" : "b", cases[i].nbf ? cases[i].nbf : "0",
                             cases[i].exp ? "exp" : "c", cases[i].exp ? cases[i].exp : "0");
        refused(ec_token(MX_S(HEAD_ES), payload), cases[i].why,
                mx_arena_printf(arena, "times %zu: %s", i, cases[i].why));
    }
}

/* The token of these coded segments, signed as they stand. */
static struct mx_str coded(struct mx_str header, struct mx_str payload)
{
    struct mx_str text = join(header, payload);

    return join(text, b64(raw_signature(ec, text, false)));
}

/* JWT-7: segments. */
static void segments(void)
{
    struct mx_str good = ec_token(MX_S(HEAD_ES), MX_S(GOOD)), rest = good;
    struct mx_str h = {0}, p = {0}, s;

    tap_ok(mx_str_split(&rest, '.', &h) && mx_str_split(&rest, '.', &p), "a token to take apart");
    p = mx_str_dup(arena, p);
    s = rest;
    refused((struct mx_str){0}, "not three segments", "absent");
    refused(MX_S(""), "not three segments", "empty");
    refused(MX_S("."), "not three segments", ".");
    refused(MX_S(".."), "not three segments", "..");
    refused(MX_S("..."), "not three segments", "...");
    refused(h, "not three segments", "one segment");
    refused(join(MX_S(""), join(p, s)), "not three segments", ".p.s");
    refused(join(h, join(MX_S(""), s)), "not three segments", "h..s");
    refused(join(h, join(p, MX_S(""))), "not three segments", "h.p.");
    refused(join(good, MX_S("")), "more than three segments", "h.p.s.");
    refused(join(good, s), "more than three segments", "h.p.s.s");
    refused(coded(h, mx_str_fmt(arena, "%s=", p.p)), "bad base64url", "padding that is signed");
    refused(coded(h, mx_str_fmt(arena, "%.*s!%s", 9, p.p, p.p + 9)), "bad base64url",
            "a foreign byte that is signed");
    refused(coded(h, mx_str_fmt(arena, "%.*s %s", 9, p.p, p.p + 9)), "bad base64url", "a space");
    refused(coded(h, mx_str_fmt(arena, "%s\n", p.p)), "bad base64url", "a newline");
    refused(coded(MX_S("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Ij+/In0"), p), "bad base64url",
            "the other alphabet");
    refused(coded(MX_S("e"), p), "bad base64url", "one digit");
    refused(coded(h, MX_S("e31")), "bad base64url", "unused bits that are not zero");
    refused(join(join(h, p), mx_str_fmt(arena, "%s==", s.p)), "bad base64url", "padded signature");
    refused(join(join(h, p), mx_str_fmt(arena, "%s\n", s.p)), "bad base64url",
            "a trailing newline");
    refused((struct mx_str){good.p, good.n + 1}, "bad base64url", "a trailing NUL");
    refused(mx_str_fmt(arena, " %s", good.p), "bad base64url", "a leading space");
    refused(mx_str_fmt(arena, "Bearer %s", good.p), "bad base64url", "the scheme before it");
    refused(mx_str_fmt(arena, "%s%5000d", good.p, 1), "too long", "over the limit");
}

/* JWT-7: JSON, and the bits of every byte. */
static void contents(void)
{
    static const char digits[] = "Ab0-_";
    struct mx_str good = ec_token(MX_S(HEAD_ES), MX_S(GOOD));
    size_t i, accepted = 0;
    char *bad;

    refused(ec_token(MX_S(HEAD_ES), MX_S("[1]")), "no JSON object", "an array");
    refused(ec_token(MX_S(HEAD_ES), MX_S("\"x\"")), "no JSON object", "a string");
    refused(ec_token(MX_S("[\"ES256\"]"), MX_S(GOOD)), "no JSON object", "a header array");
    refused(ec_token(MX_S(HEAD_ES), MX_S(GOOD "\0")), "bad JSON", "a NUL behind the payload");
    refused(ec_token(MX_S(HEAD_ES "\0"), MX_S(GOOD)), "bad JSON", "a NUL behind the header");
    refused(ec_token(MX_S(HEAD_ES), MX_S(GOOD GOOD)), "bad JSON", "two documents");
    refused(ec_token(MX_S(HEAD_ES), MX_S("{" WHO IDS TIMES SCOPE ",\"x\":\"\xFF\"}")), "bad JSON",
            "invalid UTF-8");
    refused(ec_token(MX_S("{\"alg\":\"HS256\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"ec\"}"),
                     MX_S(GOOD)),
            "bad JSON", "alg twice");
    refused(
        ec_token(MX_S("{\"alg\":\"ES256\",\"a\\u006cg\":\"none\",\"typ\":\"JWT\",\"kid\":\"ec\"}"),
                 MX_S(GOOD)),
        "bad JSON", "alg twice, once escaped");
    refused(ec_token(MX_S("\xEF\xBB\xBF" HEAD_ES), MX_S(GOOD)), "bad JSON", "byte order mark");
    for (i = 0; i < good.n; i++) {
        bad = mx_arena_dup(arena, good.p, good.n);
        bad[i] = digits[i % 5] == bad[i] ? 'x' : digits[i % 5];
        accepted += refusal((struct mx_str){bad, good.n})[0] == '\0';
        accepted += refusal(mx_str_sub(good, 0, i))[0] == '\0';
    }
    tap_int((int64_t)accepted, 0, "no change of one byte and no cut is accepted");
}

static struct mx_str with_halves(struct mx_str text, const char *r, const char *s)
{
    char both[64];

    memcpy(both, r, 32);
    memcpy(both + 32, s, 32);
    return join(text, mx_b64url(arena, both, sizeof(both)));
}

/* JWT-8: 64 bytes, both halves in range. */
static void signatures(void)
{
    static const char order[] = "\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                "\xBC\xE6\xFA\xAD\xA7\x17\x9E\x84\xF3\xB9\xCA\xC2\xFC\x63\x25\x51";
    static const char zero[32], one[32] = {[31] = 1};
    struct mx_str text = signed_part(MX_S(HEAD_ES), MX_S(GOOD));
    struct mx_str good = raw_signature(ec, text, false);
    const char *r = good.p, *s = good.p + 32;
    char last[32], max[32], padded[66] = {0};

    memcpy(last, order, 32);
    last[31] = 0x50;
    memset(max, 0xFF, sizeof(max));
    memcpy(padded + 1, r, 32);
    memcpy(padded + 34, s, 32);
    refused(join(text, b64(der_signature(ec, text))), "bad signature length", "DER");
    refused(join(text, b64(mx_str_sub(good, 0, 63))), "bad signature length", "63 bytes");
    refused(join(text, b64(mx_str_sub(good, 0, 32))), "bad signature length", "half of it");
    refused(join(text, mx_b64url(arena, padded, 65)), "bad signature length", "65 bytes");
    refused(join(text, mx_b64url(arena, padded, 66)), "bad signature length", "halves of 33 bytes");
    refused(join(text, MX_S("AA")), "bad signature length", "one byte");
    refused(with_halves(text, r, s), "", "the good one");
    refused(with_halves(text, zero, zero), "signature out of range", "all zero");
    refused(with_halves(text, zero, s), "signature out of range", "r = 0");
    refused(with_halves(text, r, zero), "signature out of range", "s = 0");
    refused(with_halves(text, order, s), "signature out of range", "r = n");
    refused(with_halves(text, r, order), "signature out of range", "s = n");
    refused(with_halves(text, max, s), "signature out of range", "r beyond n");
    refused(with_halves(text, r, max), "signature out of range", "s beyond n");
    refused(with_halves(text, last, last), "bad signature", "both n - 1");
    refused(with_halves(text, one, one), "bad signature", "both 1");
    refused(with_halves(text, s, r), "bad signature", "halves exchanged");
    text = signed_part(MX_S(HEAD_HS), MX_S(GOOD));
    good = hmac_signature(EVP_sha256(), hmac_key, text);
    refused(join(text, b64(mx_str_sub(good, 0, 31))), "bad signature length", "a cut HMAC");
    refused(join(text, b64(MX_S("01234567890123456789012345678901"))), "bad signature",
            "some other HMAC");
}

int main(void)
{
    arena = mx_arena_new(65536, 64 << 20);
    mx_secret_init();
    set_up();
    own_tokens();
    hand_made();
    algorithm_confusion();
    algorithm_spellings();
    key_names();
    header_members();
    types();
    claims();
    times();
    segments();
    contents();
    signatures();
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(attacker);
    mx_arena_free(arena);
    return tap_done();
}
