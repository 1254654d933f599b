#include "sales/payment.h"

const char *const mx_payment_status_names[] = {
    "pending",   "requires_action", "authorized", "paid",    "failed",
    "cancelled", "refunded",        "voided",     "expired", NULL};

static enum mx_err not_offered(struct mx_ctx *cx)
{
    mx_fault_at(cx->faults, MX_S("/payment/provider"), "not_offered",
                "This provider is not offered.");
    return MX_E_VALIDATION_FAILED;
}

static enum mx_err sandbox(struct mx_ctx *cx, const struct mx_pay_request *in,
                           struct mx_pay_outcome *ret)
{
    if (!cx->proc->conf->sandbox_provider)
        return not_offered(cx);
    if (mx_str_eqc(in->token, "tok_ok")) {
        *ret = (struct mx_pay_outcome){MX_PAY_PAID, true, {NULL, 0}};
        return MX_OK;
    }
    if (mx_str_eqc(in->token, "tok_declined")) {
        *ret = (struct mx_pay_outcome){MX_PAY_FAILED, false, MX_S("card_declined")};
        return MX_OK;
    }
    mx_fault_at(cx->faults, MX_S("/payment/token"), in->token.p ? "unknown_value" : "required",
                "The sandbox accepts tok_ok and tok_declined.");
    return MX_E_VALIDATION_FAILED;
}

/* Pay on invoice or delivery: staff mark it paid. */
static enum mx_err manual(struct mx_ctx *cx, const struct mx_pay_request *in,
                          struct mx_pay_outcome *ret)
{
    if (!cx->proc->conf->manual_provider)
        return not_offered(cx);
    if (in->token.p != NULL) {
        mx_fault_at(cx->faults, MX_S("/payment/token"), "unknown_member",
                    "The manual provider does not use a token.");
        return MX_E_VALIDATION_FAILED;
    }
    *ret = (struct mx_pay_outcome){MX_PAY_PENDING, true, {NULL, 0}};
    return MX_OK;
}

const char *const mx_payment_provider_names[] = {"sandbox", "manual", NULL};

static enum mx_err (*const decide[])(struct mx_ctx *, const struct mx_pay_request *,
                                     struct mx_pay_outcome *) = {sandbox, manual};

enum mx_err mx_pay_decide(struct mx_ctx *cx, const struct mx_pay_request *in,
                          struct mx_pay_outcome *ret_outcome)
{
    MX_ASSERT(in->provider >= 0 && (size_t)in->provider < MX_LEN(decide));
    return decide[in->provider](cx, in, ret_outcome);
}
