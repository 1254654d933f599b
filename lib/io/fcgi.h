/* FastCGI: one worker owns several kept connections at once, each an FCGX_Request, all in its own
 * epoll beside the shared listeners (EPOLLEXCLUSIVE); one request at a time. Guards what libfcgi
 * lets through: records that lie (io/records.h), parameters that are not all there (sentinel
 * MX_PARAMS_END), short or overlong bodies, silent peers (receive and send time-outs). Only the
 * peer closes a connection that it asks to keep. The only file that sees fcgiapp.h. */
#ifndef MX_IO_FCGI_H
#define MX_IO_FCGI_H

#include "http/req.h"
#include "io/score.h"

/* Called by the loop for each whole request. Fills *res; res->body and headers live in cx's arena.
 */
struct mx_fcgi_ops {
    void (*handle)(void *arg, const struct mx_req *req, struct mx_res *res);
    /* After the answer was flushed; reports to the scoreboard (mx_score_end). */
    void (*done)(void *arg, bool delivered, size_t bytes);
    void (*idle)(void *arg);              /* between requests, at most once a second */
    struct mx_arena *(*arena)(void *arg); /* arena of the next request */
    bool (*full)(void *arg);              /* requests are refused for overload: take many at once */
};

struct mx_fcgi_conf {
    const int *listeners;
    int n_listeners;     /* 1 to MX_POOLS_MAX */
    bool slow;           /* requests take their time: one new connection at a time */
    int connections_max; /* beyond it a connection is served once and closed */
    int64_t body_max;
    int io_timeout_ms;     /* receive and send time-out of a connection */
    uint64_t requests_max; /* then stop; 0: never */
    struct mx_score *score;
    int slot;
};

/* Report READY and serve until SIGTERM (or requests_max): then report STOPPING, leave the listener,
 * serve the connections that are left until the peer closes the last one or `drain_timeout_s`
 * passed, and return. SIGQUIT, when no other worker comes after: serve what has been sent so far,
 * queue included, and return; where others accept from the listener (mx_score_others), as SIGTERM.
 * SIGINT: return after the request in hand. SIGUSR1 reopens the log. Call with all signals blocked.
 */
void mx_fcgi_serve(const struct mx_fcgi_conf *conf, const struct mx_fcgi_ops *ops, void *arg,
                   int drain_timeout_s);

#endif
