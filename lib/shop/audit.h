/* The audit log: who changed what, with before and after, written in the transaction of the change.
 * Some of its rows are events: they are an order's history too, and the outbox that mail and
 * webhooks are made from. */
#ifndef MX_SHOP_AUDIT_H
#define MX_SHOP_AUDIT_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"

/* A change, with its object before and after. No personal data goes into before and after:
 * who an object is, its own row tells. */
struct mx_audit {
    const char *action;      /* "product.update" */
    const char *object_type; /* "product" */
    struct mx_id object;
    struct mx_str before; /* JSON; absent: there was nothing */
    struct mx_str after;  /* JSON; absent: nothing is left */
    struct mx_id actor;   /* who did it; none: the caller */
    bool event;           /* to be delivered (shop/outbox.h), and in the history of its object */
};

/* Write a row for the caller's change into the present transaction. */
enum mx_err mx_audit_write(struct mx_ctx *cx, const struct mx_audit *row) MX_MUST_CHECK;

/* A statement of the present transaction has read what encrypts that person's addresses (none:
 * erased). */
void mx_audit_have_key(struct mx_ctx *cx, struct mx_id person, struct mx_id key);

#define MX_AUDIT_ROWS_MAX 16

/* Write n rows, at most MX_AUDIT_ROWS_MAX, with one statement and in this order. For each person
 * that they tell of in turn another one reads the key, unless it was read with the caller's
 * permissions or in the present transaction. */
enum mx_err mx_audit_write_all(struct mx_ctx *cx, const struct mx_audit *rows,
                               size_t n) MX_MUST_CHECK;

/* Write down, outside of any transaction, that the present route refused a sign-in, or a caller
 * without permission. A flood of refusals must not become a flood of rows: beyond some a minute
 * they stand in the request log alone, which names the account, too. The caller has a share, and so
 * has each address or account that a refusal is about, so that nobody hides tries of one account
 * behind a flood of others; the host has one for all. The share of an address is the same whether
 * or not it is known: neither rows nor times tell. A row that cannot be written is logged; the
 * refusal stands. */
void mx_audit_refused(struct mx_ctx *cx, const char *action, const char *object_type,
                      struct mx_id object);

/* How a change came about, as its `after`: {"route":"auth.login"}. */
struct mx_str mx_audit_route(const struct mx_ctx *cx);

/* A row as it is read. */
struct mx_audit_row {
    struct mx_id id, actor_id, object_id;
    struct mx_str actor_email; /* as it is now; absent: nobody's, or erased */
    struct mx_str action, object_type;
    struct mx_str before, after;    /* JSON */
    struct mx_str address;          /* absent: erased with the person it belonged to */
    struct mx_str request_id;       /* as the client chose it, or the next one */
    struct mx_id server_request_id; /* ours; none: no request, or written before there was one */
    struct mx_time created_at;
};

struct mx_audit_query {
    struct mx_id actor, object; /* none: any */
    struct mx_str action;       /* absent: any */
    struct mx_time from, to;    /* none: open; `to` is not part of it */
    struct mx_id before;        /* none: from the newest */
    int64_t limit;
};

/* Rows, newest first: struct mx_audit_row. Reads only. */
enum mx_err mx_audit_list(struct mx_ctx *cx, const struct mx_audit_query *q,
                          struct mx_list *ret_rows) MX_MUST_CHECK;

#endif
