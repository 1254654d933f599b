/* An authenticator of shop.example, whose answers are right but for what a test puts into them. */
#ifndef MX_TEST_PASSKEY_DATA_H
#define MX_TEST_PASSKEY_DATA_H
#include "base/arena.h"
#include "base/buf.h"
#include "codec/passkey.h"

static const struct mx_hash secret = {{1}};

/* The question, at the time of client_data(). */
static struct mx_passkey_asked asked_for(enum mx_passkey_use use)
{
    return (struct mx_passkey_asked){.rp_id = "shop.example",
                                     .origins = "https://shop.example",
                                     .secret = &secret,
                                     .use = use,
                                     .now_ms = 1000};
}

/* Client data that answers a challenge of the server. */
static struct mx_str client_data(struct mx_arena *a, enum mx_passkey_use use)
{
    struct mx_str challenge = mx_passkey_challenge(a, &secret, use, (struct mx_id){{0}}, 1000);

    return mx_str_fmt(a,
                      "{\"type\":\"%s\",\"challenge\":\"%.*s\","
                      "\"origin\":\"https://shop.example\"}",
                      use == MX_PASSKEY_REGISTER ? "webauthn.create" : "webauthn.get",
                      MX_FMT(challenge));
}

/* Authenticator data for shop.example, ending with `rest`: flags, counter and so on. */
static struct mx_str data_of(struct mx_arena *a, struct mx_str rest)
{
    struct mx_hash rp = mx_sha256(MX_S("shop.example"));
    struct mx_buf b;

    mx_buf_init(&b, a, 1 << 16);
    mx_buf_str(&b, (struct mx_str){(const char *)rp.b, sizeof rp.b});
    mx_buf_str(&b, rest);
    return mx_buf_view(&b);
}

/* {"fmt": "none", "attStmt": {}, "authData": data} */
static struct mx_str object_of(struct mx_arena *a, struct mx_str data)
{
    struct mx_buf b;

    mx_buf_init(&b, a, 1 << 16);
    mx_buf_str(&b, MX_S("\xa3\x63"
                        "fmt\x64none\x67"
                        "attStmt\xa0\x68"
                        "authData\x59"));
    mx_buf_byte(&b, (char)(data.n >> 8));
    mx_buf_byte(&b, (char)(data.n & 0xff));
    mx_buf_str(&b, data);
    return mx_buf_view(&b);
}

#endif
