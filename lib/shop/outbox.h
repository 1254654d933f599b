/* Events: what happened, for others to act on. They are rows of the audit log, written with the
 * change that they tell of (struct mx_audit, event), and delivered by `merx jobs`: at least once,
 * and with what follows in the same transaction exactly once. */
#ifndef MX_SHOP_OUTBOX_H
#define MX_SHOP_OUTBOX_H

#include "shop/job.h"

/* THE table of events: X("type", does anything follow). An event that nothing follows from is
 * stored as delivered. */
#define MX_EVENTS(X)                \
    X("customer.registered", false) \
    X("order.cancelled", true)      \
    X("order.expired", false)       \
    X("order.paid", false)          \
    X("order.placed", true)         \
    X("order.refunded", false)      \
    X("payment.failed", false)

/* Does anything follow from events of that type? Another type than those of the table is a bug. */
bool mx_event_wanted(const char *type);

/* Handler of the events of one type. */
struct mx_event_handler {
    const char *type;
    /* In the present transaction, for n events at once, told by what they are about. */
    enum mx_err (*deliver)(struct mx_ctx *cx, const struct mx_id *subjects, size_t n);
};

/* The two halves of a struct mx_job: events that are due, and their delivery to the handlers. An
 * event of an unknown type fails: it is of a newer program, which will deliver it. */
enum mx_err mx_outbox_due(struct mx_ctx *cx, int64_t limit,
                          struct mx_job_due *ret_due) MX_MUST_CHECK;
enum mx_err mx_outbox_deliver(struct mx_ctx *cx, const struct mx_event_handler *handlers,
                              size_t n_handlers, const struct mx_job_row *rows,
                              size_t n) MX_MUST_CHECK;

#endif
