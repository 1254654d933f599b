/* JSON arrays of objects, the parameter of statements that write many rows at once (JSON_TABLE). */
#ifndef MX_SHOP_JSON_ROWS_H
#define MX_SHOP_JSON_ROWS_H

#include "base/list.h"
#include "codec/jsonw.h"

struct mx_json_rows {
    struct mx_buf out;
    struct mx_jsonw w;
};

/* Begin an array. */
void mx_json_rows_init(struct mx_json_rows *r, struct mx_arena *a);
/* Members of the object that is open. */
void mx_json_rows_id(struct mx_json_rows *r, const char *name, struct mx_id id); /* for UNHEX() */
void mx_json_rows_int(struct mx_json_rows *r, const char *name, int64_t v);
void mx_json_rows_str(struct mx_json_rows *r, const char *name, struct mx_str s); /* absent: null */
/* End the array. */
struct mx_str mx_json_rows_text(struct mx_json_rows *r);

/* A JSON array of `n` ids for UNHEX(): the first one, and each `size` bytes behind the one before.
 * It has them in their order: statements lock rows in the order of the array, and all in the same
 * one. */
struct mx_str mx_json_rows_ids(struct mx_arena *a, const struct mx_id *first, size_t n,
                               size_t size);
/* A JSON array of these strings (struct mx_str). */
struct mx_str mx_json_rows_names(struct mx_arena *a, struct mx_list names);

#endif
