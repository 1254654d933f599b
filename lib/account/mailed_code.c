#include "account/mailed_code.h"

#include "base/rnd.h"
#include "codec/keys.h"
#include "codec/uri.h"
#include "q/mailed_code.h"

#define HANDLE_BYTES 16

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

/* Of 128 random bits: no key is needed whose rotation would end them. */
static struct mx_hash handle_hash(struct mx_ctx *cx, struct mx_str handle)
{
    return mx_sha256(mx_str_fmt(cx->arena, "mailed code handle %.*s", MX_FMT(handle)));
}

/* A code is worth something only for its purpose, with its handle and its holder, and with the
 * address that it was mailed to. The holder's length stands in front: no two sets of parts give one
 * text. */
static struct mx_str covered(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                             struct mx_str email_key, const struct mx_mailed_code *c)
{
    struct mx_str head = mx_str_fmt(cx->arena, "mailed code %d %zu ", (int)h.purpose, h.key.n);
    struct mx_buf text;

    mx_buf_init(&text, cx->arena, 1024);
    mx_buf_str(&text, head);
    mx_buf_str(&text, h.key);
    mx_buf_str(&text, email_key);
    mx_buf_byte(&text, ' ');
    mx_buf_str(&text, c->handle);
    mx_buf_byte(&text, ' ');
    mx_buf_str(&text, c->code);
    MX_ASSERT(!text.overflow);
    return mx_buf_view(&text);
}

static struct mx_mailed_code new_code(struct mx_ctx *cx)
{
    unsigned char handle[HANDLE_BYTES];
    char *code = mx_arena_alloc(cx->arena, MX_CODE + 1);

    mx_rnd(handle, sizeof handle);
    mx_code_new(code);
    return (struct mx_mailed_code){mx_b64url(cx->arena, handle, sizeof handle), mx_str_c(code)};
}

static enum mx_err insert(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                          const struct mx_mailed_code_for *what, const struct mx_mailed_code *c,
                          int64_t ttl_ms)
{
    struct q_code_insert_in in = {
        .purpose = h.purpose,
        .holder = h.key,
        .handle_hash = handle_hash(cx, c->handle),
        .code_hash = mx_hmac(mx_keys_secret(cx->proc->keys), covered(cx, h, what->email_key, c)),
        .email = what->email,
        .email_key = what->email_key,
        .account = what->account,
        .name = what->name,
        .password_hash = what->phc,
        .expires_at = {cx->now_ms + ttl_ms},
        .now = {cx->now_ms},
    };
    enum mx_err e = q_code_insert(cx->db, &in, NULL);

    return e == MX_E_DUPLICATE ? MX_E_RETRY : e;
}

enum mx_err mx_mailed_code_make(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                const struct mx_mailed_code_for *what, bool mailed,
                                struct mx_mailed_code *ret_code)
{
    struct mx_mailed_code c = new_code(cx);

    /* An account's own change of address: nobody else can ask for one. */
    if (mailed && h.purpose == MX_MAILED_CODE_EMAIL)
        MX_TRY(mx_mailed_code_drop(cx, h));
    MX_TRY(insert(cx, h, what, &c, mailed ? MX_MAILED_CODE_TTL_MS : 0));
    *ret_code = (struct mx_mailed_code){c.handle, mx_code_shown(cx->arena, c.code)};
    return MX_OK;
}

/* ---- trying ---- */

static bool matches(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                    const struct mx_mailed_code *tried, const struct q_code_live_row *r)
{
    char code[MX_CODE + 1];
    struct mx_mailed_code c = {tried->handle, {code, MX_CODE}};

    return mx_code_read(tried->code, code) &&
           mx_keys_made(cx->proc->keys, covered(cx, h, r->email_key, &c), &r->code_hash);
}

static enum mx_err attempt(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                           const struct mx_mailed_code *tried, struct mx_mailed_code_for *ret_what,
                           enum mx_err *ret_refused)
{
    struct mx_hash handle = handle_hash(cx, tried->handle);
    struct q_code_live_in live = {handle, h.purpose, h.key, MX_MAILED_CODE_ATTEMPTS, {cx->now_ms}};
    struct mx_list rows;
    const struct q_code_live_row *r;

    *ret_refused = MX_E_CODE_INVALID;
    MX_TRY(q_code_try(cx->db, &(struct q_code_try_in){handle, h.purpose, h.key}, NULL));
    MX_TRY(q_code_live(cx->db, &live, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, struct q_code_live_row, 0);
    if (!matches(cx, h, tried, r))
        return MX_OK;
    *ret_refused = MX_OK;
    *ret_what =
        (struct mx_mailed_code_for){r->email, r->email_key, r->account, r->name, r->password_hash};
    return MX_OK;
}

enum mx_err mx_mailed_code_check(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                 const struct mx_mailed_code *tried,
                                 struct mx_mailed_code_for *ret_what, enum mx_err *ret_refused)
{
    struct q_code_untry_in in = {handle_hash(cx, tried->handle)};

    MX_TRY(attempt(cx, h, tried, ret_what, ret_refused));
    return *ret_refused == MX_OK ? q_code_untry(cx->db, &in, NULL) : MX_OK;
}

enum mx_err mx_mailed_code_use(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                               const struct mx_mailed_code *tried,
                               struct mx_mailed_code_for *ret_what, enum mx_err *ret_refused)
{
    MX_TRY(attempt(cx, h, tried, ret_what, ret_refused));
    return *ret_refused == MX_OK ? mx_mailed_code_drop(cx, h) : MX_OK;
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

enum mx_err mx_mailed_code_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    return q_code_purge(cx->db, &(struct q_code_purge_in){g->ids}, NULL);
}
