#include "shop/sealed.h"

#include "base/log.h"
#include "io/db.h"
#include "q/person.h"

enum mx_err mx_sealed_open(const struct mx_ctx *cx, const char *column, struct mx_id row,
                           struct mx_str sealed, struct mx_str *ret_plain)
{
    if (mx_pii_open(cx->arena, cx->proc->keys, column, row, sealed, ret_plain))
        return MX_OK;
    mx_log(MX_LOG_ERROR, "cannot decrypt personal data", MX_KC("column", column),
           MX_KS("row", mx_id_str(cx->arena, row)));
    return MX_E_UNAVAILABLE;
}

/* ---- another key ---- */

#define BATCH 200

/* A value that is to be sealed with the active key. */
struct change {
    struct mx_id row;
    struct mx_str seen, next;
};

static enum mx_err put_phone(struct mx_db *db, const struct change *c, int64_t *ret_n)
{
    struct q_person_reseal_phone_in in = {c->row, c->seen, c->next};

    return q_person_reseal_phone(db, &in, ret_n);
}

static enum mx_err put_address(struct mx_db *db, const struct change *c, int64_t *ret_n)
{
    struct q_person_reseal_address_in in = {c->row, c->seen, c->next};

    return q_person_reseal_address(db, &in, ret_n);
}

static enum mx_err put_mail(struct mx_db *db, const struct change *c, int64_t *ret_n)
{
    struct q_person_reseal_mail_in in = {c->row, c->seen, c->next};

    return q_person_reseal_mail(db, &in, ret_n);
}

static enum mx_err put_totp(struct mx_db *db, const struct change *c, int64_t *ret_n)
{
    struct q_person_reseal_totp_in in = {c->row, c->seen, c->next};

    return q_person_reseal_totp(db, &in, ret_n);
}

/* In the order of the statement person.sealed. */
static const struct {
    const char *name;
    enum mx_err (*put)(struct mx_db *db, const struct change *c, int64_t *ret_n);
} columns[] = {
    {MX_SEALED_PHONE, put_phone},
    {MX_SEALED_ADDRESS, put_address},
    {MX_SEALED_MAIL, put_mail},
    {MX_SEALED_TOTP, put_totp},
};

static bool sealed_now(const struct mx_ctx *cx, struct mx_str value)
{
    struct mx_pii_id by, active = mx_pii_active(cx->proc->keys);

    return mx_pii_key_of(value, &by) && memcmp(by.b, active.b, sizeof(active.b)) == 0;
}

/* A batch of one column. */
struct batch {
    struct mx_ctx *cx;
    const struct mx_reseal *pass;
    struct change changes[BATCH];
    int n;
    int64_t resealed, damaged;
};

static void look_at(struct batch *b, const struct q_person_sealed_row *r)
{
    struct mx_ctx *cx = b->cx;
    const char *column = columns[b->pass->column].name;
    struct mx_str plain;

    if (r->value.p == NULL || sealed_now(cx, r->value))
        return;
    if (mx_sealed_open(cx, column, r->id, r->value, &plain) != MX_OK) {
        b->damaged++;
        return;
    }
    b->changes[b->n++] = (struct change){
        r->id, r->value, mx_pii_seal(cx->arena, cx->proc->keys, column, r->id, plain)};
}

static enum mx_err put_all(void *arg)
{
    struct batch *b = arg;

    b->resealed = 0;
    for (int i = 0; i < b->n; i++) {
        int64_t changed;

        MX_TRY(columns[b->pass->column].put(b->cx->db, &b->changes[i], &changed));
        b->resealed += changed;
    }
    return MX_OK;
}

enum mx_err mx_sealed_reseal(struct mx_ctx *cx, struct mx_reseal *pass, bool *ret_more)
{
    struct mx_list rows;
    struct q_person_sealed_in in = {pass->column, pass->after, BATCH};
    struct batch *b = MX_NEW(cx->arena, struct batch);

    b->cx = cx;
    b->pass = pass;
    MX_TRY(q_person_sealed(cx->db, &in, &rows));
    for (size_t i = 0; i < rows.n; i++)
        look_at(b, MX_AT(rows, struct q_person_sealed_row, i));
    if (b->n > 0)
        MX_TRY(mx_db_tx(cx->db, put_all, b));
    pass->resealed += b->resealed;
    pass->damaged += b->damaged;
    if (rows.n == BATCH)
        pass->after = MX_AT(rows, struct q_person_sealed_row, BATCH - 1)->id;
    else
        *pass = (struct mx_reseal){pass->column + 1, {{0}}, pass->resealed, pass->damaged};
    *ret_more = pass->column < (int)MX_LEN(columns);
    return MX_OK;
}
