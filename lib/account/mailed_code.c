#include "account/mailed_code.h"

#include "codec/token.h"
#include "q/mailed_code.h"
#include "shop/limit.h"

struct mx_mailed_code_holder mx_mailed_code_of_address(enum mx_mailed_code_purpose purpose,
                                                       struct mx_str email_key)
{
    return (struct mx_mailed_code_holder){purpose, email_key};
}

struct mx_mailed_code_holder mx_mailed_code_of_account(const struct mx_id *account)
{
    struct mx_str key = {(const char *)account->b, sizeof account->b};

    return (struct mx_mailed_code_holder){MX_MAILED_CODE_EMAIL, key};
}

static int64_t kept(struct mx_mailed_code_holder h)
{
    return h.purpose == MX_MAILED_CODE_SIGNUP ? MX_SIGNUPS_PENDING : 1;
}

/* A code is worth something only for its purpose, with its holder and with the address that it was
 * mailed to. The holder's length stands in front: no two sets of parts give one text. */
static struct mx_str covered(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                             struct mx_str email_key, struct mx_str code)
{
    struct mx_str head = mx_str_fmt(cx->arena, "mailed code %d %zu ", (int)h.purpose, h.key.n);
    struct mx_buf text;

    mx_buf_init(&text, cx->arena, 1024);
    mx_buf_str(&text, head);
    mx_buf_str(&text, h.key);
    mx_buf_str(&text, email_key);
    mx_buf_byte(&text, ' ');
    mx_buf_str(&text, code);
    MX_ASSERT(!text.overflow);
    return mx_buf_view(&text);
}

enum mx_err mx_mailed_code_make(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                const struct mx_mailed_code_for *what, char ret_code[7])
{
    struct q_code_trim_in trim = {h.purpose, h.key, kept(h) - 1};
    struct mx_str text;
    struct q_code_insert_in in;
    enum mx_err e;

    MX_TRY(q_code_trim(cx->db, &trim, NULL));
    mx_code6(ret_code);
    text = covered(cx, h, what->email_key, mx_str_c(ret_code));
    in = (struct q_code_insert_in){
        .purpose = h.purpose,
        .holder = h.key,
        .code_hash = mx_hmac(mx_keys_secret(cx->proc->keys), text),
        .email = what->email,
        .email_key = what->email_key,
        .account = what->account,
        .name = what->name,
        .password_hash = what->phc,
        .expires_at = {cx->now_ms + MX_MAILED_CODE_TTL_MS},
        .now = {cx->now_ms},
    };
    e = q_code_insert(cx->db, &in, NULL);
    return e == MX_E_DUPLICATE ? MX_E_RETRY : e;
}

/* ---- trying ---- */

/* One that was mailed, and the limits that a wrong try of it counts against. */
struct attempt {
    struct mx_limit limits[MX_LIMITS_MAX];
    size_t n_limits;
    bool right;
};

/* Take a wrong try at the address of the codes in advance. */
static enum mx_err reserve(struct mx_ctx *cx, struct mx_str email_key, struct attempt *t)
{
    struct mx_rate rate;

    t->n_limits = mx_limits_of_codes(cx, email_key, t->limits);
    return mx_limits_take(cx, t->limits, t->n_limits, &rate) ? MX_OK : mx_limit_exceeded(cx, rate);
}

static bool matches(struct mx_ctx *cx, struct mx_mailed_code_holder h, struct mx_str code,
                    const struct q_code_live_row *r)
{
    return mx_keys_made(cx->proc->keys, covered(cx, h, r->email_key, code), &r->code_hash);
}

static enum mx_err attempt(struct mx_ctx *cx, struct mx_mailed_code_holder h, struct mx_str code,
                           struct mx_mailed_code_for *ret_what, struct attempt *t)
{
    struct mx_list rows;
    struct q_code_live_in live = {h.purpose, h.key, MX_MAILED_CODE_ATTEMPTS, {cx->now_ms}, kept(h)};

    *t = (struct attempt){.right = false};
    MX_TRY(q_code_try(cx->db, &(struct q_code_try_in){h.purpose, h.key}, NULL));
    MX_TRY(q_code_live(cx->db, &live, &rows));
    if (rows.n == 0)
        return MX_OK;
    MX_TRY(reserve(cx, MX_AT(rows, struct q_code_live_row, 0)->email_key, t));
    for (size_t i = 0; i < rows.n && !t->right; i++) {
        const struct q_code_live_row *r = MX_AT(rows, struct q_code_live_row, i);

        t->right = matches(cx, h, code, r);
        *ret_what = (struct mx_mailed_code_for){r->email, r->email_key, r->account, r->name,
                                                r->password_hash};
    }
    if (t->right)
        mx_limits_give(cx, t->limits, t->n_limits);
    return MX_OK;
}

enum mx_err mx_mailed_code_check(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                 struct mx_str code, struct mx_mailed_code_for *ret_what,
                                 enum mx_err *ret_refused)
{
    struct attempt t;

    MX_TRY(attempt(cx, h, code, ret_what, &t));
    *ret_refused = t.right ? MX_OK : MX_E_CODE_INVALID;
    if (!t.right)
        return MX_OK;
    return q_code_untry(cx->db, &(struct q_code_untry_in){h.purpose, h.key}, NULL);
}

enum mx_err mx_mailed_code_use(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                               struct mx_str code, struct mx_mailed_code_for *ret_what,
                               enum mx_err *ret_refused)
{
    struct attempt t;

    MX_TRY(attempt(cx, h, code, ret_what, &t));
    *ret_refused = t.right ? MX_OK : MX_E_CODE_INVALID;
    return t.right ? mx_mailed_code_drop(cx, h) : MX_OK;
}

enum mx_err mx_mailed_code_drop(struct mx_ctx *cx, struct mx_mailed_code_holder h)
{
    return q_code_drop(cx->db, &(struct q_code_drop_in){h.purpose, h.key}, NULL);
}

enum mx_err mx_mailed_code_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    MX_TRY(q_code_delete_all(cx->db, &(struct q_code_delete_all_in){h->account}, NULL));
    if (h->email_key.p == NULL)
        return MX_OK;
    MX_TRY(mx_mailed_code_drop(cx, mx_mailed_code_of_address(MX_MAILED_CODE_SIGNUP, h->email_key)));
    return mx_mailed_code_drop(cx,
                               mx_mailed_code_of_address(MX_MAILED_CODE_PASSWORD, h->email_key));
}
