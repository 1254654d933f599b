#include "account/erase.h"

#include "account/account.h"
#include "account/session.h"
#include "account/signin.h"
#include "account/staff.h"
#include "io/db.h"
#include "q/erase.h"
#include "shop/audit.h"

#define GUESTS_PAGE 100 /* that one person is known to have been, at a time */

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

struct leaving {
    struct mx_ctx *cx;
    bool cancel_orders;
};

static enum mx_err may_leave(struct mx_ctx *cx, const struct mx_holder *h)
{
    for (const struct mx_holding *x = mx_holdings; x->table != NULL; x++)
        if (x->leave != NULL)
            MX_TRY(x->leave(cx, h));
    return MX_OK;
}

typedef enum mx_err act_t(struct mx_ctx *cx, const struct mx_holder *h);

static enum mx_err each_of(struct mx_ctx *cx, const struct mx_holder *self, struct mx_list guests,
                           act_t *act)
{
    for (size_t i = 0; i < guests.n; i++) {
        const struct q_account_merged_row *r = MX_AT(guests, struct q_account_merged_row, i);

        MX_TRY(
            act(cx, &(struct mx_holder){.account = r->id, .cancel_orders = self->cancel_orders}));
    }
    return MX_OK;
}

/* One walk over the person's accounts: the guests they were, who are held from then on, and at last
 * their own. */
static enum mx_err each(struct mx_ctx *cx, const struct mx_holder *self, act_t *act)
{
    struct q_account_merged_in in = {.account = self->account, .limit = GUESTS_PAGE};
    struct mx_list guests;

    do {
        MX_TRY(q_account_merged(cx->db, &in, &guests));
        MX_TRY(each_of(cx, self, guests, act));
        if (guests.n > 0)
            in.after = MX_AT(guests, struct q_account_merged_row, guests.n - 1)->id;
    } while (guests.n == GUESTS_PAGE);
    return act(cx, self);
}

/* In the transaction, which holds all accounts of the person: nothing is added to them meanwhile.
 */
static enum mx_err erase(void *arg)
{
    const struct leaving *l = arg;
    struct mx_ctx *cx = l->cx;
    struct mx_holder self = {.account = cx->actor.account, .cancel_orders = l->cancel_orders};
    struct mx_list rows;
    const struct q_account_hold_row *r;

    MX_TRY(q_account_hold(cx->db, &(struct q_account_hold_in){self.account}, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_account_hold_row, 0);
    self.email_key = r->email_key;
    if (r->kind == MX_ACCOUNT_STAFF)
        MX_TRY(mx_staff_may_leave(cx, self.account));
    MX_TRY(each(cx, &self, may_leave));
    MX_TRY(mx_audit_write(cx, &(struct mx_audit){.action = "account.erase",
                                                 .object_type = "account",
                                                 .object = self.account}));
    return each(cx, &self, erase_account);
}

/* ---- who may ---- */

enum mx_err mx_erase_self(struct mx_ctx *cx, struct mx_str password, bool cancel_orders)
{
    struct leaving l = {cx, cancel_orders};
    struct mx_list rows;
    struct q_account_proof_in in = {cx->actor.account};
    const struct q_account_proof_row *r;
    struct mx_session_proof proof;

    MX_TRY(q_account_proof(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_account_proof_row, 0);
    if (r->has_password && password.p == NULL) {
        mx_fault_at(cx->faults, MX_S("/password"), "required", "The password is required.");
        return MX_E_VALIDATION_FAILED;
    }
    if (r->has_password)
        return mx_signin_with_password(cx, password, erase, &l);
    proof = (struct mx_session_proof){.fresh = true};
    if (r->kind != MX_ACCOUNT_GUEST)
        MX_TRY(mx_session_live(cx, &proof));
    return proof.fresh ? mx_db_tx(cx->db, erase, &l) : MX_E_REAUTH_REQUIRED;
}
