/* Encodings of a mail message: encoded-words in headers (RFC 2047), quoted-printable in bodies (RFC
 * 2045 6.7). Lines end in LF; the sender of a message on a wire makes them CRLF. */
#ifndef MX_CODEC_MIME_H
#define MX_CODEC_MIME_H

#include "base/buf.h"

/* Append a header line (`name` at most 40 bytes). `value` is free text (a subject): plain ASCII
 * goes as it is while the line has at most 78 characters, all else as encoded-words that each hold
 * whole characters, folded. Control characters become spaces, so that no value makes a line of its
 * own. */
void mx_mime_text(struct mx_buf *out, const char *name, struct mx_str value);
/* Append a header line whose value has a form of its own (an address, a date): never encoded.
 * Control characters become spaces. */
void mx_mime_line(struct mx_buf *out, const char *name, struct mx_str value);
/* Append a header line with an address and the name of whom it belongs to. */
void mx_mime_address(struct mx_buf *out, const char *name, struct mx_str person,
                     struct mx_str address);
/* Append lines of UTF-8 text as quoted-printable; never the bytes "=_", and no line above 76. */
void mx_mime_quoted(struct mx_buf *out, struct mx_str text);
/* `s` without control characters: spaces instead. */
struct mx_str mx_mime_one_line(struct mx_arena *a, struct mx_str s);

#endif
