/* One-time codes that are mailed: six digits that prove a mailbox and confirm what was asked for. A
 * code and what it confirms are one row; only an HMAC of both is stored. A code dies by use, after
 * MX_MAILED_CODE_TTL_MS, after MX_MAILED_CODE_ATTEMPTS tries of codes of its holder, and with a
 * newer one (sign-ups: with the third newer one). A million codes are few: beside all that, an
 * address sees only so many wrong codes a day (settings rate_code_*), which a guesser cannot renew
 * by asking for new codes. */
#ifndef MX_ACCOUNT_MAILED_CODE_H
#define MX_ACCOUNT_MAILED_CODE_H

#include "base/ctx.h"
#include "shop/holding.h"

#define MX_MAILED_CODE_TTL_MS (INT64_C(30) * 60 * 1000)
#define MX_MAILED_CODE_ATTEMPTS 5
/* Sign-ups of one address that wait for their codes at once. */
#define MX_SIGNUPS_PENDING 3

/* Column `purpose` of a code. */
enum mx_mailed_code_purpose {
    MX_MAILED_CODE_SIGNUP,
    MX_MAILED_CODE_PASSWORD,
    MX_MAILED_CODE_EMAIL
};

/* Whose codes: the canonical address, or for MX_MAILED_CODE_EMAIL the account. */
struct mx_mailed_code_holder {
    enum mx_mailed_code_purpose purpose;
    struct mx_str key;
};
struct mx_mailed_code_holder mx_mailed_code_of_address(enum mx_mailed_code_purpose purpose,
                                                       struct mx_str email_key);
/* The codes by which `account` changes its address; *account must outlive the holder. */
struct mx_mailed_code_holder mx_mailed_code_of_account(const struct mx_id *account);

/* What a code confirms. */
struct mx_mailed_code_for {
    struct mx_str email, email_key; /* the mailbox: as it was given, and canonical */
    struct mx_id account;           /* none: no account has to do with it (yet) */
    struct mx_str name, phc;        /* of a sign-up; absent otherwise */
};

/* Make a code in the present transaction; older ones of the holder end. MX_E_RETRY: by chance it is
 * one that the holder has already. */
enum mx_err mx_mailed_code_make(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                const struct mx_mailed_code_for *what,
                                char ret_code[7]) MX_MUST_CHECK;

/* What came of trying a code. Both functions below run in the present transaction, which must
 * commit when they return MX_OK, whatever *ret_refused says: a try was counted. *ret_refused is
 * MX_OK for the right code, or MX_E_CODE_INVALID. MX_E_RATE_LIMITED: the address has seen enough
 * wrong codes; nothing was tried. */

/* Look at a code and leave it good; the right one costs no try. */
enum mx_err mx_mailed_code_check(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                                 struct mx_str code, struct mx_mailed_code_for *ret_what,
                                 enum mx_err *ret_refused) MX_MUST_CHECK;
/* Use a code up: it and the others of its holder end. Of uses at once one is right. */
enum mx_err mx_mailed_code_use(struct mx_ctx *cx, struct mx_mailed_code_holder h,
                               struct mx_str code, struct mx_mailed_code_for *ret_what,
                               enum mx_err *ret_refused) MX_MUST_CHECK;

/* End all codes of a holder in the present transaction. */
enum mx_err mx_mailed_code_drop(struct mx_ctx *cx, struct mx_mailed_code_holder h) MX_MUST_CHECK;

/* Of table mailed_code, see shop/holding.h. */
enum mx_err mx_mailed_code_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

#endif
