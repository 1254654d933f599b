/* The loop. A connection is in the worker's epoll while nobody has sent anything on it, and is read
 * only when bytes wait, so that neither a silent peer nor an idle kept connection holds the worker.
 * Signals stay blocked and come through the epoll as well: libfcgi takes an interrupted write for
 * the end of the stream. libfcgi never accepts (its listener is -1), never reads from a connection
 * (io/records.h) and never closes one after an answer (it would block until the peer closes). */
#include "io/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/records.h"

#define EVENTS 32
#define TICK_MS 500
#define LAST_WAIT_MS 100
#define DRAIN_MAX ((size_t)64 << 20) /* an oversized body is read and thrown away up to here */
#define SPARE_CONNECTIONS 64         /* above connections_max: peers that have not spoken yet */
#define PASSES 3                     /* turns for which a new connection is left to others */
#define WAITS 2                      /* a request arrives within so many times the time-out */

struct conn {
    FCGX_Request rq;
    int fd;
    int at; /* place among all connections */
    int64_t since_ms;
    int64_t accepted_ns;
    bool spoken; /* has sent a whole request */
    bool in_epoll;
};

/* One of the listeners. `on`: in the epoll. */
struct door {
    int fd;
    bool on;
};

struct mx_fcgi {
    const struct mx_fcgi_conf *conf;
    const struct mx_fcgi_ops *ops;
    void *arg;
    struct mx_records *in;
    int ep, signals;
    struct conn **conns;
    int n_conns, room;
    int n_new; /* connections on which no whole request has come yet */
    uint64_t served;
    struct door doors[MX_POOLS_MAX];
    bool stop;      /* leave the listeners, serve on until the peers have closed */
    bool stop_last; /* nobody comes after us: serve what waits, then close */
    bool stop_fast; /* close at once */
    bool crowded;   /* too many connections: make room after this turn */
    int passed;     /* turns in which a new connection was left to others */
    int64_t idled_ms;
};

static void watch(struct mx_fcgi *f, int fd, uint32_t events, void *what)
{
    struct epoll_event ev = {.events = events, .data.ptr = what};

    if (epoll_ctl(f->ep, EPOLL_CTL_ADD, fd, &ev) != 0)
        MX_BUG("epoll: %s", strerror(errno));
}

/* Signals as bytes of a descriptor. Were they let in at the wait instead, a worker that always has
 * something to do would never see them. */
static void start_signals(struct mx_fcgi *f)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGQUIT);
    sigaddset(&wanted, SIGUSR1);
    f->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (f->signals < 0)
        MX_BUG("signalfd: %s", strerror(errno));
    watch(f, f->signals, EPOLLIN, &f->signals);
}

static void take_signals(struct mx_fcgi *f)
{
    struct signalfd_siginfo si;

    while (read(f->signals, &si, sizeof si) == (ssize_t)sizeof si) {
        if (si.ssi_signo == SIGUSR1) {
            if (!mx_log_reopen())
                mx_log(MX_LOG_ERROR, "cannot reopen the log file", MX_KC("why", strerror(errno)));
            continue;
        }
        f->stop = true;
        f->stop_last |= si.ssi_signo == SIGQUIT && !mx_score_others(f->conf->score, f->conf->slot);
        f->stop_fast |= si.ssi_signo == SIGINT;
    }
}

static void start_library(void)
{
    if (setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "200", 1) != 0 ||
        setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "200", 1) != 0 || FCGX_Init() != 0)
        MX_BUG("libfcgi does not start");
}

/* ---- connections ---- */

/* Tell the scoreboard what is kept. */
static void report(const struct mx_fcgi *f)
{
    int64_t oldest_ns = 0;

    for (int i = 0; i < f->n_conns; i++)
        if (oldest_ns == 0 || f->conns[i]->accepted_ns < oldest_ns)
            oldest_ns = f->conns[i]->accepted_ns;
    mx_score_connections(f->conf->score, f->conf->slot, f->n_conns, oldest_ns);
}

static void conn_enlist(struct mx_fcgi *f, struct conn *c)
{
    if (f->n_conns == f->room) {
        f->room = f->room > 0 ? 2 * f->room : EVENTS;
        f->conns = realloc(f->conns, (size_t)f->room * sizeof(struct conn *));
        if (!f->conns)
            MX_BUG("out of memory");
    }
    c->at = f->n_conns;
    f->conns[f->n_conns++] = c;
    f->n_new++;
    report(f);
}

static struct conn *conn_new(struct mx_fcgi *f, int fd)
{
    struct timeval tv = {.tv_sec = f->conf->io_timeout_ms / 1000,
                         .tv_usec = f->conf->io_timeout_ms % 1000 * 1000};
    struct conn *c = calloc(1, sizeof *c);
    int on = 1;

    if (!c)
        MX_BUG("out of memory");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) != 0)
        MX_BUG("socket time-out: %s", strerror(errno));
    /* Fails on a unix socket, which needs no such option. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    FCGX_InitRequest(&c->rq, -1, 0);
    c->fd = fd;
    c->since_ms = mx_mono_ms();
    c->accepted_ns = mx_mono_ns();
    conn_enlist(f, c);
    return c;
}

/* Close and forget. Closing takes the descriptor out of the epoll. */
static void conn_drop(struct mx_fcgi *f, struct conn *c)
{
    FCGX_Free(&c->rq, 0);
    close(c->fd);
    MX_ASSERT(f->conns && f->conns[c->at] == c);
    f->conns[c->at] = f->conns[--f->n_conns];
    f->conns[c->at]->at = c->at;
    f->n_new -= !c->spoken;
    free(c);
    report(f);
}

/* Wait for the peer's next bytes. */
static void conn_park(struct mx_fcgi *f, struct conn *c)
{
    c->since_ms = mx_mono_ms();
    if (c->in_epoll)
        return;
    watch(f, c->fd, EPOLLIN | EPOLLRDHUP, c);
    c->in_epoll = true;
}

/* Close connections that never spoke: those older than the time-out, and the oldest when there are
 * too many. */
static void drop_silent(struct mx_fcgi *f, int64_t now_ms)
{
    struct conn *oldest = NULL, *c;

    for (int i = f->n_conns - 1; i >= 0; i--) {
        c = f->conns[i];
        if (c->spoken)
            continue;
        if (now_ms - c->since_ms > f->conf->io_timeout_ms)
            conn_drop(f, c);
        else if (!oldest || c->since_ms < oldest->since_ms)
            oldest = c;
    }
    if (oldest && f->crowded)
        conn_drop(f, oldest);
}

/* ---- reading a request ---- */

struct param {
    struct mx_str name;
    size_t off; /* of a slice in struct mx_req */
};

#define PARAM(name, member)                                       \
    {                                                             \
        {name, sizeof(name) - 1}, offsetof(struct mx_req, member) \
    }

static const struct param params[] = {
    PARAM("REQUEST_METHOD", method_text),
    PARAM("SCRIPT_NAME", mount),
    PARAM("PATH_INFO", path),
    PARAM("QUERY_STRING", query),
    PARAM("REQUEST_URI", raw_path),
    PARAM("CONTENT_TYPE", content_type),
    PARAM("HTTP_CONTENT_ENCODING", content_encoding),
    PARAM("REMOTE_ADDR", address),
    PARAM("HTTP_AUTHORIZATION", authorization),
    PARAM("HTTP_IDEMPOTENCY_KEY", idempotency_key),
    PARAM("HTTP_IF_MATCH", if_match),
    PARAM("HTTP_IF_NONE_MATCH", if_none_match),
    PARAM("HTTP_ORIGIN", origin),
    PARAM("HTTP_ACCESS_CONTROL_REQUEST_METHOD", cors_method),
    PARAM("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", cors_headers),
    PARAM("HTTP_ACCEPT_LANGUAGE", accept_language),
    PARAM("HTTP_USER_AGENT", user_agent),
    PARAM("HTTP_X_REQUEST_ID", request_id),
    PARAM("HTTP_TRACEPARENT", traceparent),
};

/* The parameters that are no slices of the request. */
struct envelope {
    struct mx_str length, arrival, end;
};

static struct mx_str *param_slot(struct mx_req *rq, struct envelope *en, struct mx_str name)
{
    char *base = (char *)rq;

    for (size_t i = 0; i < MX_LEN(params); i++)
        if (mx_str_eq(name, params[i].name))
            return (struct mx_str *)(void *)(base + params[i].off);
    if (mx_str_eqc(name, "CONTENT_LENGTH"))
        return &en->length;
    if (mx_str_eqc(name, "MX_ARRIVAL"))
        return &en->arrival;
    return mx_str_eqc(name, "MX_PARAMS_END") ? &en->end : NULL;
}

static enum mx_method method_of(struct mx_str s)
{
    static const struct {
        const char *name;
        enum mx_method method;
    } known[] = {{"GET", MX_GET},        {"HEAD", MX_HEAD},   {"POST", MX_POST},
                 {"PUT", MX_PUT},        {"PATCH", MX_PATCH}, {"DELETE", MX_DELETE},
                 {"OPTIONS", MX_OPTIONS}};

    for (size_t i = 0; i < MX_LEN(known); i++)
        if (mx_str_eqc(s, known[i].name))
            return known[i].method;
    return MX_METHOD_OTHER;
}

/* nginx's $msec, "1700000000.123", as ms; 0 when it is something else. */
static int64_t arrival_of(struct mx_str s)
{
    ptrdiff_t dot = mx_str_find(s, '.');
    struct mx_str whole, part;
    int64_t seconds, ms = 0;

    if (dot <= 0 || s.n != (size_t)dot + 4)
        return 0;
    whole = mx_str_sub(s, 0, (size_t)dot);
    part = mx_str_sub(s, (size_t)dot + 1, 3);
    if (!mx_str_i64(whole, 0, INT64_C(100000000000), &seconds))
        return 0;
    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] < '0' || part.p[i] > '9')
            return 0;
        ms = ms * 10 + (part.p[i] - '0');
    }
    return seconds * 1000 + ms;
}

/* Let libfcgi take apart the head, which mx_records_head() found sound. False when libfcgi does not
 * agree. */
static bool accept_head(struct mx_fcgi *f, struct conn *c)
{
    /* Or else libfcgi would close the connection before it reads. */
    c->rq.keepConnection = 1;
    c->rq.ipcFd = mx_records_file(f->in);
    if (FCGX_Accept_r(&c->rq) != 0) {
        mx_records_file_closed(f->in);
        return false;
    }
    c->rq.ipcFd = c->fd;
    return true;
}

/* Fill *rq from the parameters, which it borrows. NULL, or why the request cannot be trusted: a
 * list that nginx did not send whole has no sentinel. */
static const char *read_params(const FCGX_Request *fr, struct mx_req *rq)
{
    struct envelope en = {0};
    struct mx_str rest, name, *slot;
    ptrdiff_t mark;

    *rq = (struct mx_req){.content_length = -1};
    for (char **e = fr->envp; *e; e++) {
        rest = mx_str_c(*e);
        mark = mx_str_find(rest, '=');
        if (mark < 0)
            continue;
        name = mx_str_sub(rest, 0, (size_t)mark);
        slot = param_slot(rq, &en, name);
        if (slot && !slot->p && rest.n > name.n + 1)
            *slot = mx_str_sub(rest, name.n + 1, rest.n);
    }
    if (!en.end.p)
        return "no MX_PARAMS_END";
    if (!rq->method_text.p)
        return "no REQUEST_METHOD";
    if (en.length.p && !mx_str_i64(en.length, 0, INT64_MAX, &rq->content_length))
        return "bad CONTENT_LENGTH";
    rq->method = method_of(rq->method_text);
    rq->arrival_ms = arrival_of(en.arrival);
    mark = mx_str_find(rq->raw_path, '?');
    if (mark >= 0)
        rq->raw_path = mx_str_sub(rq->raw_path, 0, (size_t)mark);
    return NULL;
}

/* Read `n` bytes of a body that is too long for us. */
static bool throw_away(struct mx_records *in, size_t n)
{
    char waste[8192];
    size_t part;

    for (; n > 0; n -= part) {
        part = n < sizeof waste ? n : sizeof waste;
        if (mx_records_body(in, waste, part) != (ptrdiff_t)part)
            return false;
    }
    return true;
}

/* Read exactly the announced body and the end of the stream behind it: what is left unread would be
 * taken for the next request. A body above the limit is thrown away; its length tells on it. */
static const char *read_body(struct mx_fcgi *f, struct mx_arena *a, struct mx_req *rq)
{
    size_t n = rq->content_length > 0 ? (size_t)rq->content_length : 0;
    char *body = NULL, more;

    if (n > DRAIN_MAX)
        return "body far too large";
    if (n > (size_t)f->conf->body_max) {
        if (!throw_away(f->in, n))
            return "body cut off";
    } else if (n > 0) {
        body = mx_arena_alloc(a, n);
        if (mx_records_body(f->in, body, n) != (ptrdiff_t)n)
            return "body cut off";
        rq->body = (struct mx_str){body, n};
    }
    return mx_records_body(f->in, &more, 1) == 0 ? NULL : "no end where the body should end";
}

/* ---- answering ---- */

static bool put(FCGX_Request *fr, struct mx_str s)
{
    if (s.n > INT32_MAX)
        MX_BUG("answer of %zu bytes", s.n);
    return FCGX_PutStr(s.p, (int)s.n, fr->out) == (int)s.n;
}

/* Reason phrase of a status (RFC 9110 15); the status line needs none but its space. */
static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } known[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {204, "No Content"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {409, "Conflict"},
                 {422, "Unprocessable Content"},
                 {429, "Too Many Requests"},
                 {503, "Service Unavailable"}};

    for (size_t i = 0; i < MX_LEN(known); i++)
        if (known[i].status == status)
            return known[i].reason;
    return "";
}

/* Put the answer into the stream and flush it, end record included. */
static bool write_answer(FCGX_Request *fr, struct mx_arena *a, const struct mx_req *rq,
                         const struct mx_res *res)
{
    struct mx_str headers = mx_buf_view(&res->headers), body = mx_buf_view(&res->body);
    bool has_body = res->status != 204 && res->status != 304;
    bool ok;

    ok = put(fr, mx_str_fmt(a, "Status: %d %s\r\n", res->status, reason_of(res->status)));
    if (has_body)
        ok = ok && put(fr, mx_str_fmt(a, "Content-Length: %zu\r\n", body.n));
    ok = ok && put(fr, headers) && put(fr, MX_S("\r\n"));
    if (has_body && rq->method != MX_HEAD)
        ok = ok && put(fr, body);
    return ok && FCGX_FClose(fr->err) == 0 && FCGX_FClose(fr->out) == 0;
}

/* Closing a connection that nginx asked to keep would lose the request that nginx may send on it
 * meanwhile. */
static bool keeps(const struct mx_fcgi *f, const struct conn *c)
{
    return c->rq.keepConnection && !f->stop_last && f->n_conns <= f->conf->connections_max;
}

/* Run the handler on a whole request. True when the connection goes on. */
static bool answer(struct mx_fcgi *f, struct conn *c, struct mx_arena *a, const struct mx_req *rq)
{
    struct mx_res res = {0};
    bool delivered, kept = keeps(f, c);

    f->ops->handle(f->arg, rq, &res);
    delivered = write_answer(&c->rq, a, rq, &res);
    /* A peer that wanted to keep the connection should see its end together with the answer. */
    if (!kept)
        shutdown(c->fd, SHUT_WR);
    f->ops->done(f->arg, delivered, rq->method == MX_HEAD ? 0 : res.body.n);
    f->served++;
    return delivered && kept;
}

/* Read one request from a connection that has bytes, and answer it. False: drop the connection. */
static bool serve_request(struct mx_fcgi *f, struct conn *c)
{
    struct mx_arena *a = f->ops->arena(f->arg);
    const char *why = mx_records_head(f->in);
    struct mx_req rq;

    if (!why && !accept_head(f, c))
        why = "libfcgi refuses the head";
    if (!why)
        why = read_params(&c->rq, &rq);
    if (!why)
        why = read_body(f, a, &rq);
    if (why) {
        mx_score_end(f->conf->score, f->conf->slot, mx_mono_ns(), 0, 0, 0);
        mx_log(MX_LOG_WARN, "request dropped", MX_KC("why", why));
        return false;
    }
    f->n_new -= !c->spoken;
    c->spoken = true;
    return answer(f, c, a, &rq);
}

static void serve(struct mx_fcgi *f, struct conn *c)
{
    bool goes_on;

    mx_score_begin(f->conf->score, f->conf->slot, mx_mono_ns());
    goes_on = serve_request(f, c);
    FCGX_Free(&c->rq, 0);
    if (goes_on)
        conn_park(f, c);
    else
        conn_drop(f, c);
}

/* Serve, park or drop a connection according to what its peer did. */
static void conn_look(struct mx_fcgi *f, struct conn *c)
{
    int n = mx_records_begin(f->in, c->fd, WAITS * (int64_t)f->conf->io_timeout_ms);

    if (n > 0)
        serve(f, c);
    else if (n < 0)
        conn_park(f, c);
    else
        conn_drop(f, c);
}

/* ---- the loop ---- */

static void listen_on(struct mx_fcgi *f, struct door *d)
{
    watch(f, d->fd, EPOLLIN | EPOLLEXCLUSIVE, d);
    d->on = true;
}

static void listen_off(struct mx_fcgi *f, struct door *d)
{
    if (d->on && epoll_ctl(f->ep, EPOLL_CTL_DEL, d->fd, NULL) != 0)
        MX_BUG("epoll: %s", strerror(errno));
    d->on = false;
}

/* The listener that an event is of; NULL: it is none's. */
static struct door *door_of(struct mx_fcgi *f, const void *what)
{
    for (int i = 0; i < f->conf->n_listeners; i++)
        if (what == &f->doors[i])
            return &f->doors[i];
    return NULL;
}

/* Take one connection, if another worker was not faster, and serve it. */
static bool accept_one(struct mx_fcgi *f, struct door *d)
{
    int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        f->crowded = errno == EMFILE || errno == ENFILE;
        return false;
    }
    /* The kernel wakes the worker that has waited longest in its list and leaves it at its place:
     * going to the end of the list spreads kept connections over the workers. */
    if (d->on) {
        listen_off(f, d);
        listen_on(f, d);
    }
    conn_look(f, conn_new(f, fd));
    f->crowded = f->n_conns > f->conf->connections_max + SPARE_CONNECTIONS;
    return true;
}

static void tick(struct mx_fcgi *f)
{
    int64_t now_ms = mx_mono_ms();

    if (!f->crowded && now_ms - f->idled_ms < TICK_MS)
        return;
    drop_silent(f, now_ms);
    f->crowded = false;
    if (now_ms - f->idled_ms < TICK_MS)
        return;
    f->idled_ms = now_ms;
    mx_score_alive(f->conf->score, f->conf->slot, mx_mono_ns());
    f->ops->idle(f->arg);
}

/* Leave a new connection to workers that keep fewer, while there is other work: a worker that has
 * more connections turns more often, and would take more and more of them. It is seen again in the
 * next turn, and taken then if nobody else wanted it for a while. */
static bool pass(struct mx_fcgi *f, int events)
{
    bool passes = events > 1 && f->passed < PASSES &&
                  f->n_conns > mx_score_share(f->conf->score, f->conf->slot);

    f->passed = passes ? f->passed + 1 : 0;
    return passes;
}

/* Where requests take their time, a worker has one new connection at a time: while the first one's
 * bytes are under way, a second could be served, for long, and the first would wait for it beside
 * idle workers. A peer that stays silent is dropped in time. */
static bool has_room(const struct mx_fcgi *f)
{
    return !f->conf->slow || f->n_new == 0;
}

static void mind_listeners(struct mx_fcgi *f)
{
    bool room = has_room(f);

    for (int i = 0; i < f->conf->n_listeners; i++)
        if (room && !f->doors[i].on)
            listen_on(f, &f->doors[i]);
        else if (!room && f->doors[i].on)
            listen_off(f, &f->doors[i]);
}

/* One connection, so that others have theirs; in overload all that wait, most of which are refused.
 */
static void accept_some(struct mx_fcgi *f, struct door *d)
{
    for (int i = 0; i < EVENTS && accept_one(f, d) && has_room(f) && f->ops->full(f->arg); i++)
        ;
}

/* Wait once and handle what came. The listener goes first: a worker that was woken for it and
 * serves others before would leave the new connection to nobody. The number of things that came. */
static int turn(struct mx_fcgi *f, int wait_ms)
{
    struct epoll_event ev[EVENTS];
    int n = epoll_wait(f->ep, ev, EVENTS, wait_ms);

    for (int i = 0; i < n; i++) {
        struct door *d = door_of(f, ev[i].data.ptr);

        if (d && has_room(f) && !pass(f, n))
            accept_some(f, d);
        else if (ev[i].data.ptr == &f->signals)
            take_signals(f);
    }
    for (int i = 0; i < n && !f->stop_fast; i++)
        if (!door_of(f, ev[i].data.ptr) && ev[i].data.ptr != &f->signals)
            conn_look(f, ev[i].data.ptr);
    tick(f);
    return n;
}

/* Serve what is left. Kept connections are the peer's to close. */
static void drain(struct mx_fcgi *f, int timeout_s)
{
    int64_t end_ms = mx_mono_ms() + (int64_t)timeout_s * 1000;

    mx_score_state(f->conf->score, f->conf->slot, MX_W_STOPPING);
    for (int i = 0; i < f->conf->n_listeners; i++) {
        listen_off(f, &f->doors[i]);
        /* The wake-up for a connection may have come here and to no other worker. */
        while (!f->stop_fast && accept_one(f, &f->doors[i]) && f->stop_last &&
               mx_mono_ms() < end_ms)
            ;
    }
    while (f->n_conns > 0 && !f->stop_fast && mx_mono_ms() < end_ms)
        if (turn(f, f->stop_last ? LAST_WAIT_MS : TICK_MS) == 0 && f->stop_last)
            break;
    while (f->n_conns > 0)
        conn_drop(f, f->conns[0]);
    free(f->conns);
}

void mx_fcgi_serve(const struct mx_fcgi_conf *conf, const struct mx_fcgi_ops *ops, void *arg,
                   int drain_timeout_s)
{
    struct mx_fcgi f = {.conf = conf, .ops = ops, .arg = arg, .ep = epoll_create1(EPOLL_CLOEXEC)};

    if (f.ep < 0)
        MX_BUG("epoll: %s", strerror(errno));
    start_library();
    f.in = mx_records_new();
    start_signals(&f);
    for (int i = 0; i < conf->n_listeners; i++)
        f.doors[i].fd = conf->listeners[i];
    mx_score_state(conf->score, conf->slot, MX_W_READY);
    while (!f.stop && (conf->requests_max == 0 || f.served < conf->requests_max)) {
        mind_listeners(&f);
        (void)turn(&f, TICK_MS);
    }
    drain(&f, drain_timeout_s);
    mx_records_free(f.in);
    close(f.signals);
    close(f.ep);
}
