/* Makes the response of a successful handler: body by its shape, entity tag, cache headers. */
#ifndef MX_HTTP_ANSWER_H
#define MX_HTTP_ANSWER_H

#include "http/route.h"

#define MX_JSON_MEDIA "application/json; charset=utf-8"

/* Turn the struct of `reply` into its body and entity tag (reply->raw, reply->etag), in the arena
 * and within the size of `like`. False when it does not fit. */
bool mx_answer_render(const struct mx_route *route, struct mx_reply *reply,
                      const struct mx_buf *like);

/* Write status, headers and body of `reply` to `res`, whose body is empty. A public GET
 * whose bytes the client has becomes 304; other tags are versions, which not all members of the
 * body change. */
void mx_answer_write(const struct mx_route *route, const struct mx_settings *conf,
                     const struct mx_req *req, const struct mx_reply *reply, struct mx_res *res);

/* Write the headers of res->location and res->etag. */
void mx_answer_headers(struct mx_res *res);

#endif
