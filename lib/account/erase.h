/* The end of an account: the person is taken out of all that is kept, in one transaction. Orders,
 * their lines, payments, countries, taxes and ledgers stay, for the books; names, addresses,
 * telephones, mailboxes, notes, devices and what could sign in go, and so do queued mail, codes,
 * carts and stored answers. The account's row stays as a number that rows point at. */
#ifndef MX_ACCOUNT_ERASE_H
#define MX_ACCOUNT_ERASE_H

#include "shop/holding.h"

/* Erase the caller and the guests they were; runs its own transaction. An owner with a password
 * gives it; a guest has nothing to give; anybody else must have signed in a short while ago. All
 * sessions end at once. MX_E_UNAUTHORIZED when the account is closed; MX_E_VALIDATION_FAILED
 * without a password; MX_E_REAUTH_REQUIRED; MX_E_LAST_OWNER; MX_E_OPEN_ORDERS, also with
 * `cancel_orders` when it is too late to cancel (mx_order_leave); else as mx_signin_with_password.
 */
enum mx_err mx_erase_self(struct mx_ctx *cx, struct mx_str password,
                          bool cancel_orders) MX_MUST_CHECK;

/* Erase the holdings by which somebody signs in to an account, that are under way to it or that
 * give it rights, in the present transaction. */
enum mx_err mx_erase_credentials(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
