/* Keyset pages: an opaque cursor carries the sort key of the last row. The text is base64url of a
 * version byte, a tag (the route and its order, so that it cannot be used with another list) and
 * the values; it holds nothing secret and is checked field by field. */
#ifndef MX_HTTP_PAGE_H
#define MX_HTTP_PAGE_H

#include "base/fault.h"
#include "base/id.h"
#include "base/list.h"
#include "http/field.h"

#define MX_CURSOR_TEXT_MAX 800 /* 200 code points */
#define MX_CURSOR_MAX 1107     /* longest text of a cursor: the max of a `cursor` row */
#define MX_PAGE_MAX 100        /* rows of a page */

struct mx_cursor {
    bool set;
    int64_t number;     /* numeric sort key, e.g. price or creation ms */
    struct mx_str text; /* textual sort key, at most MX_CURSOR_TEXT_MAX bytes; may be absent */
    struct mx_id id;    /* tie breaker */
};

/* The tag of a list: of its route, and of one of the orders that it can be had in. */
uint32_t mx_cursor_tag(struct mx_str route_id, int order);
/* Text of a cursor for the list of `tag`. */
struct mx_str mx_cursor_encode(struct mx_arena *a, uint32_t tag, const struct mx_cursor *c);
/* Absent text gives an unset cursor. MX_E_VALIDATION_FAILED with a fault of parameter "cursor". */
enum mx_err mx_cursor_decode(struct mx_arena *a, uint32_t tag, struct mx_str text,
                             struct mx_faults *faults, struct mx_cursor *ret_cursor) MX_MUST_CHECK;

/* A page of a list route (MX_R_LIST): dispatch says from where and how far, the handler answers
 * with rows in the order of their key, which is the first member of their shape. */
struct mx_page {
    struct mx_cursor
        at;        /* behind the row of this key: of its id or, where it is a text, its text */
    int64_t limit; /* find so many: one more than the page shows, if there is one */
    struct mx_list rows; /* found, in the answer's shape */
};

/* The parameters of every list route: limit and cursor. */
extern const struct mx_shape mx_shape_page_query;

/* Read the parameters `limit` and `cursor` of list `tag`, and take them out of the query.
 * MX_E_VALIDATION_FAILED. */
enum mx_err mx_page_read(struct mx_arena *a, uint32_t tag, struct mx_sources *src,
                         struct mx_faults *faults, struct mx_page *ret_page) MX_MUST_CHECK;
/* Write {"data": [...], "next_cursor": ...} of rows of `shape`. The row that reaches MX_PAGE_BYTES
 * is the last one, and then there is a next_cursor, whether or not there is another row: a
 * statement that reads a page ends there too (sql/gen.awk). */
void mx_page_write(struct mx_jsonw *w, const struct mx_shape *shape, uint32_t tag,
                   const struct mx_page *page);

#endif
