#include "account/erase.h"

#include "account/account.h"
#include "account/session.h"
#include "account/signin.h"
#include "account/staff.h"
#include "io/db.h"
#include "q/account.h"
#include "shop/audit.h"

/* Guests that one person is known to have been. */
#define GUESTS_MAX 1000

/* ---- what goes ---- */

enum mx_err mx_erase_credentials(struct mx_ctx *cx, const struct mx_holder *h)
{
    for (const struct mx_holding *x = mx_holdings; x->table != NULL; x++)
        if (x->signs_in && x->erase != NULL)
            MX_TRY(x->erase(cx, h));
    return MX_OK;
}

static enum mx_err erase_account(struct mx_ctx *cx, const struct mx_holder *h)
{
    for (const struct mx_holding *x = mx_holdings; x->table != NULL; x++)
        if (x->erase != NULL)
            MX_TRY(x->erase(cx, h));
    return MX_OK;
}

/* In the transaction. */
static enum mx_err erase(void *arg)
{
    struct mx_ctx *cx = arg;
    struct mx_id self = cx->actor.account;
    struct mx_list rows, guests;
    struct q_account_merged_in merged = {self, GUESTS_MAX};
    const struct q_account_hold_row *r;

    MX_TRY(q_account_hold(cx->db, &(struct q_account_hold_in){self}, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_account_hold_row, 0);
    if (r->kind == MX_ACCOUNT_STAFF)
        MX_TRY(mx_staff_may_leave(cx, self));
    MX_TRY(mx_audit_write(
        cx,
        &(struct mx_audit){.action = "account.erase", .object_type = "account", .object = self}));
    MX_TRY(q_account_merged(cx->db, &merged, &guests));
    for (size_t i = 0; i < guests.n; i++)
        MX_TRY(erase_account(
            cx, &(struct mx_holder){.account = MX_AT(guests, struct q_account_merged_row, i)->id}));
    return erase_account(cx, &(struct mx_holder){self, r->email_key});
}

/* ---- who may ---- */

enum mx_err mx_erase_self(struct mx_ctx *cx, struct mx_str password)
{
    struct mx_list rows;
    struct q_account_proof_in in = {cx->actor.account};
    const struct q_account_proof_row *r;
    struct mx_session_proof proof;

    MX_TRY(q_account_proof(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_account_proof_row, 0);
    if (r->has_password && password.p == NULL) {
        mx_fault_at(cx->faults, MX_S("/password"), "required", "Your password is needed.");
        return MX_E_VALIDATION_FAILED;
    }
    if (r->has_password)
        return mx_signin_with_password(cx, password, erase, cx);
    proof = (struct mx_session_proof){.fresh = true};
    if (r->kind != MX_ACCOUNT_GUEST)
        MX_TRY(mx_session_live(cx, &proof));
    return proof.fresh ? mx_db_tx(cx->db, erase, cx) : MX_E_REAUTH_REQUIRED;
}
