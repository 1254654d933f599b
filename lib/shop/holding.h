/* Personal data in rows. Signing in, export, closing an account and a change of
 * the key of personal data walk mx_holdings and know no other noun; a noun takes part by a row.
 * The table stands above all of them (api/account/holdings.c), and a test demands a row of it for
 * every table of the schema that has an account's id. */
/* THE ORDER OF LOCKS. A transaction takes its locks in this order, so that none waits for one that
 * waits for it:
 *
 *   1. accounts. A writer of a cart, an address or an order of an account holds its row first:
 *      alone (FOR UPDATE, mx_account_lock), where the account ends, somebody signs in to it, or an
 *      address or an order is made, else shared (LOCK IN SHARE MODE, mx_account_stay). Alone comes
 *      before shared in one transaction. Of two accounts the customer's comes before the guest's,
 *      guests in the order of their ids.
 *   2. sessions, codes and whatever else one account alone has
 *   3. carts, the guest's before that of who they sign in as
 *   4. orders, then their payments
 *   5. rows of stock, by the id of the variant, and nothing behind them
 *
 * A mailed code or a sign-in that waits for its second factor leads to an account and is held
 * before it. The end of the account takes it the other way round, and is run again if need be.
 *
 * A row that the transaction itself has made counts from when another may wait for it. A checkout
 * makes its order, which is the only one of its cart, before it takes the cart, with the account
 * held alone. The end of an account, which holds it alone too, releases stock before the rest is
 * erased. */
#ifndef MX_SHOP_HOLDING_H
#define MX_SHOP_HOLDING_H

#include "base/ctx.h"
#include "base/list.h"

struct mx_sql;

/* An account that closes. */
struct mx_holder {
    struct mx_id account;
    struct mx_str email_key; /* its address in canonical form; absent: none, or it stays */
    bool cancel_orders;      /* what is not shipped is cancelled rather than in the way */
};

/* Guests who never ordered and go for good. */
struct mx_guests {
    const struct mx_id *at;
    size_t n;
    struct mx_str ids; /* the same as a JSON array of hexadecimal texts, for statements */
};

/* Where a page of the export begins. A client may have made it up: it opens nothing but the
 * caller's own. */
struct mx_export_at {
    struct mx_id account; /* none: nothing is left */
    int part;             /* 0 to mx_holding_parts() - 1 */
    struct mx_id before;  /* the part's last row so far; none: from its newest on */
    int64_t ended_ms;     /* for a part that is sorted by time: that row's */
};

/* An export on its way through the accounts of one person. */
struct mx_export_walk {
    struct mx_ctx as; /* the caller as one of the accounts that they are */
    struct mx_id self;
    struct mx_export_at at;
};

/* A list of the export. */
struct mx_export_part {
    size_t list; /* offset of its struct mx_list in the page */
    size_t size; /* of its rows, which begin with their id */
    int64_t max; /* rows a page; 0: as many as it takes */
    /* Up to `limit` rows of the account w->as behind w->at, newest first. NULL ends the parts. */
    enum mx_err (*read)(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows,
                        bool *ret_more);
};

/* A column of sealed values, by its statements: page takes (id after, i64 limit) and gives (id id,
 * bin? value) by id; put takes (id id, bin seen, bin value) and changes the row while it has
 * `seen`. */
struct mx_sealed_column {
    const char *name; /* as shop/sealed.h has it */
    const struct mx_sql *const *page, *const *put;
};

struct mx_holding {
    const char *table; /* NULL ends the table */
    bool signs_in;     /* it is a way to sign in, on its way to one, or what one may do then */
    /* A guest turned out to be `account`, which signs in: move what is the guest's. */
    enum mx_err (*merge)(struct mx_ctx *cx, struct mx_id guest, struct mx_id account);
    const struct mx_export_part *export; /* NULL: not exported, or with another table */
    /* May the account end? An error of its own says why not; nothing was erased yet. */
    enum mx_err (*leave)(struct mx_ctx *cx, const struct mx_holder *h);
    /* Take the person out of what the table keeps. */
    enum mx_err (*erase)(struct mx_ctx *cx, const struct mx_holder *h);
    const struct mx_sealed_column *reseal; /* NULL: nothing is sealed */
    /* Delete the rows of guests. NULL: those have none, or they are kept. */
    enum mx_err (*purge)(struct mx_ctx *cx, const struct mx_guests *g);
    const char *kept; /* why there is no `erase` */
};

/* In the order of erasing, which is the order of locks within an account. Merge, leave, erase and
 * purge run in the present transaction. */
extern const struct mx_holding mx_holdings[];

#endif
