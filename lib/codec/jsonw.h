/* Streaming JSON writer into a buf: commas and nesting are its business, int64 is exact, strings
 * are escaped (RFC 8259 7; invalid UTF-8 becomes U+FFFD). */
#ifndef MX_CODEC_JSONW_H
#define MX_CODEC_JSONW_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "codec/money.h"

struct mx_jsonw {
    struct mx_buf *out;
    bool comma; /* the next value needs one before it */
};

/* Begin to write values behind what `out` holds. */
void mx_jsonw_init(struct mx_jsonw *w, struct mx_buf *out);
/* Brackets and names: every name is followed by one value. */
void mx_jsonw_open(struct mx_jsonw *w);  /* { */
void mx_jsonw_close(struct mx_jsonw *w); /* } */
void mx_jsonw_array(struct mx_jsonw *w); /* [ */
void mx_jsonw_array_end(struct mx_jsonw *w);
void mx_jsonw_name(struct mx_jsonw *w, const char *name);
void mx_jsonw_name_str(struct mx_jsonw *w, struct mx_str name);
/* Values, inside an array, behind a name, or as the whole document. */
void mx_jsonw_str(struct mx_jsonw *w, struct mx_str s); /* absent writes null */
void mx_jsonw_c(struct mx_jsonw *w, const char *c);
void mx_jsonw_int(struct mx_jsonw *w, int64_t v);
void mx_jsonw_bool(struct mx_jsonw *w, bool v);
void mx_jsonw_null(struct mx_jsonw *w);
void mx_jsonw_id(struct mx_jsonw *w, struct mx_id id);      /* none writes null */
void mx_jsonw_time(struct mx_jsonw *w, struct mx_time t);   /* none writes null */
void mx_jsonw_money(struct mx_jsonw *w, struct mx_money m); /* {"amount","currency"} */
/* Bytes as a string of lower-case hexadecimal digits. */
void mx_jsonw_hex(struct mx_jsonw *w, const void *p, size_t n);
/* A JSON value made by this writer earlier (e.g. a stored column), byte for byte; absent writes
 * null. */
void mx_jsonw_raw(struct mx_jsonw *w, struct mx_str json);

#endif
