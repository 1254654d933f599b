#include "io/control.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "io/net.h"
#include "io/passed.h"
#include "io/prefork.h"

#define PATIENCE_MS 5000 /* for a peer that sends or reads nothing */
#define ANSWER_MAX ((size_t)8 << 20)
#define TOO_MANY "error: too many commands at once\n"

/* ---- server ---- */

const char *mx_control_open(struct mx_control_server *s, struct mx_arena *a, const char *name,
                            const char *path, int mode, const char *group)
{
    const char *why = NULL;

    for (int i = 0; i < MX_CONTROL_CLIENTS; i++)
        s->at[i].fd = -1;
    s->path = path;
    s->fd = mx_passed_take(name);
    if (s->fd >= 0)
        return mx_net_adopt(a, s->fd, path);
    s->fd = mx_net_listen(a, path, MX_CONTROL_CLIENTS, mode, group, &why);
    return why;
}

static void drop(struct mx_control_client *c)
{
    close(c->fd);
    mx_arena_free(c->arena);
    *c = (struct mx_control_client){.fd = -1};
}

void mx_control_close(struct mx_control_server *s, bool unlink_it)
{
    if (s->fd < 0)
        return;
    for (int i = 0; i < MX_CONTROL_CLIENTS; i++)
        if (s->at[i].fd >= 0)
            drop(&s->at[i]);
    close(s->fd);
    s->fd = -1;
    if (unlink_it)
        mx_net_unlink(s->path);
}

int mx_control_poll(const struct mx_control_server *s, struct pollfd *p)
{
    int n = 0;

    if (s->fd < 0)
        return 0;
    p[n++] = (struct pollfd){.fd = s->quiet ? -1 : s->fd, .events = POLLIN};
    for (int i = 0; i < MX_CONTROL_CLIENTS; i++)
        if (s->at[i].fd >= 0)
            p[n++] =
                (struct pollfd){.fd = s->at[i].fd, .events = s->at[i].answered ? POLLOUT : POLLIN};
    return n;
}

static void greet(struct mx_control_server *s)
{
    int fd;

    if (s->quiet)
        return;
    fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (int i = 0; i < MX_CONTROL_CLIENTS; i++) {
        struct mx_control_client *c = &s->at[i];

        if (c->fd >= 0)
            continue;
        *c = (struct mx_control_client){.fd = fd, .since_ms = mx_mono_ms()};
        c->arena = mx_arena_new(4096, ANSWER_MAX * 2);
        mx_buf_init(&c->out, c->arena, ANSWER_MAX);
        return;
    }
    (void)!send(fd, TOO_MANY, sizeof TOO_MANY - 1, MSG_NOSIGNAL);
    close(fd);
}

/* Read on; at the mark carry out what came before it. */
static void hear(struct mx_control_server *s, struct mx_control_client *c)
{
    ssize_t n = recv(c->fd, c->text + c->n, sizeof c->text - c->n, 0);
    const char *end;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || c->waits_for) {
        drop(c);
        return;
    }
    c->n += (size_t)n;
    end = memmem(c->text, c->n, s->mark, strlen(s->mark));
    if (!end && c->n == sizeof c->text)
        drop(c);
    if (!end)
        return;
    s->verb(s->arg, c, mx_str_trim((struct mx_str){c->text, (size_t)(end - c->text)}));
    c->answered = c->waits_for == 0;
}

static void tell(struct mx_control_client *c)
{
    ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

    if (n > 0) {
        c->sent += (size_t)n;
        c->since_ms = mx_mono_ms();
    }
    if (c->sent == c->out.n || (n < 0 && errno != EAGAIN && errno != EINTR))
        drop(c);
}

void mx_control_turn(struct mx_control_server *s)
{
    int64_t now_ms = mx_mono_ms();

    if (s->fd < 0)
        return;
    greet(s);
    for (int i = 0; i < MX_CONTROL_CLIENTS; i++) {
        struct mx_control_client *c = &s->at[i];

        if (c->fd >= 0 && !c->answered)
            hear(s, c);
        if (c->fd >= 0 && c->answered)
            tell(c);
        if (c->fd >= 0 && !c->waits_for && now_ms - c->since_ms > PATIENCE_MS)
            drop(c);
    }
}

void mx_control_pass(struct mx_control_server *s, int from, int to)
{
    for (int i = 0; i < MX_CONTROL_CLIENTS; i++)
        if (s->at[i].fd >= 0 && s->at[i].waits_for == from)
            s->at[i].waits_for = to;
}

void mx_control_done(struct mx_control_server *s, int what, struct mx_str text)
{
    for (int i = 0; i < MX_CONTROL_CLIENTS; i++) {
        struct mx_control_client *c = &s->at[i];

        if (c->fd < 0 || c->waits_for != what)
            continue;
        mx_buf_str(&c->out, text);
        c->waits_for = 0;
        c->answered = true;
        c->since_ms = mx_mono_ms();
        tell(c);
    }
}

/* ---- client ---- */

/* The master answers these at once. */
static bool at_once(const char *verb)
{
    return strncmp(verb, "status", 6) == 0 || strcmp(verb, "metrics") == 0;
}

/* Say why nobody could be connected to (errno). */
static void no_master(const char *path, FILE *out)
{
    if (errno == ENOENT)
        fprintf(out, "merx is not running (no socket at %s)\n", path);
    else if (errno == ECONNREFUSED)
        fprintf(out, "merx is not running (nobody listens at %s)\n", path);
    else
        fprintf(out, "%s: %s\n", path, strerror(errno));
}

bool mx_control(const char *path, const char *verb, FILE *out)
{
    struct timeval tv = {.tv_sec = PATIENCE_MS / 1000};
    char buf[4096], first[MX_CONTROL_LINE * 4] = "";
    size_t head = 0;
    bool in_head = true;
    const char *why;
    ssize_t n;
    int fd = mx_net_connect(path);

    if (fd < 0) {
        no_master(path, out);
        return false;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    if (at_once(verb))
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    /* One that has hung up already is noticed when we read. */
    (void)send(fd, verb, strlen(verb), MSG_NOSIGNAL | MSG_MORE);
    (void)send(fd, "\n", 1, MSG_NOSIGNAL);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n; i++) {
            if (!in_head)
                fputc(buf[i], out);
            else if (buf[i] == '\n')
                in_head = false;
            else if (head < sizeof first - 1)
                first[head++] = buf[i];
        }
    }
    why = n < 0 && errno == EAGAIN ? "error: the master does not answer"
                                   : "error: the master went away";
    close(fd);
    if (n == 0 && strcmp(first, "ok") == 0)
        return true;
    fprintf(out, "%s\n", first[0] && strcmp(first, "ok") != 0 ? first : why);
    return false;
}
