#include "account/challenge.h"

#include "account/mfa.h"
#include "base/rnd.h"
#include "codec/uri.h"
#include "io/db.h"
#include "q/challenge.h"

#define TOKEN_BYTES 32

static struct mx_hash token_hash(struct mx_ctx *cx, struct mx_str token)
{
    return mx_sha256(mx_str_fmt(cx->arena, "mfa %.*s", MX_FMT(token)));
}

enum mx_err mx_challenge_make(struct mx_ctx *cx, struct mx_id account, struct mx_id guest,
                              struct mx_str *ret_token)
{
    unsigned char random[TOKEN_BYTES];
    struct mx_str text;
    struct mx_str token;
    struct q_challenge_insert_in in;

    mx_rnd(random, sizeof random);
    text = mx_b64url(cx->arena, random, sizeof random);
    token = mx_str_fmt(cx->arena, "mm1_%.*s", MX_FMT(text));
    in = (struct q_challenge_insert_in){
        .token_hash = token_hash(cx, token),
        .account = account,
        .guest = guest,
        .expires_at = {cx->now_ms + MX_CHALLENGE_TTL_MS},
        .now = {cx->now_ms},
    };
    *ret_token = token;
    return q_challenge_insert(cx->db, &in, NULL);
}

enum mx_err mx_challenge_try(struct mx_ctx *cx, struct mx_str token,
                             struct mx_challenge *ret_challenge)
{
    struct mx_list rows;
    int64_t counted;
    struct mx_hash hash = token_hash(cx, token);
    struct q_challenge_try_in in = {hash, MX_CHALLENGE_ATTEMPTS, {cx->now_ms}};
    const struct q_challenge_load_row *r;

    MX_TRY(q_challenge_try(cx->db, &in, &counted));
    if (counted == 0)
        return MX_E_INVALID_MFA_TOKEN;
    MX_TRY(q_challenge_load(cx->db, &(struct q_challenge_load_in){hash}, &rows));
    MX_ASSERT(rows.n == 1);
    r = MX_AT(rows, struct q_challenge_load_row, 0);
    *ret_challenge = (struct mx_challenge){hash, r->account, r->guest, r->attempts};
    return MX_OK;
}

enum mx_err mx_challenge_end(struct mx_ctx *cx, const struct mx_challenge *c)
{
    return q_challenge_end(cx->db, &(struct q_challenge_end_in){c->token_hash}, NULL);
}

enum mx_err mx_challenge_failed(struct mx_ctx *cx, const struct mx_challenge *c)
{
    enum mx_err e;

    if (c->attempts < MX_CHALLENGE_ATTEMPTS)
        return MX_OK;
    e = mx_mfa_tell(cx, c->account, "mfa_failed", (struct mx_list){0});
    return e == MX_E_NOT_FOUND ? MX_OK : e;
}

enum mx_err mx_challenges_end(struct mx_ctx *cx, struct mx_id account)
{
    return q_challenge_end_all(cx->db, &(struct q_challenge_end_all_in){account}, NULL);
}
