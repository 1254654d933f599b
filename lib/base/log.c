#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "base/clock.h"

#define CUT "…"
#define LINE_TAIL (sizeof CUT - 1 + sizeof "\"\n" - 1)
#define CONTEXT_MAX 64

struct line {
    char text[PIPE_BUF];
    size_t n;
    bool quoted; /* inside a quoted value */
    bool cut;    /* full: nothing more is appended */
};

struct context {
    char text[CONTEXT_MAX];
    size_t n;
};

static const char *const level_words[] = {"debug", "info", "warn", "error", "bug"};
static enum mx_level lowest = MX_LOG_INFO;
static int log_fd = STDERR_FILENO;
static char log_path[PATH_MAX];
static struct context request, trace;

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

bool mx_log_open(const char *path)
{
    size_t n = path ? strlen(path) : 0;
    int fd = STDERR_FILENO;

    if (n >= sizeof log_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (n > 0)
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0)
        return false;
    if (log_fd != STDERR_FILENO)
        close(log_fd);
    log_fd = fd;
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

static void put_key(struct line *l, const char *key)
{
    if (l->n)
        put(l, " ", 1);
    put(l, key, strlen(key));
    put(l, "=", 1);
}

static bool is_plain(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"=\\", s.p[i]))
            return false;
    return s.n > 0;
}

static void put_hex(struct line *l, unsigned char byte)
{
    char hex[5];

    snprintf(hex, sizeof hex, "\\x%02x", byte);
    put(l, hex, 4);
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
    if (is_plain(s))
        put(l, s.p, s.n);
    else
        put_quoted(l, s);
}

static void put_number(struct line *l, const char *key, int64_t value, bool is_ns)
{
    char text[32];
    int n;

    if (is_ns)
        n = snprintf(text, sizeof text, "%" PRId64 ".%03d", value / 1000000,
                     abs((int)(value / 1000 % 1000)));
    else
        n = snprintf(text, sizeof text, "%" PRId64, value);
    put_key(l, key);
    put(l, text, (size_t)n);
}

static void put_head(struct line *l, enum mx_level level, const char *msg)
{
    char now[MX_TIME_TEXT];

    mx_time_text((struct mx_time){mx_wall_ms()}, now);
    put_key(l, "ts");
    put(l, now, sizeof now);
    put_value(l, "level", mx_str_c(level_words[level]));
    put_number(l, "pid", getpid(), false);
    if (request.n)
        put_value(l, "req", (struct mx_str){request.text, request.n});
    if (trace.n)
        put_value(l, "trace", (struct mx_str){trace.text, trace.n});
    put_key(l, "msg");
    put_quoted(l, mx_str_c(msg));
}

static void put_tail(struct line *l)
{
    if (l->cut) {
        memcpy(l->text + l->n, CUT, sizeof CUT - 1);
        l->n += sizeof CUT - 1;
    }
    if (l->quoted)
        l->text[l->n++] = '"';
    l->text[l->n++] = '\n';
}

void mx_log_line(enum mx_level level, const char *msg, const struct mx_kv *kv)
{
    int caller_errno = errno;
    struct line l;
    ssize_t written;

    if (level < lowest)
        return;
    l.n = 0;
    l.quoted = l.cut = false;
    put_head(&l, level, msg);
    for (; kv->kind != MX_KV_END; kv++)
        if (kv->kind == MX_KV_STR)
            put_value(&l, kv->key, kv->s);
        else
            put_number(&l, kv->key, kv->i, kv->kind == MX_KV_MS);
    put_tail(&l);
    do
        written = write(log_fd, l.text, l.n);
    while (written < 0 && errno == EINTR);
    errno = caller_errno;
}
