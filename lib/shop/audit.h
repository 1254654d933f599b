/* The audit log: who changed what, with before and after, written in the transaction of the change.
 */
#ifndef MX_SHOP_AUDIT_H
#define MX_SHOP_AUDIT_H

#include "base/ctx.h"

struct mx_audit {
    const char *action;      /* "product.update" */
    const char *object_type; /* "product" */
    struct mx_id object;
    struct mx_str before; /* JSON; absent: there was nothing */
    struct mx_str after;  /* JSON; absent: nothing is left */
};

/* Write a row for the caller's change into the present transaction. */
enum mx_err mx_audit_write(struct mx_ctx *cx, const struct mx_audit *row) MX_MUST_CHECK;

#endif
