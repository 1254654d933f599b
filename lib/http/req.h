/* The request, read-only once filled, and the response under construction. Data only. */
#ifndef MX_HTTP_REQ_H
#define MX_HTTP_REQ_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/list.h"

enum mx_method {
    MX_GET,
    MX_HEAD,
    MX_POST,
    MX_PUT,
    MX_PATCH,
    MX_DELETE,
    MX_OPTIONS,
    MX_METHOD_OTHER
};

/* One request as the FastCGI layer read it. Absent slices for what the client did not send. */
struct mx_req {
    enum mx_method method;
    struct mx_str method_text;
    struct mx_str mount;    /* SCRIPT_NAME: where nginx mounts us, e.g. "/api" */
    struct mx_str path;     /* PATH_INFO, e.g. "/v1/cart"; decoded and normalised by nginx */
    struct mx_str raw_path; /* REQUEST_URI without its query: must equal mount + path */
    struct mx_str query;
    struct mx_str content_type;
    struct mx_str content_encoding;
    int64_t content_length; /* -1 when absent */
    struct mx_str body;
    struct mx_str authorization;
    struct mx_str idempotency_key;
    struct mx_str if_match;
    struct mx_str if_none_match;
    struct mx_str origin;
    struct mx_str cors_method;  /* Access-Control-Request-Method */
    struct mx_str cors_headers; /* Access-Control-Request-Headers */
    struct mx_str accept_language;
    struct mx_str user_agent;
    struct mx_str address;     /* REMOTE_ADDR */
    struct mx_str request_id;  /* X-Request-Id as sent, unchecked */
    struct mx_str traceparent; /* as sent, unchecked */
    int64_t arrival_ms;        /* nginx's $msec; 0 unknown */
};

/* One response. `headers` holds "Name: value\r\n" lines without Status and Content-Length. The
 * answer to HEAD has the body that GET would have; the sender leaves it out (nginx does so by
 * itself). */
struct mx_res {
    int status;
    struct mx_buf headers;
    struct mx_buf body;
    struct mx_str location, etag; /* headers that are kept with a stored answer; absent: none */
    bool replayed; /* the answer of an earlier request: status, body and the two above */
};

/* Append a header line; the value must hold no CR, LF or NUL (they end it). */
void mx_res_header(struct mx_res *res, const char *name, struct mx_str value);

#endif
