/* Plain staff nouns: what a noun is, said once, and the handlers that are the same for all of them:
 * list, create, get, change, remove, and many changes at once. A noun that needs more (a state
 * machine, a ledger) has handlers of its own; one that needs a little more has hooks here.
 *
 * The struct of a noun's shape begins with the row that its statements give and take (`-- row:` in
 * sql/queries): the database fills what the wire shows, and what the wire sent the database stores.
 * A change locks the stored row, lays the sent members over it, checks it and stores it as the
 * next version, with before and after in the audit log. */
#ifndef MX_API_CRUD_H
#define MX_API_CRUD_H

#include "http/route.h"
#include "io/db.h"

typedef const struct mx_sql *const *mx_statement; /* &q_<noun>_<verb>_sql */

struct mx_noun {
    const char
        *name; /* "tax_rate": object type of the audit log; its actions are name.create, ... */
    const struct mx_shape *shape;
    const void *fresh; /* what a new one is before members are laid over it; NULL: zeros */
    /* find, lock, remove take (id id); page takes (id before, i64 limit) and whatever `in` of the
     * list route fills; insert and update take the row, update where its version still is the
     * stored one, which it counts up. Rows may have created_at and updated_at. */
    mx_statement find, page, lock, insert, update, remove;
    const char *key, *taken; /* pointer and sentence for a key that another one has */
    /* All may be NULL. check: before is NULL for a new one, after for one that goes; writes
     * nothing. It tells faults (mx_fault_at), each of which refuses the change, or returns another
     * refusal. load: fill in what n structs hold beside their rows. save: store that of one that is
     * new or changed; unsave: what is to go before the row of `id` goes. */
    enum mx_err (*check)(struct mx_ctx *cx, const void *before, const void *after);
    enum mx_err (*load)(struct mx_ctx *cx, void *at, size_t n);
    enum mx_err (*save)(struct mx_ctx *cx, const void *one);
    enum mx_err (*unsave)(struct mx_ctx *cx, struct mx_id id);
};

/* Input of a row that names one, and of one that takes a body. */
struct mx_crud_in {
    struct mx_sent sent;
    struct mx_id id;
    struct mx_str if_match;
};
extern const struct mx_shape mx_shape_crud_new, mx_shape_crud_one, mx_shape_crud_change;

/* Many changes at once, and what became of them. */
struct mx_crud_batch {
    struct mx_list create, update; /* struct mx_sent */
    struct mx_list remove;         /* struct mx_str: ids */
};
struct mx_crud_done {
    struct mx_list create, update; /* structs of the noun's shape, in the order of the request */
    struct mx_list remove;         /* struct mx_str */
};
#define MX_BATCH_MAX 100

/* clang-format off */
/* The statements of noun `q`, by their usual names. */
#define MX_NOUN_STATEMENTS(q)                                                                      \
    .find = &q_##q##_find_sql, .page = &q_##q##_page_sql, .lock = &q_##q##_lock_sql,               \
    .insert = &q_##q##_insert_sql, .update = &q_##q##_update_sql, .remove = &q_##q##_remove_sql

/* The shapes of a noun's batch, `batch` and `batch_done`, in the file of its routes. */
#define MX_CRUD_BATCH(shape, wire_name)                                                            \
    static const struct mx_field batch_fields[] = {                                                \
        MX_F_SUB(struct mx_crud_batch, create, MX_K_EACH, 0, 0, MX_BATCH_MAX, shape, "New resources."),\
        MX_F_SUB(struct mx_crud_batch, update, MX_K_EACH, MX_F_CHANGES, 0, MX_BATCH_MAX, shape,    \
                 "Changes by `id`; a `version`, if given, must be the current one."),               \
        MX_F_KIND(struct mx_crud_batch, remove, "delete", MX_K_STRS, MX_BODY, 0, 0, MX_BATCH_MAX,  \
                  MX_LINE, "Ids of the resources to delete."),                                     \
    };                                                                                             \
    static MX_SHAPE(batch, wire_name "Batch", struct mx_crud_batch, batch_fields);                 \
    static const struct mx_field batch_done_fields[] = {                                           \
        MX_O_LIST(struct mx_crud_done, create, shape, "Created, in the order of the request."),    \
        MX_O_LIST(struct mx_crud_done, update, shape, "Updated, in the order of the request."),    \
        MX_F_KIND(struct mx_crud_done, remove, "delete", MX_K_STRS, MX_BODY, 0, 0, 0, MX_LINE,     \
                  "Ids of the deleted resources."),                                                \
    };                                                                                             \
    static MX_SHAPE(batch_done, wire_name "BatchDone", struct mx_crud_done, batch_done_fields)

/* The six rows of noun `n`, which docs call `one` and `many`. `filters` is the shape of the list's
 * parameters, over the struct of the page statement's (or NULL). */
#define MX_CRUD_ROUTES(n, shape, route, url, filters, read, write, one, many)                      \
    {.id = route ".list", .method = MX_GET, .path = url, .who = MX_WHO_STAFF, .permission = read,  \
     .flags = MX_R_LIST, .in = filters, .answers = {{200, shape}}, .fn = mx_crud_list, .noun = n,  \
     .doc = "List " many, .more = "All of them, newest first."},                                   \
    {.id = route ".create", .method = MX_POST, .path = url, .who = MX_WHO_STAFF,                   \
     .permission = write, .flags = MX_R_TX, .in = &mx_shape_crud_new, .body = shape,               \
     .answers = {{201, shape}}, .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT), .fn = mx_crud_create,    \
     .noun = n, .doc = "Create a " one,                                                            \
     .more = "409: its key is in use."},                                                           \
    {.id = route ".batch", .method = MX_POST, .path = url "/batch", .who = MX_WHO_STAFF,           \
     .permission = write, .flags = MX_R_TX, .in = &batch, .answers = {{200, &batch_done}},         \
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT, MX_E_VERSION_CONFLICT), .fn = mx_crud_batch,         \
     .noun = n, .doc = "Create, update and delete " many,                                          \
     .more = "Up to 100 entries in one transaction: all of them take effect, or none. `errors` "   \
             "points to the entries at fault."},                                                   \
    {.id = route ".get", .method = MX_GET, .path = url "/{id}", .who = MX_WHO_STAFF,               \
     .permission = read, .in = &mx_shape_crud_one, .answers = {{200, shape}}, .fn = mx_crud_get,   \
     .noun = n, .doc = "Get a " one},                                                              \
    {.id = route ".update", .method = MX_PATCH, .path = url "/{id}", .who = MX_WHO_STAFF,          \
     .permission = write, .flags = MX_R_TX, .in = &mx_shape_crud_change, .body = shape,            \
     .answers = {{200, shape}}, .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT), .fn = mx_crud_update,    \
     .noun = n, .doc = "Update a " one,                                                            \
     .more = "Members that are not sent are unchanged. Send `If-Match` with the `version` that "   \
             "was read to detect changes by others: 412 `version_conflict`."},                     \
    {.id = route ".delete", .method = MX_DELETE, .path = url "/{id}", .who = MX_WHO_STAFF,         \
     .permission = write, .flags = MX_R_TX, .in = &mx_shape_crud_change, .answers = {{204}},       \
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT), .fn = mx_crud_delete, .noun = n,                    \
     .doc = "Delete a " one,                                                                       \
     .more = "Orders keep what they were made with. 409: it is in use."}
/* clang-format on */

/* The handlers of those rows. */
enum mx_err mx_crud_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply) MX_MUST_CHECK;
enum mx_err mx_crud_create(struct mx_ctx *cx, const void *in, struct mx_reply *reply) MX_MUST_CHECK;
enum mx_err mx_crud_batch(struct mx_ctx *cx, const void *in, struct mx_reply *reply) MX_MUST_CHECK;
enum mx_err mx_crud_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply) MX_MUST_CHECK;
enum mx_err mx_crud_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply) MX_MUST_CHECK;
enum mx_err mx_crud_delete(struct mx_ctx *cx, const void *in, struct mx_reply *reply) MX_MUST_CHECK;

#endif
