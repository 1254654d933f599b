/* Percent-decoding, queries and base64url: what is decoded can be encoded and decoded to the same.
 */
#include "base/arena.h"
#include "codec/uri.h"
#include "codec/utf8.h"

#define PAIRS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct mx_str s)
{
    MX_ASSERT(s.p != NULL && mx_utf8_valid(s) && mx_str_find(s, '\0') < 0);
}

static void decode(struct mx_arena *a, struct mx_str in, bool plus)
{
    struct mx_str out = {0}, again = {0};
    struct mx_buf coded;

    if (!mx_uri_decode(a, in, plus, &out))
        return;
    check_text(out);
    mx_buf_init(&coded, a, 4 * in.n + 1);
    mx_uri_encode(&coded, out);
    MX_ASSERT(mx_uri_decode(a, mx_buf_view(&coded), plus, &again) && mx_str_eq(out, again));
}

static void query(struct mx_arena *a, struct mx_str in)
{
    struct mx_pair *pairs = NULL;
    int i, n = 0;

    if (mx_uri_query(a, in, PAIRS, &pairs, &n) != MX_OK)
        return;
    MX_ASSERT(n >= 0 && n <= PAIRS);
    for (i = 0; i < n; i++) {
        check_text(pairs[i].name);
        check_text(pairs[i].value);
    }
}

static void base64url(struct mx_arena *a, struct mx_str in)
{
    struct mx_str out = {0};

    MX_ASSERT(mx_b64url_decode(a, mx_b64url(a, in.p, in.n), &out) && out.n == in.n);
    MX_ASSERT(in.n == 0 || memcmp(out.p, in.p, in.n) == 0);
    if (mx_b64url_decode(a, in, &out))
        MX_ASSERT(mx_str_eq(mx_b64url(a, out.p, out.n), mx_str_dup(a, in)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mx_arena *a;
    struct mx_str in = size > 0 ? (struct mx_str){(const char *)data, size} : MX_S("");

    if (!a)
        a = mx_arena_new(65536, 256 << 20);
    decode(a, in, false);
    decode(a, in, true);
    query(a, in);
    base64url(a, in);
    mx_arena_reset(a);
    return 0;
}
