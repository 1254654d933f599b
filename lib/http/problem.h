/* application/problem+json (RFC 9457) from a status and the collected faults. Details of 5xx are
 * constant; no text of a library, statement or file ever gets in. */
#ifndef MX_HTTP_PROBLEM_H
#define MX_HTTP_PROBLEM_H

#include "http/req.h"

#define MX_PROBLEM_MEDIA "application/problem+json"
#define MX_PROBLEM_TYPE "/problems/" /* the problem's type is this and the code */

/* Replace the response by the problem document of `e`: status, body, Content-Type, Cache-Control:
 * no-store, and Retry-After, WWW-Authenticate where they belong. Headers already set stay. */
void mx_problem(struct mx_res *res, enum mx_err e, const struct mx_faults *faults,
                struct mx_str request_id);
/* The headers that every problem of the response's status has. `bad_token`: a 401 is about the
 * access token that was sent (RFC 6750, 3.1). */
void mx_problem_headers(struct mx_res *res, bool bad_token);

#endif
