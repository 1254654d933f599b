/* Personal data in rows: sealed at rest, and sealed anew when the key changes. */
#ifndef MX_SHOP_SEALED_H
#define MX_SHOP_SEALED_H

#include "base/ctx.h"
#include "codec/pii.h"

/* The columns that hold sealed values, as codec/pii.h names them; each belongs to the row's id. */
#define MX_SEALED_PHONE "account.phone"
#define MX_SEALED_ADDRESS "address.sealed"
#define MX_SEALED_MAIL "mail.sealed"
#define MX_SEALED_TOTP "totp.secret" /* row: the account */

/* mx_pii_open for a row that was read: what does not open is logged, and MX_E_UNAVAILABLE. */
enum mx_err mx_sealed_open(const struct mx_ctx *cx, const char *column, struct mx_id row,
                           struct mx_str sealed, struct mx_str *ret_plain) MX_MUST_CHECK;

/* How far a pass over all sealed values has come; zeros begin one. */
struct mx_reseal {
    int column;
    struct mx_id after;
    int64_t resealed; /* values that another key had sealed */
    int64_t damaged;  /* values that do not open */
};

/* The next batch of a pass, in a transaction of its own: values of other keys are sealed with the
 * active one, unless somebody changes them at that moment. False in *ret_more at the end. */
enum mx_err mx_sealed_reseal(struct mx_ctx *cx, struct mx_reseal *pass,
                             bool *ret_more) MX_MUST_CHECK;

/* Open the first values of each column, which the oldest key in use has sealed. *ret_column is the
 * column of one that does not open, else NULL. */
enum mx_err mx_sealed_probe(const struct mx_ctx *cx, const char **ret_column) MX_MUST_CHECK;

#endif
