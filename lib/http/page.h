/* Keyset pages: an opaque cursor carries the sort key of the last row. The text is base64url of a
 * version byte, a tag (the sort order it belongs to, so that it cannot be used with another) and
 * the values; it holds nothing secret and is checked field by field. */
#ifndef MX_HTTP_PAGE_H
#define MX_HTTP_PAGE_H

#include "base/fault.h"
#include "base/id.h"

#define MX_CURSOR_TEXT_MAX 800 /* 200 code points */
#define MX_CURSOR_MAX 1103     /* longest text of a cursor: the max of a `cursor` row */

struct mx_cursor {
    bool set;
    int64_t number;     /* numeric sort key, e.g. price or creation ms */
    struct mx_str text; /* textual sort key, at most MX_CURSOR_TEXT_MAX bytes; may be absent */
    struct mx_id id;    /* tie breaker */
};

/* Text of a cursor for lists ordered by `tag` (0..255). */
struct mx_str mx_cursor_encode(struct mx_arena *a, int tag, const struct mx_cursor *c);
/* Absent text gives an unset cursor. MX_E_VALIDATION_FAILED with a fault of parameter "cursor". */
enum mx_err mx_cursor_decode(struct mx_arena *a, int tag, struct mx_str text,
                             struct mx_faults *faults, struct mx_cursor *ret_cursor) MX_MUST_CHECK;

#endif
