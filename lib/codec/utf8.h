/* Strict UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
#ifndef MX_CODEC_UTF8_H
#define MX_CODEC_UTF8_H

#include "base/str.h"

/* True when all of `s` is strict UTF-8; NUL is a code point like others. */
bool mx_utf8_valid(struct mx_str s);
/* Code points of valid UTF-8. */
size_t mx_utf8_length(struct mx_str s);
/* Bytes (1 to 4) of the code point that starts at s.p[at], at < s.n; 0 when none is valid there. */
size_t mx_utf8_step(struct mx_str s, size_t at);
/* The same, and the code point. */
size_t mx_utf8_next(struct mx_str s, size_t at, uint32_t *ret_c);
/* True when valid UTF-8 holds a control character (C0, DEL, C1) other than the bytes of `but`. */
bool mx_utf8_control(struct mx_str s, const char *but);
/* True when valid UTF-8 is a line of text: empty, or with something to see, and nothing that
 * controls or changes the order in which its surroundings are read. */
bool mx_utf8_line(struct mx_str s);
/* Valid UTF-8 without blanks at its ends: white space of any kind and characters without width. */
struct mx_str mx_utf8_trim(struct mx_str s);

#endif
