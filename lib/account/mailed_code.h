/* One-time codes that are mailed: they prove a mailbox and confirm what was asked for. Each request
 * has a row of its own, named by a handle: 128 random bits that the answer gives to whoever asked,
 * and that nobody else has. A code is good with the handle of its own request and with no other:
 * what strangers ask for in somebody's name can neither take the place of that person's request,
 * nor spend its tries, nor end it. Only a hash of the handle and an HMAC of the code, with what it
 * confirms, are stored. A code ends by use, after MX_MAILED_CODE_TTL_MS, after
 * MX_MAILED_CODE_ATTEMPTS tries with its handle, and when what it stands for ends: the codes of an
 * address when one of them was used, those of an account's change of address with a newer one. It
 * has 50 random bits, too many to be guessed by any number of handles. */
#ifndef MX_ACCOUNT_MAILED_CODE_H
#define MX_ACCOUNT_MAILED_CODE_H

#include "base/ctx.h"
#include "shop/holding.h"

#define MX_MAILED_CODE_TTL_MS (INT64_C(30) * 60 * 1000)
#define MX_MAILED_CODE_ATTEMPTS 5

/* Column `purpose` of a code. */
enum mx_mailed_code_purpose {
    MX_MAILED_CODE_SIGNUP,
    MX_MAILED_CODE_PASSWORD,
    MX_MAILED_CODE_EMAIL
};

/* Holder of codes: the canonical address, or for MX_MAILED_CODE_EMAIL the account. */
struct mx_mailed_code_holder {
    enum mx_mailed_code_purpose purpose;
    struct mx_str key;
};
struct mx_mailed_code_holder mx_mailed_code_of_address(enum mx_mailed_code_purpose purpose,
                                                       struct mx_str email_key);
/* The codes by which `account` changes its address; *account must outlive the holder. */
struct mx_mailed_code_holder mx_mailed_code_of_account(const struct mx_id *account);

/* Purpose of a code. */
struct mx_mailed_code_for {
    struct mx_str email, email_key; /* the mailbox: as it was given, and canonical */
    struct mx_id account;           /* none: no account has to do with it (yet) */
    struct mx_str name, phc;        /* of a sign-up; absent otherwise */
};

/* A code that was made, or is tried. */
struct mx_mailed_code {
    struct mx_str handle; /* for the answer to whoever asked, never for the mail */
    struct mx_str code;   /* for the mail, never for the answer; case, blanks and dashes are free */
};

/* Make a code in the present transaction. `mailed` false: nobody will be sent it, because the
 * address has had its share of mail; then the row is there for the sake of an equal answer, expires
 * at once, and ends no other. MX_E_RETRY: by chance there is such a code already. */
enum mx_err mx_mailed_code_make(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                const struct mx_mailed_code_for *what, bool mailed,
                                struct mx_mailed_code *ret_code) MX_MUST_CHECK;

/* Outcome of trying a code. Both functions below run in the present transaction, which must
 * commit when they return MX_OK, whatever *ret_refused says: a try was counted. *ret_refused is
 * MX_OK for the right code, or MX_E_CODE_INVALID, also for a handle that is unknown or another's.
 */

/* Look at a code and leave it good; the right one costs no try. */
enum mx_err mx_mailed_code_check(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                 const struct mx_mailed_code *tried,
                                 struct mx_mailed_code_for *ret_what,
                                 enum mx_err *ret_refused) MX_MUST_CHECK;
/* Use a code up: it and the others of its holder end. Of uses at once one is right. */
enum mx_err mx_mailed_code_use(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                               const struct mx_mailed_code *tried,
                               struct mx_mailed_code_for *ret_what,
                               enum mx_err *ret_refused) MX_MUST_CHECK;

/* End all codes of a holder in the present transaction. */
enum mx_err mx_mailed_code_drop(struct mx_ctx *cx, struct mx_mailed_code_holder h) MX_MUST_CHECK;

/* Of table mailed_code, see shop/holding.h. */
enum mx_err mx_mailed_code_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_mailed_code_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

#endif
