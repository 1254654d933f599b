#include "account/erase.h"

#include "account/account.h"
#include "account/mailed_code.h"
#include "account/session.h"
#include "account/signin.h"
#include "account/staff.h"
#include "io/db.h"
#include "q/cart.h"
#include "q/identity.h"
#include "q/mfa.h"
#include "q/person.h"
#include "q/role.h"
#include "q/staff.h"
#include "sales/cart.h"
#include "shop/audit.h"
#include "shop/mail.h"

/* Guests that one person is known to have been. */
#define GUESTS_MAX 1000

/* ---- what goes ---- */

enum mx_err mx_erase_credentials(struct mx_ctx *cx, struct mx_id id, struct mx_str email_key)
{
    MX_TRY(q_person_drop_codes(cx->db, &(struct q_person_drop_codes_in){id}, NULL));
    MX_TRY(q_person_drop_totp(cx->db, &(struct q_person_drop_totp_in){id}, NULL));
    MX_TRY(q_recovery_code_drop(cx->db, &(struct q_recovery_code_drop_in){id}, NULL));
    MX_TRY(q_person_drop_passkeys(cx->db, &(struct q_person_drop_passkeys_in){id}, NULL));
    MX_TRY(q_identity_delete_all(cx->db, &(struct q_identity_delete_all_in){id}, NULL));
    MX_TRY(q_staff_take_roles(cx->db, &(struct q_staff_take_roles_in){id}, NULL));
    MX_TRY(q_invitation_drop(cx->db, &(struct q_invitation_drop_in){id}, NULL));
    if (email_key.p == NULL)
        return MX_OK;
    MX_TRY(mx_mailed_code_drop(cx, mx_mailed_code_of_address(MX_MAILED_CODE_SIGNUP, email_key)));
    return mx_mailed_code_drop(cx, mx_mailed_code_of_address(MX_MAILED_CODE_PASSWORD, email_key));
}

static enum mx_err erase_shopping(struct mx_ctx *cx, struct mx_id id)
{
    MX_TRY(q_person_drop_book(cx->db, &(struct q_person_drop_book_in){id}, NULL));
    MX_TRY(q_person_drop_cart(cx->db, &(struct q_person_drop_cart_in){id}, NULL));
    MX_TRY(q_cart_close(cx->db, &(struct q_cart_close_in){id, {cx->now_ms}}, NULL));
    MX_TRY(q_person_erase_orders(cx->db, &(struct q_person_erase_orders_in){id}, NULL));
    return q_person_erase_addresses(cx->db, &(struct q_person_erase_addresses_in){id}, NULL);
}

static enum mx_err erase_account(struct mx_ctx *cx, struct mx_id id, struct mx_str email_key)
{
    struct q_person_erase_account_in account = {id, {cx->now_ms}};

    MX_TRY(q_person_erase_account(cx->db, &account, NULL));
    MX_TRY(mx_session_end_all(cx, id));
    MX_TRY(q_person_erase_sessions(cx->db, &(struct q_person_erase_sessions_in){id}, NULL));
    MX_TRY(mx_mail_forget(cx, id, email_key));
    MX_TRY(mx_erase_credentials(cx, id, email_key));
    MX_TRY(erase_shopping(cx, id));
    return q_person_drop_answers(cx->db, &(struct q_person_drop_answers_in){id}, NULL);
}

/* One owner of the shop stays, also when two leave at once. */
static enum mx_err keep_owner(struct mx_ctx *cx)
{
    struct mx_list rows;

    MX_TRY(q_role_hold(cx->db, &rows));
    MX_TRY(q_person_is_owner(cx->db, &(struct q_person_is_owner_in){cx->actor.account}, &rows));
    return rows.n > 0 ? mx_staff_keep_owner(cx, cx->actor.account) : MX_OK;
}

/* In the transaction. */
static enum mx_err erase(void *arg)
{
    struct mx_ctx *cx = arg;
    struct mx_id self = cx->actor.account;
    struct mx_list rows, guests;
    struct q_person_merged_in merged = {self, GUESTS_MAX};
    const struct q_person_account_row *r;

    MX_TRY(q_person_account(cx->db, &(struct q_person_account_in){self}, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_person_account_row, 0);
    if (r->kind == MX_ACCOUNT_STAFF)
        MX_TRY(keep_owner(cx));
    MX_TRY(mx_audit_write(
        cx,
        &(struct mx_audit){.action = "account.erase", .object_type = "account", .object = self}));
    MX_TRY(q_person_merged(cx->db, &merged, &guests));
    for (size_t i = 0; i < guests.n; i++)
        MX_TRY(erase_account(cx, MX_AT(guests, struct q_person_merged_row, i)->id,
                             (struct mx_str){0}));
    return erase_account(cx, self, r->email_key);
}

/* ---- who may ---- */

enum mx_err mx_erase_self(struct mx_ctx *cx, struct mx_str password)
{
    struct mx_list rows;
    struct q_person_proof_in in = {cx->actor.account};
    const struct q_person_proof_row *r;
    struct mx_session_proof proof;

    MX_TRY(q_person_proof(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_UNAUTHORIZED;
    r = MX_AT(rows, struct q_person_proof_row, 0);
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
