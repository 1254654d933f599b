/* Structured log: one line an event on stderr or a file, as logfmt (`key=value`) or JSON, one
 * write(2) a line (at most PIPE_BUF bytes, longer lines are cut with "…"). Values are escaped:
 * control characters, quotes, DEL and invalid UTF-8 never reach the line raw; logfmt quotes all but
 * plain words. On a stderr that is the journal's each line begins with its priority (sd-daemon(3)).
 * Lines that could not be written, for the disk is full, are counted, and the number is a line of
 * its own behind the next one that can be. Never pass secrets, tokens, bodies or e-mail addresses.
 * Not for signal handlers.
 *
 *   ts=2026-01-02T03:04:05.678Z level=info pid=123 req=… msg="listening" socket=/run/merx.sock
 *   {"ts":"2026-01-02T03:04:05.678Z","level":"info","pid":123,"req":"…","msg":"listening",…} */
#ifndef MX_BASE_LOG_H
#define MX_BASE_LOG_H

#include "base/str.h"

/* MX_LOG_BUG is for mx_bug alone. */
enum mx_level { MX_LOG_DEBUG, MX_LOG_INFO, MX_LOG_WARN, MX_LOG_ERROR, MX_LOG_BUG };

/* Level of the word debug, info, warn or error; false for any other. */
bool mx_log_level_parse(struct mx_str word, enum mx_level *ret_level);

/* Lines below `min` are dropped. */
void mx_log_level(enum mx_level min);
/* Lines are JSON objects from now on, or logfmt. */
void mx_log_json(bool on);
/* Append to `path` ("" or NULL: stderr), which gets mode 0640 when it is made. Reopened by
 * mx_log_reopen (logrotate). False with errno.
 */
bool mx_log_open(const char *path);
bool mx_log_reopen(void);
/* Request and trace id (at most 64 bytes of each) put on every line until cleared with absent
 * slices.
 */
void mx_log_context(struct mx_str request_id, struct mx_str trace_id);

/* One value of a line. Build with the macros below; a list ends at {0}. */
struct mx_kv {
    const char *key;
    enum { MX_KV_END, MX_KV_STR, MX_KV_INT, MX_KV_MS } kind;
    struct mx_str s;
    int64_t i;
};
#define MX_KS(k, slice) ((struct mx_kv){(k), MX_KV_STR, (slice), 0})
#define MX_KC(k, cstr) ((struct mx_kv){(k), MX_KV_STR, mx_str_c(cstr), 0})
#define MX_KI(k, num) ((struct mx_kv){(k), MX_KV_INT, {0, 0}, (int64_t)(num)})
/* Nanoseconds, printed as milliseconds with three decimals. */
#define MX_KMS(k, ns) ((struct mx_kv){(k), MX_KV_MS, {0, 0}, (int64_t)(ns)})

/* mx_log(MX_LOG_INFO, "listening", MX_KC("socket", path)); */
#define mx_log(level, ...) MX_LOG_LINE(level, __VA_ARGS__, (struct mx_kv){0})
#define MX_LOG_LINE(level, msg, ...) \
    mx_log_line((level), (msg), (const struct mx_kv[]){__VA_ARGS__})
void mx_log_line(enum mx_level level, const char *msg, const struct mx_kv *kv);

#endif
