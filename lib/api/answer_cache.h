/* Rendered public answers in the host's memory (io/cache.h), each of one generation of the catalog.
 */
#ifndef MX_API_ANSWER_CACHE_H
#define MX_API_ANSWER_CACHE_H

#include "http/dispatch.h"

/* As struct mx_hooks says. */
bool mx_answer_recall(struct mx_ctx *cx, const struct mx_req *req, struct mx_kept *k);
void mx_answer_remember(struct mx_ctx *cx, const struct mx_req *req, const struct mx_kept *k);

#endif
