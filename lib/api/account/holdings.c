#include "api/account/holdings.h"

#include "account/address.h"
#include "account/export.h"
#include "account/guest.h"
#include "account/mailed_code.h"
#include "account/oidc.h"
#include "account/passkey.h"
#include "account/recovery_code.h"
#include "account/session.h"
#include "account/staff.h"
#include "account/totp_setup.h"
#include "api/idempotency.h"
#include "sales/cart.h"
#include "sales/order.h"
#include "shop/mail.h"

/* Rows that are large, a page: an answer stays far below what a worker may send. */
#define ACCOUNTS_A_PAGE 5
#define ORDERS_A_PAGE 20

/* The accounts, each with its open cart. */
static enum mx_err export_accounts(struct mx_export_walk *w, int64_t limit,
                                   struct mx_list *ret_rows, bool *ret_more)
{
    struct mx_cart *cart = MX_NEW(w->as.arena, struct mx_cart);
    enum mx_err e;

    MX_TRY(mx_export_accounts(w, limit, ret_rows, ret_more));
    if (ret_rows->n == 0)
        return MX_OK;
    e = mx_cart_load(&w->as, cart);
    MX_AT(*ret_rows, struct mx_export_account, 0)->cart = e == MX_OK ? cart : NULL;
    return e == MX_E_NOT_FOUND ? MX_OK : e;
}

static enum mx_err export_orders(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows,
                                 bool *ret_more)
{
    MX_TRY(mx_order_list(&w->as, w->at.before, limit + 1, ret_rows));
    *ret_more = mx_export_cut(ret_rows, limit);
    return MX_OK;
}

static enum mx_err erase_mail(struct mx_ctx *cx, const struct mx_holder *h)
{
    return mx_mail_forget(cx, h->account, h->email_key);
}

#define PART(list, T, max, read)                                    \
    {                                                               \
        offsetof(struct mx_export_page, list), sizeof(T), max, read \
    }
#define PARTS(...) ((const struct mx_export_part[]){__VA_ARGS__, {0}})

const struct mx_holding mx_holdings[] = {
    {.table = "account",
     .merge = mx_account_merge,
     .export = PARTS(PART(accounts, struct mx_export_account, ACCOUNTS_A_PAGE, export_accounts)),
     .erase = mx_account_erase,
     .reseal = &mx_account_sealed,
     .purge = mx_guest_delete},
    {.table = "session",
     .export = PARTS(PART(sessions, struct mx_export_session, 0, mx_export_sessions),
                     PART(sessions, struct mx_export_session, 0, mx_export_ended_sessions)),
     .erase = mx_session_erase,
     .purge = mx_session_purge},
    {.table = "mfa_challenge", .kept = "ends with the sessions"},
    {.table = "mail",
     .export = PARTS(PART(mails, struct mx_export_mail, 0, mx_export_mails)),
     .erase = erase_mail,
     .reseal = &mx_mail_sealed,
     .purge = mx_mail_purge},
    {.table = "mailed_code",
     .signs_in = true,
     .erase = mx_mailed_code_erase,
     .purge = mx_mailed_code_purge},
    {.table = "totp", .signs_in = true, .erase = mx_totp_erase, .reseal = &mx_totp_sealed},
    {.table = "recovery_code", .signs_in = true, .erase = mx_recovery_codes_erase},
    {.table = "passkey", .signs_in = true, .erase = mx_passkey_erase},
    {.table = "identity", .signs_in = true, .erase = mx_identity_erase},
    {.table = "account_role", .signs_in = true, .erase = mx_staff_roles_erase},
    {.table = "invitation", .signs_in = true, .erase = mx_invitation_erase},
    {.table = "account_address",
     .merge = mx_address_book_merge,
     .erase = mx_address_book_erase,
     .purge = mx_address_book_purge},
    {.table = "cart", .merge = mx_cart_merge, .erase = mx_cart_erase, .purge = mx_cart_purge},
    {.table = "orders",
     .merge = mx_order_move,
     .leave = mx_order_leave,
     .export = PARTS(PART(orders, struct mx_order, ORDERS_A_PAGE, export_orders)),
     .erase = mx_order_erase},
    {.table = "address",
     .merge = mx_address_merge,
     .export = PARTS(PART(addresses, struct mx_export_address, 0, mx_export_addresses)),
     .erase = mx_address_erase,
     .reseal = &mx_address_sealed,
     .purge = mx_address_purge},
    {.table = "idempotency",
     .merge = mx_idempotency_merge,
     .erase = mx_idempotency_erase,
     .purge = mx_idempotency_purge},
    {.table = "audit_log",
     .export = PARTS(PART(audit_log, struct mx_export_audit, 0, mx_export_audit_rows)),
     .kept = "tells who people are by ids; the key of their addresses goes with the account"},
    {.table = "stock_move", .kept = "the goods' ledger names its actor by id"},
    {0}};
