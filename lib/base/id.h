/* 128-bit identifiers, UUIDv7 (RFC 9562 5.7): time-ordered, made here, no round trip. All zero
 * means "none". The text that is written is canonical lower case, 36 bytes. */
#ifndef MX_BASE_ID_H
#define MX_BASE_ID_H

#include "base/str.h"

#define MX_ID_TEXT 36

struct mx_id {
    unsigned char b[16];
};

/* New UUIDv7 of the present wall-clock ms; monotonic within a process. */
struct mx_id mx_id_new(void);
/* UUIDv8 of 16 bytes that are already unlike all others (a digest). */
struct mx_id mx_id_of(const unsigned char bytes[16]);
bool mx_id_eq(struct mx_id a, struct mx_id b);
bool mx_id_none(struct mx_id id);
/* Canonical text, not NUL-terminated. */
void mx_id_text(struct mx_id id, char out[MX_ID_TEXT]);
/* Same, in the arena, NUL-terminated. */
struct mx_str mx_id_str(struct mx_arena *a, struct mx_id id);
/* 36 bytes, hex of either case, dashes in place, any version. */
bool mx_id_parse(struct mx_str s, struct mx_id *ret_id);

#endif
