/* Payment providers. Each is a row: its name and how it answers a request to pay. A local provider
 * decides here and now and commits with the order; a remote one would be asked outside of any
 * transaction, with the payment's id as its idempotency key. */
#ifndef MX_SALES_PAYMENT_H
#define MX_SALES_PAYMENT_H

#include "base/ctx.h"

enum mx_payment_status {
    MX_PAY_PENDING,
    MX_PAY_REQUIRES_ACTION,
    MX_PAY_AUTHORIZED,
    MX_PAY_PAID,
    MX_PAY_FAILED,
    MX_PAY_CANCELLED,
    MX_PAY_REFUNDED,
    MX_PAY_VOIDED, /* its order was cancelled before money came */
    MX_PAY_EXPIRED /* the time to pay was over */
};

/* Wire names of enum mx_payment_status, NULL-terminated. */
extern const char *const mx_payment_status_names[];

/* Names of the providers that a caller may name, NULL-terminated, in the order of the table. */
extern const char *const mx_payment_provider_names[];

struct mx_pay_request {
    int provider;        /* index into mx_payment_provider_names */
    struct mx_str token; /* sandbox: tok_ok, tok_declined */
    int64_t amount;      /* minor units */
};

struct mx_pay_outcome {
    enum mx_payment_status status; /* PAID, PENDING or FAILED */
    bool order_stands;             /* the order is placed (PENDING: pay on invoice) */
    struct mx_str failure_code;    /* FAILED: why */
};

/* Ask a local provider. MX_E_VALIDATION_FAILED with faults at /payment/... for a provider that is
 * switched off or a token that it does not know. Writes nothing. */
enum mx_err mx_pay_decide(struct mx_ctx *cx, const struct mx_pay_request *in,
                          struct mx_pay_outcome *ret_outcome) MX_MUST_CHECK;

#endif
