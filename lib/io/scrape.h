/* HTTP for a scraper of metrics, as far as one needs it: GET and HEAD of /metrics, a connection a
 * request. Part of the master, which answers from memory while the workers and the database may do
 * what they like. */
#ifndef MX_IO_SCRAPE_H
#define MX_IO_SCRAPE_H

#include "base/buf.h"
#include "base/settings.h"

/* Append the answer to a request with this head (RFC 9112, without the empty line). */
void mx_scrape_answer(struct mx_str head, const struct mx_settings *conf, struct mx_buf *out);

#endif
