/* HTTPS to others (libcurl; the only HTTP client): the peer's certificate and name are checked, no
 * redirect is followed, no proxy of the environment is used, and an answer is bounded in time and
 * size, its header fields too. The caller runs in the slow pool and holds no transaction. */
#ifndef MX_IO_FETCH_H
#define MX_IO_FETCH_H

#include "base/str.h"

#define MX_FETCH_HEADERS_MAX 16384

/* Start libcurl, once a process, before its first use there: what is made before a fork is
 * nobody's. For io/fetch.c and io/smtp.c. */
void mx_curl_start(void);

struct mx_fetch {
    const char *url;     /* https://... */
    const char *ca_file; /* whom to trust; NULL or empty: as the system does */
    int64_t timeout_ms;  /* for all of it: name, connection, answer */
    size_t body_max;
};

struct mx_fetched {
    int status;
    struct mx_str body;          /* in the arena, NUL-terminated */
    struct mx_str cache_control; /* the header field; absent when there is none */
};

/* GET. Any answer is MX_OK, whatever its status. MX_E_UNAVAILABLE when there is none within the
 * bounds; *ret_why (in `a` or a literal, for the log only) says why. */
enum mx_err mx_fetch_get(struct mx_arena *a, const struct mx_fetch *what,
                         struct mx_fetched *ret_answer, const char **ret_why) MX_MUST_CHECK;

#endif
