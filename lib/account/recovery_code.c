#include "account/recovery_code.h"

#include "base/rnd.h"
#include "codec/totp.h"
#include "codec/uri.h"
#include "io/db.h"
#include "q/recovery_code.h"

#define RECOVERY_BYTES 15 /* 24 characters of base32 */
#define RECOVERY_GROUP 4

/* Of 120 random bits: no slow hash is needed, and no key whose rotation would end the codes. */
static struct mx_hash recovery_hash(struct mx_ctx *cx, struct mx_id account, struct mx_str code)
{
    struct mx_str id = mx_id_str(cx->arena, account);
    struct mx_str text = mx_str_fmt(cx->arena, "recovery %.*s %.*s", MX_FMT(id), MX_FMT(code));

    return mx_sha256(text);
}

/* As it was made: without the dashes, in capitals. */
static struct mx_str plain_code(struct mx_arena *a, struct mx_str given)
{
    char *p = mx_arena_alloc(a, given.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < given.n; i++) {
        char c = given.p[i];

        if (c != '-' && c != ' ')
            p[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return (struct mx_str){p, n};
}

static struct mx_str grouped(struct mx_arena *a, struct mx_str code)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 2 * code.n);
    for (size_t i = 0; i < code.n; i += RECOVERY_GROUP) {
        if (i > 0)
            mx_buf_byte(&out, '-');
        mx_buf_str(&out, mx_str_sub(code, i, RECOVERY_GROUP));
    }
    return mx_buf_view(&out);
}

static enum mx_err new_code(struct mx_ctx *cx, struct mx_id account, struct mx_str *ret_code)
{
    unsigned char random[RECOVERY_BYTES];
    struct mx_str code;
    struct q_recovery_code_insert_in in;

    mx_rnd(random, sizeof random);
    code = mx_base32(cx->arena, random, sizeof random);
    in =
        (struct q_recovery_code_insert_in){account, recovery_hash(cx, account, code), {cx->now_ms}};
    *ret_code = grouped(cx->arena, code);
    return q_recovery_code_insert(cx->db, &in, NULL);
}

enum mx_err mx_recovery_codes_drop(struct mx_ctx *cx, struct mx_id account)
{
    return q_recovery_code_drop(cx->db, &(struct q_recovery_code_drop_in){account}, NULL);
}

enum mx_err mx_recovery_codes_new(struct mx_ctx *cx, struct mx_id account,
                                  struct mx_list *ret_codes)
{
    struct mx_str *codes = MX_NEW_N(cx->arena, MX_RECOVERY_CODES, struct mx_str);

    MX_TRY(mx_recovery_codes_drop(cx, account));
    for (size_t i = 0; i < MX_RECOVERY_CODES; i++)
        MX_TRY(new_code(cx, account, &codes[i]));
    *ret_codes = MX_LIST(codes, MX_RECOVERY_CODES);
    return MX_OK;
}

static enum mx_err tell_of_use(struct mx_ctx *cx, struct mx_id account)
{
    struct mx_list rows;
    struct mx_pair var = {.name = MX_S("left")};

    MX_TRY(q_recovery_code_left(cx->db, &(struct q_recovery_code_left_in){account}, &rows));
    var.value = mx_str_fmt(cx->arena, "%lld",
                           (long long)MX_AT(rows, struct q_recovery_code_left_row, 0)->n);
    return mx_mfa_tell(cx, account, "recovery_code_used", MX_LIST(&var, 1));
}

enum mx_err mx_recovery_code_use(struct mx_ctx *cx, struct mx_id account, struct mx_str code,
                                 enum mx_mfa_verdict *ret_verdict)
{
    struct mx_list rows;
    int64_t spent;
    struct mx_hash hash = recovery_hash(cx, account, plain_code(cx->arena, code));
    struct q_recovery_code_spend_in spend = {account, hash, {cx->now_ms}};
    struct q_recovery_code_known_in known;

    MX_TRY(q_recovery_code_spend(cx->db, &spend, &spent));
    if (spent > 0) {
        *ret_verdict = MX_MFA_RIGHT;
        return tell_of_use(cx, account);
    }
    known = (struct q_recovery_code_known_in){account, hash};
    MX_TRY(q_recovery_code_known(cx->db, &known, &rows));
    *ret_verdict = rows.n > 0 ? MX_MFA_SPENT : MX_MFA_WRONG;
    return MX_OK;
}

enum mx_err mx_recovery_codes_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return mx_recovery_codes_drop(cx, h->account);
}
