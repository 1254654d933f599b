/* Entity tags of requests: the lists of If-Match and If-None-Match (RFC 9110 8.8.3, 13.1). */
#ifndef MX_CODEC_ETAG_H
#define MX_CODEC_ETAG_H

#include "base/str.h"

/* True when `list` is "*" or one or more tags between commas, each strong, weak (what nginx makes
 * of a strong one when it compresses an answer) or bare, as clients send that keep the tag alone.
 * Empty elements between them are skipped. */
bool mx_etag_list_ok(struct mx_str list);

/* True when `list` holds `etag` (without quotes), weak or strong, or is "*". The rest behind a
 * malformed tag is not looked at. */
bool mx_etag_listed(struct mx_str list, struct mx_str etag);

#endif
