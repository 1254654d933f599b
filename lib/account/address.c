#include "account/address.h"

#include "account/account.h"
#include "io/db.h"
#include "q/address.h"
#include "shop/sealed.h"

static enum mx_err fill(const struct mx_ctx *cx, const struct q_address_row *r,
                        struct mx_address *ret_address)
{
    *ret_address =
        (struct mx_address){.id = r->id, .is_default = r->is_default, .created_at = r->created_at};
    return mx_postal_open(cx, r->row_id, r->sealed, r->country, &ret_address->to);
}

enum mx_err mx_address_insert(struct mx_ctx *cx, const struct mx_postal *to, struct mx_id *ret_row)
{
    struct q_address_insert_in in = {
        .id = mx_id_new(),
        .account = cx->actor.account,
        .country = to->country,
        .now = {cx->now_ms},
    };
    int64_t made;

    in.sealed = mx_postal_seal(cx, in.id, to);
    MX_TRY(q_address_insert(cx->db, &in, &made));
    if (made == 0)
        return MX_E_UNAUTHORIZED;
    *ret_row = in.id;
    return MX_OK;
}

static enum mx_err find(struct mx_ctx *cx, struct mx_id id, const struct q_address_row **ret_row)
{
    struct mx_list rows;
    struct q_address_find_in in = {id, cx->actor.account};

    MX_TRY(q_address_find(cx->db, &in, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    *ret_row = MX_AT(rows, struct q_address_row, 0);
    return MX_OK;
}

enum mx_err mx_address_of_entry(struct mx_ctx *cx, struct mx_id entry, struct mx_id *ret_row)
{
    const struct q_address_row *r;
    enum mx_err e = find(cx, entry, &r);

    if (e == MX_E_NOT_FOUND) {
        mx_fault_at(cx->faults, MX_S("/address_id"), "unknown_value",
                    "This address is not in the address book.");
        return MX_E_VALIDATION_FAILED;
    }
    if (e == MX_OK)
        *ret_row = r->row_id;
    return e;
}

enum mx_err mx_address_get(struct mx_ctx *cx, struct mx_id id, struct mx_address *ret_address)
{
    const struct q_address_row *r;

    MX_TRY(find(cx, id, &r));
    return fill(cx, r, ret_address);
}

enum mx_err mx_address_list(struct mx_ctx *cx, struct mx_id before, int64_t limit,
                            struct mx_list *ret_list)
{
    struct mx_list rows;
    struct q_address_page_in in = {cx->actor.account, before, limit};
    struct mx_address *at;

    if (mx_id_none(before))
        memset(&in.before, 0xff, sizeof in.before);
    MX_TRY(q_address_page(cx->db, &in, &rows));
    at = MX_NEW_N(cx->arena, rows.n, struct mx_address);
    for (size_t i = 0; i < rows.n; i++)
        MX_TRY(fill(cx, MX_AT(rows, struct q_address_row, i), &at[i]));
    *ret_list = MX_LIST(at, rows.n);
    return MX_OK;
}

/* The caller's account is locked: no second entry can become the first one or the default now. */
static enum mx_err add(struct mx_ctx *cx, const struct mx_address_put *in, struct mx_id *ret_id)
{
    struct mx_list rows;
    int64_t n;
    struct q_address_insert_entry_in entry;

    MX_TRY(q_address_count(cx->db, &(struct q_address_count_in){cx->actor.account}, &rows));
    n = MX_AT(rows, struct q_address_count_row, 0)->n;
    if (n >= MX_ADDRESSES_MAX)
        return mx_fail(cx->faults, MX_E_CONFLICT, "The address book is full (%d addresses).",
                       MX_ADDRESSES_MAX);
    entry = (struct q_address_insert_entry_in){
        .id = mx_id_new(),
        .account = cx->actor.account,
        .is_default = in->is_default || n == 0,
        .now = {cx->now_ms},
    };
    MX_TRY(mx_address_insert(cx, &in->to, &entry.row_id));
    MX_TRY(q_address_insert_entry(cx->db, &entry, NULL));
    *ret_id = entry.id;
    return MX_OK;
}

static enum mx_err replace(struct mx_ctx *cx, const struct mx_address_put *in)
{
    const struct q_address_row *r;
    struct q_address_update_entry_in entry;

    MX_TRY(find(cx, in->id, &r));
    entry = (struct q_address_update_entry_in){
        .id = in->id,
        .account = cx->actor.account,
        .row_id = r->row_id,
        .is_default = in->has_is_default ? in->is_default : r->is_default,
        .now = {cx->now_ms},
    };
    if (!mx_postal_says(cx, r->row_id, r->sealed, r->country, &in->to))
        MX_TRY(mx_address_insert(cx, &in->to, &entry.row_id));
    return q_address_update_entry(cx->db, &entry, NULL);
}

enum mx_err mx_address_put(struct mx_ctx *cx, const struct mx_address_put *in,
                           struct mx_address *ret_address)
{
    struct mx_id id = in->id;

    MX_TRY(mx_account_lock_own(cx));
    if (mx_id_none(id))
        MX_TRY(add(cx, in, &id));
    else
        MX_TRY(replace(cx, in));
    if (in->is_default) {
        struct q_address_only_default_in only = {id, cx->actor.account};

        MX_TRY(q_address_only_default(cx->db, &only, NULL));
    }
    return mx_address_get(cx, id, ret_address);
}

enum mx_err mx_address_remove(struct mx_ctx *cx, struct mx_id id)
{
    const struct q_address_row *r;
    struct q_address_delete_entry_in in;
    struct q_address_newest_default_in next;

    MX_TRY(mx_account_lock_own(cx));
    MX_TRY(find(cx, id, &r));
    in = (struct q_address_delete_entry_in){id, cx->actor.account};
    MX_TRY(q_address_delete_entry(cx->db, &in, NULL));
    if (!r->is_default)
        return MX_OK;
    next = (struct q_address_newest_default_in){cx->actor.account};
    return q_address_newest_default(cx->db, &next, NULL);
}

enum mx_err mx_address_book_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_address_delete_entries(cx->db, &(struct q_address_delete_entries_in){h->account},
                                    NULL);
}

enum mx_err mx_address_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_address_erase(cx->db, &(struct q_address_erase_in){h->account}, NULL);
}

const struct mx_sealed_column mx_address_sealed = {MX_SEALED_ADDRESS, &q_address_sealed_sql,
                                                   &q_address_reseal_sql};

enum mx_err mx_address_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    return q_address_purge(cx->db, &(struct q_address_purge_in){g->ids}, NULL);
}

enum mx_err mx_address_book_purge(struct mx_ctx *cx, const struct mx_guests *g)
{
    return q_address_purge_entries(cx->db, &(struct q_address_purge_entries_in){g->ids}, NULL);
}

enum mx_err mx_address_merge(struct mx_ctx *cx, struct mx_id guest, struct mx_id account)
{
    return q_address_move(cx->db, &(struct q_address_move_in){guest, account}, NULL);
}

enum mx_err mx_address_book_merge(struct mx_ctx *cx, struct mx_id guest, struct mx_id account)
{
    struct mx_list rows;
    struct q_address_move_entries_in in = {.source = guest, .account = account};
    int64_t n;

    MX_TRY(q_address_count(cx->db, &(struct q_address_count_in){account}, &rows));
    n = MX_AT(rows, struct q_address_count_row, 0)->n;
    if (n >= MX_ADDRESSES_MAX)
        return MX_OK;
    in.first = n == 0;
    in.room = MX_ADDRESSES_MAX - n;
    return q_address_move_entries(cx->db, &in, NULL);
}
