/* Postal addresses. Address rows never change, so that carts and orders point at what was true
 * then; the book entry keeps its id and points at its newest row. At most one entry of an account
 * is the default; the first one becomes it. */
#ifndef MX_ACCOUNT_ADDRESS_H
#define MX_ACCOUNT_ADDRESS_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"
#include "shop/holding.h"
#include "shop/postal.h"

/* Entries that one account may keep. */
#define MX_ADDRESSES_MAX 100

/* A book entry as its owner writes it. */
struct mx_address_put {
    struct mx_id id; /* none: a new one */
    struct mx_postal to;
    bool is_default, has_is_default;
};

/* A book entry. */
struct mx_address {
    struct mx_id id;
    struct mx_postal to;
    bool is_default;
    struct mx_time created_at;
};

/* Write an address row of the caller in the present transaction, outside the book.
 * MX_E_UNAUTHORIZED when the account has ended. */
enum mx_err mx_address_insert(struct mx_ctx *cx, const struct mx_postal *to,
                              struct mx_id *ret_row) MX_MUST_CHECK;
/* The address row that the caller's entry points at now. MX_E_VALIDATION_FAILED with a fault of
 * "/address_id" for an unknown one and for another's. */
enum mx_err mx_address_of_entry(struct mx_ctx *cx, struct mx_id entry,
                                struct mx_id *ret_row) MX_MUST_CHECK;
/* The caller's entry `id`. MX_E_NOT_FOUND, also for another's. */
enum mx_err mx_address_get(struct mx_ctx *cx, struct mx_id id,
                           struct mx_address *ret_address) MX_MUST_CHECK;
/* Up to `limit` of the caller's entries made before entry `before` (none: from the newest on),
 * newest first, as struct mx_address. */
enum mx_err mx_address_list(struct mx_ctx *cx, struct mx_id before, int64_t limit,
                            struct mx_list *ret_list) MX_MUST_CHECK;
/* Add or replace an entry in the present transaction. MX_E_NOT_FOUND; MX_E_CONFLICT when the book
 * is full. */
enum mx_err mx_address_put(struct mx_ctx *cx, const struct mx_address_put *in,
                           struct mx_address *ret_address) MX_MUST_CHECK;
/* Remove an entry in the present transaction; the newest one left becomes the default when it was.
 * MX_E_NOT_FOUND. */
enum mx_err mx_address_remove(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* Look at up to `limit` address rows, where the last call ended, and tell how many there were:
 * fewer than `limit` at the end of all. One that nothing points at is marked, and deleted when
 * nothing does an hour later: a transaction may have read it before, and points at it when it
 * commits, which none may do after request_timeout_ms. Only an order may point at a row that
 * nothing pointed at, and does so for good: who gives it to a cart or an entry holds the account,
 * and with it what points at the row. */
enum mx_err mx_address_sweep(struct mx_ctx *cx, int64_t limit, int64_t *ret_n) MX_MUST_CHECK;

/* Of table account_address, see shop/holding.h. A guest's entries come along as far as the book has
 * room; the default of a book that has one stays. */
enum mx_err mx_address_book_merge(struct mx_ctx *cx, struct mx_id guest,
                                  struct mx_id account) MX_MUST_CHECK;
enum mx_err mx_address_book_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;

/* Of table address, see shop/holding.h. */
enum mx_err mx_address_merge(struct mx_ctx *cx, struct mx_id guest,
                             struct mx_id account) MX_MUST_CHECK;
enum mx_err mx_address_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_address_book_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;
enum mx_err mx_address_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;
extern const struct mx_sealed_column mx_address_sealed;

#endif
