#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define CUT "…"
#define CUT_MEMBER ",\"cut\":true"
#define LINE_TAIL (sizeof CUT - 1 + sizeof CUT_MEMBER - 1 + sizeof "\"}\n" - 1)
#define CONTEXT_MAX 64

struct line {
    char text[PIPE_BUF];
    size_t n;
    size_t whole; /* as far as it is whole pairs */
    bool pairs;   /* there is one already */
    bool quoted;  /* inside a quoted value */
    bool cut;     /* full: nothing more is appended */
};

struct context {
    char text[CONTEXT_MAX];
    size_t n;
};

static const char *const level_words[] = {"debug", "info", "warn", "error", "bug"};
static enum mx_level lowest = MX_LOG_INFO;
static int log_fd = STDERR_FILENO;
static char log_path[PATH_MAX];
static bool json, journal;
static struct context request, trace;
static int64_t lost; /* lines that could not be written since the last one that was */
static bool torn;    /* the file ends with a part of a line */

void mx_log_level(enum mx_level min)
{
    lowest = min;
}

bool mx_log_level_parse(struct mx_str word, enum mx_level *ret_level)
{
    for (int i = MX_LOG_DEBUG; i <= MX_LOG_ERROR; i++)
        if (mx_str_eqc(word, level_words[i])) {
            *ret_level = (enum mx_level)i;
            return true;
        }
    return false;
}

void mx_log_json(bool on)
{
    json = on;
}

/* Is stderr a stream to the journal? systemd.exec(5), JOURNAL_STREAM. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char mine[64];
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, mine) == 0;
}

/* Whatever the umask: the group may read a log. */
static int open_file(const char *path)
{
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY;
    int fd = open(path, flags | O_CREAT | O_EXCL, 0640);

    if (fd < 0)
        return open(path, flags | O_CREAT, 0640);
    if (fchmod(fd, 0640) == 0)
        return fd;
    close(fd);
    return -1;
}

bool mx_log_open(const char *path)
{
    size_t n = path ? strlen(path) : 0;
    int fd = STDERR_FILENO;

    if (n >= sizeof log_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (n > 0)
        fd = open_file(path);
    if (fd < 0)
        return false;
    if (log_fd != STDERR_FILENO)
        close(log_fd);
    log_fd = fd;
    journal = fd == STDERR_FILENO && is_journal();
    memmove(log_path, n ? path : "", n + 1);
    return true;
}

bool mx_log_reopen(void)
{
    return mx_log_open(log_path);
}

static void context_set(struct context *c, struct mx_str s)
{
    c->n = s.n < sizeof c->text ? s.n : sizeof c->text;
    if (c->n)
        memcpy(c->text, s.p, c->n);
}

void mx_log_context(struct mx_str request_id, struct mx_str trace_id)
{
    context_set(&request, request_id);
    context_set(&trace, trace_id);
}

/* Append whole or not at all: an escape or a character is never cut in two. */
static void put(struct line *l, const char *p, size_t n)
{
    if (l->cut || n > sizeof l->text - LINE_TAIL - l->n) {
        l->cut = true;
        return;
    }
    memcpy(l->text + l->n, p, n);
    l->n += n;
}

/* Behind a pair: what is cut from here on is left out whole. */
static void end_pair(struct line *l)
{
    if (!l->cut)
        l->whole = l->n;
}

static void put_key(struct line *l, const char *key)
{
    const char *before = json ? l->pairs ? ",\"" : "{\"" : l->pairs ? " " : "";

    l->pairs = true;
    put(l, before, strlen(before));
    put(l, key, strlen(key));
    put(l, json ? "\":" : "=", json ? 2 : 1);
}

static bool is_plain(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\')
            return false;
    return s.n > 0;
}

static void put_hex(struct line *l, unsigned char byte)
{
    char hex[6];
    int n = snprintf(hex, sizeof hex, json ? "\\\\x%02x" : "\\x%02x", byte);

    put(l, hex, (size_t)n);
}

/* The character at s[at], escaped where it must be; how many bytes it has. */
static size_t put_char(struct line *l, struct mx_str s, size_t at)
{
    static const char named[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
    size_t n = mx_str_utf8(s, at);
    unsigned char c = (unsigned char)s.p[at];
    const char *name = c ? memchr(named, c, sizeof named - 1) : NULL;

    /* U+0080 to U+009F are control characters too: terminals obey them. */
    bool control =
        c < 0x20 || c == 0x7f || (c == 0xc2 && n == 2 && (unsigned char)s.p[at + 1] < 0xa0);

    if (name) {
        put(l, (char[]){'\\', letters[name - named]}, 2);
        return 1;
    }
    if (n && !control) {
        put(l, s.p + at, n);
        return n;
    }
    put_hex(l, c);
    if (n == 2)
        put_hex(l, (unsigned char)s.p[at + 1]);
    return n ? n : 1;
}

static void put_quoted(struct line *l, struct mx_str s)
{
    put(l, "\"", 1);
    l->quoted = !l->cut;
    for (size_t i = 0; i < s.n && !l->cut;)
        i += put_char(l, s, i);
    put(l, "\"", 1);
    if (!l->cut)
        l->quoted = false;
}

static void put_value(struct line *l, const char *key, struct mx_str s)
{
    put_key(l, key);
    if (!json && is_plain(s))
        put(l, s.p, s.n);
    else
        put_quoted(l, s);
    end_pair(l);
}

static void put_number(struct line *l, const char *key, int64_t value, bool is_ns)
{
    char text[MX_I64_TEXT], thousandths[MX_I64_TEXT];
    struct mx_str whole = mx_str_i64_text(is_ns ? value / 1000000 : value, text);

    put_key(l, key);
    put(l, whole.p, whole.n);
    if (is_ns) {
        /* The digits behind a 1 have leading zeros. */
        whole = mx_str_i64_text(1000 + llabs(value / 1000 % 1000), thousandths);
        put(l, ".", 1);
        put(l, whole.p + 1, whole.n - 1);
    }
    end_pair(l);
}

static void put_head(struct line *l, enum mx_level level, const char *msg)
{
    static const char *const priorities[] = {"<7>", "<6>", "<4>", "<3>", "<2>"};
    char now[MX_TIME_TEXT];

    if (torn)
        put(l, "\n", 1);
    if (journal)
        put(l, priorities[level], 3);
    mx_time_text((struct mx_time){mx_wall_ms()}, now);
    put_value(l, "ts", (struct mx_str){now, sizeof now});
    put_value(l, "level", mx_str_c(level_words[level]));
    put_number(l, "pid", getpid(), false);
    if (request.n)
        put_value(l, "req", (struct mx_str){request.text, request.n});
    if (trace.n)
        put_value(l, "trace", (struct mx_str){trace.text, trace.n});
    put_key(l, "msg");
    put_quoted(l, mx_str_c(msg));
    end_pair(l);
}

/* For what there is always room. */
static void put_end(struct line *l, const char *text)
{
    size_t n = strlen(text);

    memcpy(l->text + l->n, text, n);
    l->n += n;
}

static void put_tail(struct line *l)
{
    if (l->cut && json && !l->quoted)
        l->n = l->whole;
    else if (l->cut)
        put_end(l, CUT);
    if (l->quoted)
        put_end(l, "\"");
    if (l->cut && json)
        put_end(l, CUT_MEMBER);
    put_end(l, json ? "}\n" : "\n");
}

/* False: the disk is full, or whatever is behind the descriptor takes no more. */
static bool write_line(const struct line *l)
{
    ssize_t n;

    do
        n = write(log_fd, l->text, l->n);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        torn = (size_t)n < l->n;
    return n == (ssize_t)l->n;
}

/* Behind the first line that could be written again. */
static void tell_lost(void)
{
    int64_t n = lost;

    if (n == 0)
        return;
    lost = 0;
    mx_log(MX_LOG_ERROR, "log lines could not be written", MX_KI("lines", n));
    lost += lost > 0 ? n : 0;
}

void mx_log_line(enum mx_level level, const char *msg, const struct mx_kv *kv)
{
    int caller_errno = errno;
    struct line l;

    if (level < lowest)
        return;
    l.n = l.whole = 0;
    l.pairs = l.quoted = l.cut = false;
    put_head(&l, level, msg);
    for (; kv->kind != MX_KV_END; kv++)
        if (kv->kind == MX_KV_STR)
            put_value(&l, kv->key, kv->s);
        else
            put_number(&l, kv->key, kv->i, kv->kind == MX_KV_MS);
    put_tail(&l);
    if (write_line(&l))
        tell_lost();
    else
        lost++;
    errno = caller_errno;
}
