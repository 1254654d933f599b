/* The file of providers, and what a key set and its age are worth. Tokens are
 * tests/http/account/test_oidc.py.
 */
#include "codec/oidc.h"

#include "base/arena.h"
#include "codec/jwk.h"
#include "io/jwks.h"
#include "tap.h"

static struct mx_arena *arena;

#define GOOD "[google]\nclient_ids = a b\n"

static const char *read_file(const char *text, struct mx_oidc *ret_oidc)
{
    struct mx_buf faults;
    enum mx_err e;

    mx_buf_init(&faults, arena, 65536);
    e = mx_oidc_read(arena, mx_str_c(text), ret_oidc, &faults);
    if ((e == MX_OK) != (faults.n == 0))
        return "the status and the faults differ";
    return faults.p;
}

static void test_file(void)
{
    struct mx_oidc o = {{0}};
    const struct mx_oidc_provider *p;

    tap_str(mx_str_c(read_file("# google\r\n\n \t[google] \r\nclient_ids =  one  two \r\n"
                               "[x-1]\nissuer=https://x.test\njwks_uri = https://x.test/k=1\n"
                               "client_ids = three\nca_file = /ca\nemail = ignored\nrefetch_s = 7\n"
                               "fetch_timeout_ms = 900\n",
                               &o)),
            "", "two providers");
    tap_int((int64_t)o.providers.n, 2, "both are there");
    p = mx_oidc_find(&o, MX_S("google"));
    tap_str(p->issuer, "https://accounts.google.com", "Google's issuer");
    tap_str(p->alias, "accounts.google.com", "and its other name");
    tap_int((int64_t)p->clients.n, 2, "two clients");
    tap_str(*MX_AT(p->clients, struct mx_str, 1), "two", "spaces between them");
    tap_int(p->refetch_s, MX_OIDC_REFETCH_S, "the default");
    tap_int(p->fetch_timeout_ms, MX_OIDC_FETCH_TIMEOUT_MS, "and this one's");
    tap_ok(!p->ca_file.p && !p->ignores_email, "nothing else is set");
    p = mx_oidc_find(&o, MX_S("x-1"));
    tap_str(p->jwks_uri, "https://x.test/k=1", "an equals sign in a value");
    tap_ok(!p->alias.p && p->ignores_email && p->refetch_s == 7, "all members");
    tap_int(p->fetch_timeout_ms, 900, "a time limit");
    tap_str(p->ca_file, "/ca", "a CA file");
    tap_ok(!mx_oidc_find(&o, MX_S("apple")) && !mx_oidc_find(NULL, MX_S("google")), "no others");
    tap_str(mx_str_c(read_file("", &o)), "", "an empty file");
    tap_int((int64_t)o.providers.n, 0, "names nobody");
}

static void refuses(const char *text, const char *fault)
{
    struct mx_oidc o;

    tap_ok(strstr(read_file(text, &o), fault) != NULL, "refused: %s", fault);
}

static void test_file_faults(void)
{
    struct mx_buf many;

    refuses("client_ids = a\n", "line 1: expected [provider]");
    refuses("[]\n", "line 1: a name is");
    refuses("[", "line 1: a name is");
    refuses("[a b]\n", "line 1: a name is");
    refuses("[aaaaaaaaaabbbbbbbbbbccccccccccddd]\n", "line 1: a name is");
    refuses(GOOD "[google]\nclient_ids = c\n", "google is listed twice");
    refuses(GOOD "client_ids = c\n", "client_ids is set twice");
    refuses("[google]\n", "google needs issuer, jwks_uri and client_ids");
    refuses("[x]\nclient_ids = a\n", "x needs issuer");
    refuses("[x]\nissuer = https://\n", "issuer must be an https URL");
    refuses("[x]\nissuer = https://a b\n", "issuer must be an https URL");
    refuses("[x]\njwks_uri = http://a\n", "jwks_uri must be an https URL");
    refuses("[x]\nclient_ids = \n", "client_ids must be");
    refuses("[x]\nrefetch_s = 3601\n", "refetch_s must be 1 to 3600");
    refuses("[x]\nfetch_timeout_ms = 99\n", "fetch_timeout_ms must be 100 to 20000");
    refuses(GOOD
            "[x]\nissuer = https://accounts.google.com\njwks_uri = https://x\nclient_ids = a\n",
            "x has the issuer of google");
    mx_buf_init(&many, arena, 65536);
    for (int i = 0; i <= MX_OIDC_PROVIDERS; i++)
        mx_buf_fmt(&many, "[p%d]\nissuer = https://x%d\njwks_uri = https://x\nclient_ids = a\n", i,
                   i);
    refuses(many.p, "more than 16 providers");
}

/* RFC 7517 A.1 has these two. */
#define EC_KEY                                                                                \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define RSA_KEY                                                                                    \
    "\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1"  \
    "RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h" \
    "4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLy" \
    "rdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"  \
    "\",\"e\":\"AQAB\""

static bool usable(const char *keys)
{
    return mx_jwks_usable(arena, mx_str_fmt(arena, "{\"keys\":[%s]}", keys));
}

static void test_keys(void)
{
    struct mx_str set =
        mx_str_fmt(arena, "{\"keys\":[{%s,\"kid\":\"1\"},{%s,\"kid\":\"2\",\"use\":\"sig\"}]}",
                   EC_KEY, RSA_KEY);
    struct mx_jwk key;

    tap_ok(mx_jwks_usable(arena, set), "two keys");
    tap_ok(mx_jwks_find(arena, set, MX_S("1"), &key) && strcmp(key.alg, MX_ES256) == 0 &&
               mx_str_starts(key.pem, MX_S("-----BEGIN PUBLIC KEY-----")),
           "an EC key");
    tap_ok(mx_jwks_find(arena, set, MX_S("2"), &key) && strcmp(key.alg, MX_RS256) == 0,
           "an RSA key without alg is for RS256");
    tap_ok(!mx_jwks_find(arena, set, MX_S("3"), &key), "no other");
    tap_ok(!usable("{" EC_KEY "}"), "no kid");
    tap_ok(!usable("{" EC_KEY ",\"kid\":\"a b\"}"), "a kid with a space");
    tap_ok(!usable("{" EC_KEY ",\"kid\":\"1\",\"alg\":\"RS256\"}"), "another kind's alg");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"alg\":\"HS256\"}"), "RSA for HS256");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"alg\":\"RS384\"}"), "RS384");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"alg\":7}"), "alg is no string");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"use\":\"enc\"}"), "for encryption");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"d\":\"AA\"}"), "private");
    tap_ok(usable("{" RSA_KEY ",\"kid\":\"1\",\"key_ops\":[\"verify\"]}"), "for verifying");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"key_ops\":[\"sign\"]}"), "for signing");
    tap_ok(!usable("{" RSA_KEY ",\"kid\":\"1\",\"key_ops\":\"verify\"}"), "key_ops is no array");
    tap_ok(!usable("{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"1\"}"), "a secret");
    tap_ok(!usable("{\"kty\":\"EC\",\"kid\":\"1\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"),
           "short coordinates");
    set = mx_str_fmt(arena, "{\"keys\":[{%s,\"kid\":\"1\"},{%s,\"kid\":\"1\"}]}", EC_KEY, RSA_KEY);
    tap_ok(!mx_jwks_find(arena, set, MX_S("1"), &key), "two keys of one kid");
    tap_ok(!mx_jwks_usable(arena, MX_S("{\"keys\":{}}")), "keys is no array");
    tap_ok(!mx_jwks_usable(arena, MX_S("[]")), "no object");
    tap_ok(!mx_jwks_usable(arena, MX_S("")), "nothing");
    tap_ok(!mx_jwks_usable(arena, MX_S("{\"keys\":[],\"keys\":[]}")), "twice");
}

static void test_age(void)
{
    tap_int(mx_jwks_fresh_s((struct mx_str){0}, 60), MX_JWKS_FRESH_S, "not said [OID-4]");
    tap_int(mx_jwks_fresh_s(MX_S("public, max-age=22036, must-revalidate"), 60), 22036, "said");
    tap_int(mx_jwks_fresh_s(MX_S("Max-Age=5"), 60), 60, "not less than the least");
    tap_int(mx_jwks_fresh_s(MX_S("max-age=31536000"), 60), MX_JWKS_FRESH_MAX_S, "not more");
    tap_int(mx_jwks_fresh_s(MX_S("max-age=600, no-store"), 60), 60, "not to be kept");
    tap_int(mx_jwks_fresh_s(MX_S("no-cache"), 60), 60, "to be asked for each time");
    tap_int(mx_jwks_fresh_s(MX_S("max-age=-1, s-maxage=9, max-age=\"9\", ,="), 60), MX_JWKS_FRESH_S,
            "nonsense");
}

int main(void)
{
    arena = mx_arena_new(65536, 16 << 20);
    test_file();
    test_file_faults();
    test_keys();
    test_age();
    mx_arena_free(arena);
    return tap_done();
}
