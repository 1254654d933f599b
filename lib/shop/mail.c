#include "shop/mail.h"

#include "base/rnd.h"
#include "codec/jsonw.h"
#include "codec/keys.h"
#include "codec/uri.h"
#include "io/db.h"
#include "q/mail.h"
#include "shop/email.h"
#include "shop/sealed.h"

#define DATA_MAX 4096
#define BACK_OFF_MAX_MS INT64_C(3600000)

enum { STATE_SENT = 1, STATE_GIVEN_UP = 2 };

/* ---- queue ---- */

static struct mx_str json_of(struct mx_arena *a, struct mx_list vars)
{
    struct mx_buf out;
    struct mx_jsonw w;

    mx_buf_init(&out, a, DATA_MAX);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    for (size_t i = 0; i < vars.n; i++) {
        const struct mx_pair *var = MX_AT(vars, struct mx_pair, i);

        mx_jsonw_name_str(&w, var->name);
        mx_jsonw_str(&w, var->value);
    }
    mx_jsonw_close(&w);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

static struct mx_hash recipient_hash(const struct mx_ctx *cx, const struct mx_hash *secret,
                                     struct mx_str recipient)
{
    struct mx_str key = recipient;

    (void)!mx_email_key(cx->arena, recipient, &key);
    return mx_hmac(secret, mx_str_fmt(cx->arena, "mail:%.*s", MX_FMT(key)));
}

/* All of the row but whose it is and its language. */
static struct q_mail_queue_in row_of(struct mx_ctx *cx, struct mx_str recipient, const char *name,
                                     struct mx_list vars)
{
    struct q_mail_queue_in in;
    struct mx_str data;
    struct mx_str plain;

    MX_ASSERT(mx_mail_complete(name, vars));
    in = (struct q_mail_queue_in){
        .id = mx_id_new(),
        .recipient_hash = recipient_hash(cx, mx_keys_secret(cx->proc->keys), recipient),
        .template = mx_str_c(name),
        .now = {cx->now_ms},
    };
    data = json_of(cx->arena, vars);
    plain = mx_str_fmt(cx->arena, "%.*s\n%.*s", MX_FMT(recipient), MX_FMT(data));
    in.sealed = mx_pii_seal(cx->arena, cx->proc->keys, MX_SEALED_MAIL, in.id, plain);
    return in;
}

enum mx_err mx_mail_queue(struct mx_ctx *cx, struct mx_id account, struct mx_str recipient,
                          const char *name, struct mx_str locale, struct mx_list vars)
{
    struct q_mail_queue_in in = row_of(cx, recipient, name, vars);

    in.account = account;
    in.locale = locale.p != NULL ? locale : mx_mail_language(cx->accept_language);
    return q_mail_queue(cx->db, &in, NULL);
}

enum mx_err mx_mail_queue_none(struct mx_ctx *cx, struct mx_str recipient, const char *name,
                               struct mx_list vars)
{
    struct q_mail_queue_in in = row_of(cx, recipient, name, vars);

    return q_mail_queue_none(cx->db, &(struct q_mail_queue_none_in){in.id}, NULL);
}

void mx_mail_hashes(const struct mx_ctx *cx, struct mx_str email, struct mx_hash *ret_hash,
                    struct mx_hash *ret_old)
{
    const struct mx_hash *old = mx_keys_secret_old(cx->proc->keys);

    *ret_hash = *ret_old = recipient_hash(cx, mx_keys_secret(cx->proc->keys), email);
    if (old != NULL)
        *ret_old = recipient_hash(cx, old, email);
}

static enum mx_err forget_address(struct mx_ctx *cx, struct mx_str email_key)
{
    struct q_mail_forget_in in, old;

    mx_mail_hashes(cx, email_key, &in.recipient_hash, &old.recipient_hash);
    MX_TRY(q_mail_forget(cx->db, &in, NULL));
    if (mx_secret_eq(&in.recipient_hash, &old.recipient_hash, MX_HASH))
        return MX_OK;
    return q_mail_forget(cx->db, &old, NULL);
}

enum mx_err mx_mail_forget(struct mx_ctx *cx, struct mx_id account, struct mx_str email_key)
{
    MX_TRY(q_mail_forget_account(cx->db, &(struct q_mail_forget_account_in){account}, NULL));
    return email_key.p != NULL ? forget_address(cx, email_key) : MX_OK;
}

/* ---- deliver ---- */

/* Rows looked at for one claim: other senders may be ahead at the first ones. */
#define DUE_ROWS 20

/* False when it does not open. */
static bool open_mail(const struct mx_ctx *cx, struct mx_str sealed, struct mx_mail *m)
{
    if (mx_sealed_open(cx, MX_SEALED_MAIL, m->id, sealed, &m->data) != MX_OK || m->data.p == NULL)
        return false;
    return mx_str_split(&m->data, '\n', &m->recipient);
}

enum mx_err mx_mail_claim(struct mx_ctx *cx, struct mx_id owner, int64_t until_ms,
                          struct mx_mail *ret_mail)
{
    struct mx_list due;
    struct mx_time now = {cx->now_ms};

    MX_TRY(q_mail_due(cx->db, &(struct q_mail_due_in){now, DUE_ROWS}, &due));
    for (size_t i = 0; i < due.n; i++) {
        int64_t claimed;
        const struct q_mail_due_row *r = MX_AT(due, struct q_mail_due_row, i);
        struct q_mail_claim_in in = {r->id, r->attempts, owner, {until_ms}, now};

        MX_TRY(q_mail_claim(cx->db, &in, &claimed));
        if (claimed == 0)
            continue;
        *ret_mail = (struct mx_mail){.id = r->id,
                                     .name = r->template,
                                     .locale = r->locale,
                                     .attempts = r->attempts + 1,
                                     .created_at = r->created_at};
        if (open_mail(cx, r->sealed, ret_mail))
            return MX_OK;
        MX_TRY(mx_mail_failed(cx, owner, ret_mail, "cannot be opened"));
    }
    return MX_E_NOT_FOUND;
}

static enum mx_err finish(struct mx_ctx *cx, struct mx_id owner, struct mx_id id, int64_t state,
                          const char *why)
{
    struct q_mail_finish_in in = {id, owner, state, mx_str_c(why), {cx->now_ms}};

    return q_mail_finish(cx->db, &in, NULL);
}

enum mx_err mx_mail_sent(struct mx_ctx *cx, struct mx_id owner, struct mx_id id)
{
    return finish(cx, owner, id, STATE_SENT, NULL);
}

enum mx_err mx_mail_refused(struct mx_ctx *cx, struct mx_id owner, struct mx_id id, const char *why)
{
    return finish(cx, owner, id, STATE_GIVEN_UP, why);
}

/* Doubled with each try, and up to a quarter more or less, so that what failed together does not
 * come back together. */
static int64_t back_off_ms(int64_t attempts)
{
    int64_t ms = 1000;

    for (int64_t i = 1; i < attempts && ms < BACK_OFF_MAX_MS; i++)
        ms *= 2;
    if (ms > BACK_OFF_MAX_MS)
        ms = BACK_OFF_MAX_MS;
    return ms * 3 / 4 + (int64_t)mx_rnd_below((uint64_t)ms / 2 + 1);
}

enum mx_err mx_mail_failed(struct mx_ctx *cx, struct mx_id owner, const struct mx_mail *m,
                           const char *why)
{
    struct q_mail_later_in in;

    if (m->attempts >= MX_MAIL_ATTEMPTS_MAX)
        return mx_mail_refused(cx, owner, m->id, why);
    in = (struct q_mail_later_in){
        m->id, owner, mx_str_c(why), {cx->now_ms + back_off_ms(m->attempts)}};
    return q_mail_later(cx->db, &in, NULL);
}

const struct mx_sealed_column mx_mail_sealed = {MX_SEALED_MAIL, &q_mail_sealed_sql,
                                                &q_mail_reseal_sql};
