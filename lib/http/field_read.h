/* Inside of the field reader, shared by field*.c only. Where a value
 * stands is a chain on the stack, rendered as a pointer only when there is a fault to tell. */
#ifndef MX_HTTP_FIELD_READ_H
#define MX_HTTP_FIELD_READ_H

#include "http/field.h"

enum mx_place_kind { MX_PLACE_ROOT, MX_PLACE_MEMBER, MX_PLACE_ITEM, MX_PLACE_PARAMETER };

struct mx_place {
    const struct mx_place *up; /* NULL: the root, or a parameter */
    enum mx_place_kind kind;
    struct mx_str name; /* MEMBER, PARAMETER */
    size_t index;       /* ITEM */
};

/* One reading of one request. */
struct mx_reader {
    struct mx_arena *arena;
    struct mx_faults *faults;
    bool faulty;
    bool changes; /* what is read changes what there is: empty text may be null */
};

/* How an object is read: as it is, as changes of what there is, as changes of what its id names. */
struct mx_reading {
    bool partial, keyed;
    uint64_t *sent; /* NULL, or which rows were sent */
};

/* The place as an RFC 6901 pointer. */
struct mx_str mx_place_pointer(struct mx_arena *a, const struct mx_place *at);
/* Tell a fault of what stands at `at`. */
void mx_read_fault(struct mx_reader *r, const struct mx_place *at, const char *code,
                   const char *fmt, ...) MX_PRINTF(4, 5);
/* "must be <want>". */
void mx_read_wrong_type(struct mx_reader *r, const struct mx_place *at, const char *want);
/* "is required". */
void mx_read_missing(struct mx_reader *r, const struct mx_place *at);

/* Address of the member at `off` of the struct at `base`. */
void *mx_field_member(void *base, unsigned off);
/* True when the row has bounds. */
bool mx_field_bounded(const struct mx_field *f);
/* True for text that may be "". */
bool mx_field_may_be_empty(const struct mx_field *f);
/* Set the row's has_ member, if it has one. */
void mx_field_sent(const struct mx_field *f, void *base);
/* The row of that source and exact name, or NULL. */
const struct mx_field *mx_field_find(const struct mx_shape *shape, enum mx_from from,
                                     struct mx_str name);

/* Normalise a string, check UTF-8, bounds and format, and store it; false and a fault otherwise. */
bool mx_read_string(struct mx_reader *r, const struct mx_place *at, struct mx_str s,
                    const struct mx_field *f, struct mx_str *to);
/* The same for a string of STRS or MAP: of the format, 1 to 200 characters. */
bool mx_read_item(struct mx_reader *r, const struct mx_place *at, struct mx_str s,
                  enum mx_format format, struct mx_str *to);
/* The metadata object `v` as JSON text. */
void mx_read_metadata(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      const struct mx_json *v, struct mx_str *to);
/* Check the number of entries of a LIST, STRS or MAP. */
bool mx_read_count_ok(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      size_t n);
/* Store *value in the int64_t at `to` if it is in range; NULL: it was no integer. */
void mx_read_int(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                 const int64_t *value, void *to);
/* True when `s` is the empty text of an optional row that cannot be empty: it counts as absent, for
 * clients that send a whole form. In a change every row is optional. */
bool mx_read_left_out(const struct mx_reader *r, const struct mx_field *f, struct mx_str s);
/* Kinds that are text in JSON and in parameters alike: STR, ENUM, ID, TIME. */
void mx_read_text(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                  struct mx_str s, void *to);
/* Read the body, which may be NULL (nothing was sent), into *out. */
void mx_read_body(struct mx_reader *r, const struct mx_shape *shape, const struct mx_json *body,
                  const struct mx_reading *how, void *out);

#endif
