/* A mail is claimed, sent and told to be sent, each in a step of its own: no transaction and no
 * lock is held while the server is spoken to. Who dies between sending and telling leaves a lease
 * that runs out, and the mail goes out again with the Message-ID that it had. */
#include "jobs_mail.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "io/smtp.h"
#include "shop/mail.h"

#define LEASE_MS 10000 /* beside twice the time that a mail server gets */
#define SLICE_MS 2000  /* then it is the other jobs' turn */
#define WHY_MAX 100

/* ---- to files ---- */

static bool write_all(int fd, struct mx_str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = mx_str_sub(s, (size_t)n, s.n);
    }
    return true;
}

/* Write `text` to `name` in `dir` so that a reader sees all of it or nothing. */
static bool write_file(int dir, const char *name, const char *part, struct mx_str text)
{
    int fd = openat(dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    bool ok;

    if (fd < 0)
        return false;
    ok = write_all(fd, text) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    return ok && renameat(dir, part, dir, name) == 0 && fsync(dir) == 0;
}

/* The same mail always gets the same name: sending it twice leaves one file. */
static struct mx_smtp_result write_mail(struct mx_ctx *cx, const struct mx_mail *m,
                                        struct mx_str message)
{
    struct mx_civil c = mx_time_civil(m->created_at);
    struct mx_str id = mx_id_str(cx->arena, m->id);
    struct mx_str name = mx_str_fmt(cx->arena, "%04d%02d%02dT%02d%02d%02d.%03dZ-%s.eml", c.year,
                                    c.month, c.day, c.hour, c.minute, c.second, c.ms, id.p);
    int dir = open(cx->proc->conf->mail, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok;
    const char *why;

    if (dir < 0)
        return (struct mx_smtp_result){MX_SMTP_TROUBLE, strerror(errno)};
    ok = write_file(dir, name.p, mx_str_fmt(cx->arena, ".%s.part", id.p).p, message);
    why = ok ? "" : strerror(errno);
    close(dir);
    return (struct mx_smtp_result){ok ? MX_SMTP_SENT : MX_SMTP_TROUBLE, why};
}

/* ---- one mail ---- */

/* What becomes of a mail that was claimed; kept until the database knows, so that a mail whose
 * outcome is known is not sent again by this process. */
struct outcome {
    struct mx_mail mail; /* id and attempts */
    enum mx_smtp_end end;
    char why[WHY_MAX];
};

static struct {
    struct mx_id owner; /* who claims */
    bool untold;        /* the last outcome is not in the database yet */
    struct outcome last;
    struct mx_smtp *smtp; /* NULL: no mail yet in this run */
} sender;

static bool vars_of(struct mx_arena *a, struct mx_str data, struct mx_list *ret_vars)
{
    const struct mx_json *root;
    const char *why;
    size_t offset, n = 0;
    struct mx_pair *vars;

    if (mx_json_parse(a, data, &root, &why, &offset) != MX_OK ||
        mx_json_type(root) != MX_JSON_OBJECT)
        return false;
    for (const struct mx_json *v = mx_json_first(root); v; v = mx_json_next(v))
        n++;
    vars = MX_NEW_N(a, n, struct mx_pair);
    *ret_vars = (struct mx_list){vars, n};
    for (const struct mx_json *v = mx_json_first(root); v; v = mx_json_next(v)) {
        if (mx_json_type(v) != MX_JSON_STRING)
            return false;
        *vars++ = (struct mx_pair){mx_json_name(v), mx_json_string(v)};
    }
    return true;
}

/* A mail that cannot be composed waits: it may be of a newer program. */
static struct mx_smtp_result send_mail(struct mx_ctx *cx, const struct mx_mail *m)
{
    struct mx_list vars;
    struct mx_str message;
    const char *why;

    if (!vars_of(cx->arena, m->data, &vars) || !mx_mail_compose(cx, m, vars, &message))
        return (struct mx_smtp_result){MX_SMTP_LATER, "cannot be composed"};
    if (!*cx->proc->conf->smtp_url)
        return write_mail(cx, m, message);
    why = "";
    if (sender.smtp == NULL)
        sender.smtp = mx_smtp_open(cx->arena, cx->proc->conf, &why);
    if (sender.smtp == NULL)
        return (struct mx_smtp_result){MX_SMTP_TROUBLE, why};
    return mx_smtp_send(sender.smtp, cx->arena, m->recipient, message);
}

static void log_outcome(struct mx_ctx *cx, const struct mx_mail *m, const struct outcome *o)
{
    static const struct {
        enum mx_level level;
        const char *text;

    } lines[] = {
        [MX_SMTP_SENT] = {MX_LOG_INFO, "mail sent"},
        [MX_SMTP_REFUSED] = {MX_LOG_WARN, "mail refused for good"},
        [MX_SMTP_LATER] = {MX_LOG_WARN, "mail put off"},
        [MX_SMTP_TROUBLE] = {MX_LOG_WARN, "mail cannot be sent now"},
    };
    mx_log(lines[o->end].level, lines[o->end].text, MX_KS("mail", mx_id_str(cx->arena, m->id)),
           MX_KS("template", m->name), MX_KI("attempt", m->attempts), MX_KC("why", o->why));
}

/* Tell the database the last outcome, again if need be. */
static enum mx_err tell(struct mx_ctx *cx)
{
    enum mx_err e = MX_OK;
    const struct outcome *o = &sender.last;

    if (!sender.untold)
        return MX_OK;
    if (o->end == MX_SMTP_SENT)
        e = mx_mail_sent(cx, sender.owner, o->mail.id);
    else if (o->end == MX_SMTP_REFUSED)
        e = mx_mail_refused(cx, sender.owner, o->mail.id, o->why);
    else
        e = mx_mail_failed(cx, sender.owner, &o->mail, o->why);
    sender.untold = e != MX_OK;
    return e;
}

/* MX_E_NOT_FOUND: none is due. */
static enum mx_err deliver_one(struct mx_ctx *cx)
{
    struct mx_mail m;
    int64_t lease_ms = LEASE_MS + 2000 * cx->proc->conf->smtp_timeout_s;
    struct mx_smtp_result r;
    struct outcome *o;

    cx->now_ms = mx_wall_ms();
    MX_TRY(mx_mail_claim(cx, sender.owner, cx->now_ms + lease_ms, &m));
    r = send_mail(cx, &m);
    o = &sender.last;
    *o = (struct outcome){.mail = {.id = m.id, .attempts = m.attempts}, .end = r.end};
    snprintf(o->why, sizeof o->why, "%s", r.why);
    sender.untold = true;
    log_outcome(cx, &m, o);
    cx->now_ms = mx_wall_ms();
    MX_TRY(tell(cx));
    return r.end == MX_SMTP_TROUBLE ? MX_E_UNAVAILABLE : MX_OK;
}

/* ---- all that is due ---- */

static enum mx_err deliver_slice(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    int64_t until_ms = mx_mono_ms() + SLICE_MS;

    while (*ret_n < limit) {
        struct mx_arena_mark mark = mx_arena_mark(cx->arena);
        enum mx_err e = deliver_one(cx);

        mx_arena_rewind(cx->arena, mark);
        if (e != MX_OK)
            return e == MX_E_NOT_FOUND ? MX_OK : e;
        *ret_n = mx_mono_ms() < until_ms ? *ret_n + 1 : limit;
    }
    return MX_OK;
}

enum mx_err mx_mail_deliver_due(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    enum mx_err e;

    if (!*cx->proc->conf->smtp_url && !*cx->proc->conf->mail)
        return MX_OK;
    if (mx_id_none(sender.owner))
        sender.owner = mx_id_new();
    MX_TRY(tell(cx));
    e = deliver_slice(cx, limit, ret_n);
    mx_smtp_close(sender.smtp);
    sender.smtp = NULL;
    return e;
}
