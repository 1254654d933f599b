/* Input of operators and providers: the file of providers, key sets, and the claims of ID tokens.
 */
#include "base/arena.h"
#include "base/id.h"
#include "codec/jwk.h"
#include "codec/oidc.h"
#include "codec/uri.h"

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void providers(struct mx_arena *a, struct mx_str in)
{
    struct mx_oidc o = {{0}};
    struct mx_buf faults;

    mx_buf_init(&faults, a, 1 << 20);
    if (mx_oidc_read(a, in, &o, &faults) != MX_OK) {
        MX_ASSERT(faults.n > 0 || faults.overflow);
        return;
    }
    for (size_t i = 0; i < o.providers.n; i++) {
        const struct mx_oidc_provider *p = MX_AT(o.providers, struct mx_oidc_provider, i);

        MX_ASSERT(mx_oidc_find(&o, p->name) == p && p->clients.n > 0);
        MX_ASSERT(mx_str_starts(p->jwks_uri, MX_S("https://")));
    }
}

static void keys(struct mx_arena *a, struct mx_str in)
{
    struct mx_jwk key;

    if (mx_jwks_find(a, in, MX_S("k"), &key))
        MX_ASSERT(mx_jwks_usable(a, in) && key.pem.n > 0 && mx_str_eqc(key.kid, "k"));
}

static void token(struct mx_arena *a, struct mx_str in)
{
    static struct mx_str clients[] = {{"c", 1}};
    const struct mx_oidc_provider p = {.issuer = MX_S("https://i"), .clients = MX_LIST(clients, 1)};
    struct mx_str head = mx_b64url(a, HEADER, sizeof(HEADER) - 1);
    struct mx_str claims = mx_b64url(a, in.p, in.n);
    struct mx_str text = mx_str_fmt(a, "%s.%s.AAAA", head.p, claims.p);
    struct mx_id_token t = {0};
    struct mx_oidc_notice n = {0};

    if (!mx_id_token_read(a, &p, text, MX_S("nonce-nonce"), 1800000000, &t))
        MX_ASSERT(t.subject.n > 0 && t.nonce.n > 0 && mx_str_eqc(t.kid, "k"));
    if (!mx_oidc_notice_read(a, &p, text, 1800000000, &n))
        MX_ASSERT(n.subject.n > 0 && n.id.n > 0 && mx_str_eqc(n.kid, "k"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct mx_arena * a, struct mx_str in) = {providers, keys, token};
    struct mx_arena *a = mx_arena_new(65536, 64 << 20);

    if (size > 0)
        kinds[data[0] % MX_LEN(kinds)](a, (struct mx_str){(const char *)data + 1, size - 1});
    mx_arena_free(a);
    return 0;
}
