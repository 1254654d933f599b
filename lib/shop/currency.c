#include "shop/currency.h"

#include "base/fault.h"
#include "codec/params.h"

void mx_currency_check(struct mx_ctx *cx, struct mx_str pointer, struct mx_money money)
{
    const char *ours = cx->proc->conf->currency;

    if (mx_str_eqc(mx_currency_str(&money.currency), ours))
        return;
    mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "%.*s/currency", MX_FMT(pointer)),
                "wrong_currency", "must be %s", ours);
    mx_fault_params(cx->faults, mx_params_allowed(cx->arena, (const char *const[]){ours, NULL}));
}
