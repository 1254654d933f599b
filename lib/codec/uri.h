/* Percent-decoding, query splitting, path segments (RFC 3986), base64url (RFC 4648 5). */
#ifndef MX_CODEC_URI_H
#define MX_CODEC_URI_H

#include "base/buf.h"
#include "base/list.h"

/* Decode %XX into the arena; '+' becomes a space when `plus`. False on a bad escape, %00 or a
 * result that is not valid UTF-8. */
bool mx_uri_decode(struct mx_arena *a, struct mx_str s, bool plus,
                   struct mx_str *ret_out) MX_MUST_CHECK;

struct mx_pair {
    struct mx_str name, value;
};

/* The value that a list of struct mx_pair has for `name`; absent: none. */
struct mx_str mx_pair_value(const struct mx_list *pairs, struct mx_str name);

/* Split an application/x-www-form-urlencoded query into at most `max` decoded pairs in `a`. Empty
 * pieces are skipped. MX_E_BAD_REQUEST on a bad escape or too many. */
enum mx_err mx_uri_query(struct mx_arena *a, struct mx_str query, int max,
                         struct mx_pair **ret_pairs, int *ret_n) MX_MUST_CHECK;

/* Append `s` percent-encoded but for unreserved characters. */
void mx_uri_encode(struct mx_buf *out, struct mx_str s);

/* Unpadded base64url. Decoding is strict: alphabet, no padding, zero unused bits. */
struct mx_str mx_b64url(struct mx_arena *a, const void *p, size_t n);
bool mx_b64url_decode(struct mx_arena *a, struct mx_str s, struct mx_str *ret_bytes) MX_MUST_CHECK;

#endif
