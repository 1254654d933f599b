#include "shop/mail.h"

#include "codec/jsonw.h"
#include "codec/keys.h"
#include "codec/uri.h"
#include "io/db.h"
#include "q/mail.h"
#include "shop/email.h"
#include "shop/json_rows.h"
#include "shop/sealed.h"

#define DATA_MAX 4096
#define HINDERED_TRIES_MAX 6 /* then the pause stays as it is, about half a minute */

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

static struct q_mail_queue_each row_of(struct mx_ctx *cx, const struct mx_mail_draft *d)
{
    struct mx_str data = json_of(cx->arena, d->vars);
    struct mx_str plain = mx_str_fmt(cx->arena, "%.*s\n%.*s", MX_FMT(d->recipient), MX_FMT(data));
    struct q_mail_queue_each row = {
        .id = mx_id_new(),
        .account = d->account,
        .recipient_hash = recipient_hash(cx, mx_keys_secret(cx->proc->keys), d->recipient),
        .template = mx_str_c(d->name),
        .locale = d->locale.p != NULL ? d->locale : mx_mail_language(cx->accept_language),
    };

    MX_ASSERT(mx_mail_complete(d->name, d->vars));
    row.sealed = mx_pii_seal(cx->arena, cx->proc->keys, MX_SEALED_MAIL, row.id, plain);
    return row;
}

enum mx_err mx_mail_queue_all(struct mx_ctx *cx, const struct mx_mail_draft *drafts, size_t n)
{
    for (size_t at = 0; at < n;) {
        struct q_mail_queue_in in = {.now = {cx->now_ms}};

        while (at < n && in.n_each < MX_LEN(in.each))
            in.each[in.n_each++] = row_of(cx, &drafts[at++]);
        MX_TRY(q_mail_queue(cx->db, &in, NULL));
    }
    return MX_OK;
}

enum mx_err mx_mail_queue(struct mx_ctx *cx, struct mx_id account, struct mx_str recipient,
                          const char *name, struct mx_str locale, struct mx_list vars)
{
    const struct mx_mail_draft draft = {account, recipient, name, locale, vars};

    return mx_mail_queue_all(cx, &draft, 1);
}

enum mx_err mx_mail_queue_none(struct mx_ctx *cx, struct mx_str recipient, const char *name,
                               struct mx_list vars)
{
    const struct mx_mail_draft draft = {.recipient = recipient, .name = name, .vars = vars};
    struct q_mail_queue_each row = row_of(cx, &draft);

    return q_mail_queue_none(cx->db, &(struct q_mail_queue_none_in){row.id}, NULL);
}

void mx_mail_hashes(const struct mx_ctx *cx, struct mx_str email, struct mx_hash *ret_hash,
                    struct mx_hash *ret_old)
{
    const struct mx_hash *old = mx_keys_secret_old(cx->proc->keys);

    *ret_hash = *ret_old = recipient_hash(cx, mx_keys_secret(cx->proc->keys), email);
    if (old != NULL)
        *ret_old = recipient_hash(cx, old, email);
}

/* By the hash of its address, where it has one, and by the account's id. */
static enum mx_err forget_all(struct mx_ctx *cx, const struct q_mail_hold_in *in)
{
    struct q_mail_forget_account_in account = {in->account};
    struct q_mail_forget_in hash = {in->hash}, old = {in->old_hash};
    struct mx_list held;

    MX_TRY(q_mail_hold(cx->db, in, &held));
    MX_TRY(q_mail_forget_account(cx->db, &account, NULL));
    MX_TRY(q_mail_forget(cx->db, &hash, NULL));
    return q_mail_forget(cx->db, &old, NULL);
}

enum mx_err mx_mail_forget(struct mx_ctx *cx, struct mx_id account, struct mx_str email_key)
{
    struct q_mail_forget_account_in alone = {account};
    struct q_mail_hold_in in = {.account = account};

    if (email_key.p == NULL)
        return q_mail_forget_account(cx->db, &alone, NULL);
    mx_mail_hashes(cx, email_key, &in.hash, &in.old_hash);
    return forget_all(cx, &in);
}

enum mx_err mx_mail_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    return q_mail_purge(cx->db, &(struct q_mail_purge_in){g->ids}, NULL);
}

/* ---- claim ---- */

/* Leaves the mail without data when it does not open. */
static void open_mail(const struct mx_ctx *cx, struct mx_str sealed, struct mx_mail *m)
{
    struct mx_str text = {0};

    if (mx_sealed_open(cx, MX_SEALED_MAIL, m->id, sealed, &text) == MX_OK && text.p != NULL &&
        mx_str_split(&text, '\n', &m->recipient))
        m->data = text;
}

static enum mx_err load_claimed(struct mx_ctx *cx, const struct q_mail_claimed_in *in,
                                struct mx_list *ret_mails)
{
    struct mx_list rows;
    struct mx_mail *mails;

    MX_TRY(q_mail_claimed(cx->db, in, &rows));
    mails = MX_NEW_N(cx->arena, rows.n, struct mx_mail);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_mail_claimed_row *r = MX_AT(rows, struct q_mail_claimed_row, i);

        mails[i] = (struct mx_mail){.id = r->id,
                                    .name = r->template,
                                    .locale = r->locale,
                                    .attempts = r->attempts,
                                    .created_at = r->created_at,
                                    .failed = r->has_tries,
                                    .tries = r->tries};
        open_mail(cx, r->sealed, &mails[i]);
    }
    *ret_mails = MX_LIST(mails, rows.n);
    return MX_OK;
}

enum mx_err mx_mail_claim(struct mx_ctx *cx, struct mx_id owner, int64_t until_ms, int64_t limit,
                          struct mx_list *ret_mails)
{
    struct mx_list due;
    struct q_mail_claim_in in = {.owner = owner, .until = {until_ms}, .now = {cx->now_ms}};
    int64_t claimed;

    *ret_mails = (struct mx_list){0};
    MX_TRY(q_mail_due(cx->db, &(struct q_mail_due_in){{cx->now_ms}, limit}, &due));
    if (due.n == 0)
        return MX_OK;
    in.mails = mx_json_rows_ids(cx->arena, &MX_AT(due, struct q_mail_due_row, 0)->id, due.n,
                                sizeof(struct q_mail_due_row));
    MX_TRY(q_mail_claim(cx->db, &in, &claimed));
    if (claimed == 0)
        return MX_OK;
    return load_claimed(cx, &(struct q_mail_claimed_in){in.mails, owner, {until_ms}}, ret_mails);
}

/* ---- outcome ---- */

struct telling {
    struct mx_ctx *cx;
    struct mx_id owner;
    const struct mx_mail_outcome *outcomes;
    size_t n;
};

/* The mails that ended so. */
static size_t those(const struct telling *t, enum mx_mail_end end, struct mx_job_row *ret_rows)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        if (t->outcomes[i].end == end)
            ret_rows[n++] = t->outcomes[i].mail;
    return n;
}

static enum mx_err tell_sent(const struct telling *t)
{
    struct mx_job_row rows[MX_MAIL_CLAIM_MAX] = {0};
    size_t n = those(t, MX_MAIL_SENT, rows);
    struct q_mail_sent_in in = {mx_job_ids(t->cx->arena, rows, n), t->owner, {t->cx->now_ms}};

    if (n == 0)
        return MX_OK;
    MX_TRY(q_mail_sent(t->cx->db, &in, NULL));
    return mx_job_settle(t->cx, MX_JOB_MAIL, rows, n);
}

static enum mx_err tell_not_tried(const struct telling *t)
{
    struct mx_job_row rows[MX_MAIL_CLAIM_MAX] = {0};
    size_t n = those(t, MX_MAIL_NOT_TRIED, rows);
    struct q_mail_give_back_in in = {mx_job_ids(t->cx->arena, rows, n), t->owner};

    if (n == 0)
        return MX_OK;
    return q_mail_give_back(t->cx->db, &in, NULL);
}

static enum mx_err tell_refused(const struct telling *t, const struct mx_mail_outcome *o)
{
    struct q_mail_refused_in in = {o->mail.id, t->owner, mx_str_c(o->why), {t->cx->now_ms}};

    MX_TRY(q_mail_refused(t->cx->db, &in, NULL));
    return mx_job_settle(t->cx, MX_JOB_MAIL, &o->mail, 1);
}

static enum mx_err tell_failed(const struct telling *t, const struct mx_mail_outcome *o)
{
    int64_t changed, now_ms = t->cx->now_ms;
    struct mx_str why = mx_str_c(o->why);
    bool own = o->end == MX_MAIL_FAILED;
    int64_t tries = o->attempts < HINDERED_TRIES_MAX ? o->attempts : HINDERED_TRIES_MAX;
    int64_t next_ms = own ? now_ms : now_ms + mx_job_back_off_ms(tries);
    struct q_mail_later_in in = {o->mail.id, t->owner, why, {next_ms}};

    MX_TRY(q_mail_later(t->cx->db, &in, &changed));
    return own && changed > 0 ? mx_job_failed(t->cx, MX_JOB_MAIL, &o->mail, true, why) : MX_OK;
}

static enum mx_err tell(void *arg)
{
    const struct telling *t = arg;

    MX_TRY(tell_sent(t));
    MX_TRY(tell_not_tried(t));
    for (size_t i = 0; i < t->n; i++) {
        const struct mx_mail_outcome *o = &t->outcomes[i];

        if (o->end == MX_MAIL_REFUSED)
            MX_TRY(tell_refused(t, o));
        else if (o->end == MX_MAIL_FAILED || o->end == MX_MAIL_HINDERED)
            MX_TRY(tell_failed(t, o));
    }
    return MX_OK;
}

enum mx_err mx_mail_tell(struct mx_ctx *cx, struct mx_id owner,
                         const struct mx_mail_outcome *outcomes, size_t n)
{
    struct telling t = {cx, owner, outcomes, n};

    MX_ASSERT(n <= MX_MAIL_CLAIM_MAX);
    return n > 0 ? mx_db_tx(cx->db, tell, &t) : MX_OK;
}

const struct mx_sealed_column mx_mail_sealed = {MX_SEALED_MAIL, &q_mail_sealed_sql,
                                                &q_mail_reseal_sql};
