/* Mails are claimed, sent and told to be sent, each in a step of its own: no transaction and no
 * lock is held while the server is spoken to. A runner that dies between sending and telling leaves
 * leases that run out, and the mail goes out again with the Message-ID that it had. Mail that a
 * server has taken is recorded at once, mail by mail; files are recorded in batches, for writing
 * one again changes nothing. */
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
#define SUSPECTS 64

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

/* A new file `name` in `dir` with that text; errno tells why not. */
static bool fill_file(int dir, const char *name, struct mx_str text)
{
    int why, fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (fd < 0)
        return false;
    if (write_all(fd, text) && fsync(fd) == 0)
        return close(fd) == 0;
    why = errno;
    close(fd);
    errno = why;
    return false;
}

/* Write `text` to `name` in `dir` so that a reader sees all of it or nothing, and nothing is left
 * of what could not be written. The name itself lasts once the directory is synced. */
static bool write_file(int dir, const char *name, const char *part, struct mx_str text)
{
    int why;

    if (fill_file(dir, part, text) && renameat(dir, part, dir, name) == 0)
        return true;
    why = errno;
    unlinkat(dir, part, 0);
    errno = why;
    return false;
}

static int open_directory(const struct mx_ctx *cx)
{
    return open(cx->proc->conf->mail, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The same mail always gets the same name: sending it twice leaves one file. */
static struct mx_smtp_result write_mail(struct mx_ctx *cx, const struct mx_mail *m,
                                        struct mx_str message)
{
    struct mx_civil c = mx_time_civil(m->created_at);
    struct mx_str id = mx_id_str(cx->arena, m->id);
    struct mx_str name = mx_str_fmt(cx->arena, "%04d%02d%02dT%02d%02d%02d.%03dZ-%s.eml", c.year,
                                    c.month, c.day, c.hour, c.minute, c.second, c.ms, id.p);
    int dir = open_directory(cx);
    bool ok;
    const char *why;

    if (dir < 0)
        return (struct mx_smtp_result){MX_SMTP_TROUBLE, strerror(errno)};
    ok = write_file(dir, name.p, mx_str_fmt(cx->arena, ".%s.part", id.p).p, message);
    why = ok ? "" : strerror(errno);
    close(dir);
    return (struct mx_smtp_result){ok ? MX_SMTP_SENT : MX_SMTP_TROUBLE, why};
}

/* NULL, or why the names of the files may not last. */
static const char *sync_directory(const struct mx_ctx *cx)
{
    int dir = open_directory(cx);
    bool ok = dir >= 0 && fsync(dir) == 0;
    const char *why = ok ? NULL : strerror(errno);

    if (dir >= 0)
        close(dir);
    return why;
}

/* ---- one mail ---- */

/* A mail that the server could not be asked to take, and how many it had taken by then. */
struct suspect {
    struct mx_id mail;
    uint64_t taken;
};

static struct {
    struct mx_id owner;                                 /* who claims */
    struct mx_mail_outcome outcomes[MX_MAIL_CLAIM_MAX]; /* of the mails that were claimed */
    size_t n, told; /* how many those are, and of how many the database knows: what it does
                       not know yet is told before anything else is claimed */
    int64_t claim;  /* how many to claim next */
    uint64_t taken; /* mails that were taken so far */
    struct suspect suspects[SUSPECTS];
    size_t next_suspect;
    struct mx_smtp *smtp; /* NULL: no mail yet in this run */
} sender;

/* A mail met trouble. It is to blame when it did before and others were taken meanwhile. */
static bool is_to_blame(struct mx_id mail)
{
    for (size_t i = 0; i < SUSPECTS; i++) {
        struct suspect *s = &sender.suspects[i];
        bool own = sender.taken > s->taken;

        if (!mx_id_eq(s->mail, mail))
            continue;
        s->taken = sender.taken;
        return own;
    }
    sender.suspects[sender.next_suspect++ % SUSPECTS] = (struct suspect){mail, sender.taken};
    return false;
}

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
    *ret_vars = MX_LIST(vars, n);
    for (const struct mx_json *v = mx_json_first(root); v; v = mx_json_next(v)) {
        if (mx_json_type(v) != MX_JSON_STRING)
            return false;
        *vars++ = (struct mx_pair){mx_json_name(v), mx_json_string(v)};
    }
    return true;
}

/* A mail that does not open or cannot be composed waits: its key may come back, it may be of a
 * newer program. */
static struct mx_smtp_result send_mail(struct mx_ctx *cx, const struct mx_mail *m)
{
    struct mx_list vars;
    struct mx_str message;
    const char *why = "";

    if (m->data.p == NULL)
        return (struct mx_smtp_result){MX_SMTP_LATER, "cannot be opened"};
    if (!vars_of(cx->arena, m->data, &vars) || !mx_mail_compose(cx, m, vars, &message))
        return (struct mx_smtp_result){MX_SMTP_LATER, "cannot be composed"};
    if (!*cx->proc->conf->smtp_url)
        return write_mail(cx, m, message);
    if (sender.smtp == NULL)
        sender.smtp = mx_smtp_open(cx->arena, cx->proc->conf, &why);
    if (sender.smtp == NULL)
        return (struct mx_smtp_result){MX_SMTP_TROUBLE, why};
    return mx_smtp_send(sender.smtp, cx->arena, m->recipient, message);
}

static enum mx_mail_end end_of(struct mx_id mail, enum mx_smtp_end end)
{
    switch (end) {
    case MX_SMTP_SENT:
        sender.taken++;
        return MX_MAIL_SENT;
    case MX_SMTP_REFUSED:
        return MX_MAIL_REFUSED;
    case MX_SMTP_LATER:
        return MX_MAIL_FAILED;
    case MX_SMTP_TROUBLE:
        break;
    }
    return is_to_blame(mail) ? MX_MAIL_FAILED : MX_MAIL_HINDERED;
}

static void log_outcome(struct mx_ctx *cx, const struct mx_mail *m, const struct mx_mail_outcome *o)
{
    static const struct {
        enum mx_level level;
        const char *text;
    } lines[] = {
        [MX_MAIL_SENT] = {MX_LOG_INFO, "mail sent"},
        [MX_MAIL_REFUSED] = {MX_LOG_WARN, "mail rejected permanently"},
        [MX_MAIL_FAILED] = {MX_LOG_WARN, "mail deferred"},
        [MX_MAIL_HINDERED] = {MX_LOG_WARN, "mail cannot be handed over now, will be retried"},
    };
    const struct mx_settings *conf = cx->proc->conf;
    bool server = *conf->smtp_url != '\0';

    mx_log(lines[o->end].level, lines[o->end].text, MX_KS("mail", mx_id_str(cx->arena, m->id)),
           MX_KS("template", m->name), MX_KI("attempt", m->attempts),
           MX_KC(server ? "server" : "directory", server ? conf->smtp_url : conf->mail),
           MX_KC("why", o->why));
}

/* False: it met trouble, and so would the next one now. */
static bool deliver_one(struct mx_ctx *cx, const struct mx_mail *m, struct mx_mail_outcome *o)
{
    struct mx_arena_mark mark = mx_arena_mark(cx->arena);
    struct mx_smtp_result r = send_mail(cx, m);

    o->end = end_of(m->id, r.end);
    snprintf(o->why, sizeof o->why, "%s", r.why);
    log_outcome(cx, m, o);
    mx_arena_rewind(cx->arena, mark);
    return r.end != MX_SMTP_TROUBLE;
}

/* ---- all that is due ---- */

/* Tell the database what became of the first `n` of those claimed, again if need be. */
static enum mx_err tell(struct mx_ctx *cx, size_t n)
{
    cx->now_ms = mx_wall_ms();
    if (sender.told < n)
        MX_TRY(mx_mail_tell(cx, sender.owner, &sender.outcomes[sender.told], n - sender.told));
    sender.told = n;
    return MX_OK;
}

static enum mx_err claim(struct mx_ctx *cx, struct mx_list *ret_mails)
{
    int64_t lease_ms = LEASE_MS + 2000 * cx->proc->conf->smtp_timeout_s;

    cx->now_ms = mx_wall_ms();
    MX_TRY(mx_mail_claim(cx, sender.owner, cx->now_ms + lease_ms, sender.claim, ret_mails));
    sender.n = ret_mails->n;
    sender.told = 0;
    for (size_t i = 0; i < sender.n; i++) {
        const struct mx_mail *m = MX_AT(*ret_mails, struct mx_mail, i);

        sender.outcomes[i] = (struct mx_mail_outcome){.mail = {m->id, NULL, m->failed, m->tries},
                                                      .attempts = m->attempts,
                                                      .end = MX_MAIL_NOT_TRIED};
    }
    return MX_OK;
}

/* Files that were written last from here on; else the mail was not sent. */
static enum mx_err settle_files(struct mx_ctx *cx)
{
    const char *why = sync_directory(cx);

    for (size_t i = 0; why != NULL && i < sender.n; i++) {
        struct mx_mail_outcome *o = &sender.outcomes[i];

        if (o->end != MX_MAIL_SENT)
            continue;
        o->end = MX_MAIL_HINDERED;
        snprintf(o->why, sizeof o->why, "%s", why);
    }
    return why == NULL ? MX_OK : MX_E_UNAVAILABLE;
}

/* Send those that were claimed, until `until_ms`; what is not reached is given back. */
static enum mx_err deliver_claimed(struct mx_ctx *cx, struct mx_list mails, int64_t until_ms)
{
    bool files = !*cx->proc->conf->smtp_url, good = true;
    enum mx_err e;

    for (size_t i = 0; good && i < mails.n && mx_mono_ms() < until_ms; i++) {
        good = deliver_one(cx, MX_AT(mails, struct mx_mail, i), &sender.outcomes[i]);
        if (!files)
            MX_TRY(tell(cx, i + 1));
    }
    e = good ? MX_OK : MX_E_UNAVAILABLE;
    if (files && mails.n > 0 && settle_files(cx) != MX_OK)
        e = MX_E_UNAVAILABLE;
    MX_TRY(tell(cx, sender.n));
    return e;
}

/* A runner that has just begun, or met trouble, claims one mail, then more: those behind one that
 * ends the process or stops the server are not held up with it. */
static void choose_claim(enum mx_err e)
{
    sender.claim = e != MX_OK ? 1 : 2 * sender.claim;
    if (sender.claim > MX_MAIL_CLAIM_MAX)
        sender.claim = MX_MAIL_CLAIM_MAX;
}

static enum mx_err deliver_slice(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    int64_t until_ms = mx_mono_ms() + SLICE_MS;
    struct mx_list mails = {.n = 1};

    while (mails.n > 0 && *ret_n < limit && mx_mono_ms() < until_ms) {
        struct mx_arena_mark mark = mx_arena_mark(cx->arena);
        enum mx_err e;

        MX_TRY(claim(cx, &mails));
        e = deliver_claimed(cx, mails, until_ms);
        choose_claim(e);
        mx_arena_rewind(cx->arena, mark);
        MX_TRY(e);
        *ret_n += (int64_t)mails.n;
    }
    if (mails.n > 0)
        *ret_n = limit;
    return MX_OK;
}

enum mx_err mx_mail_deliver_due(struct mx_ctx *cx, int64_t limit, int64_t *ret_n)
{
    enum mx_err e;

    if (!*cx->proc->conf->smtp_url && !*cx->proc->conf->mail)
        return MX_OK;
    if (mx_id_none(sender.owner)) {
        sender.owner = mx_id_new();
        sender.claim = 1;
    }
    MX_TRY(tell(cx, sender.n));
    e = deliver_slice(cx, limit, ret_n);
    mx_smtp_close(sender.smtp);
    sender.smtp = NULL;
    return e;
}
