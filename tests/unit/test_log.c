#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/clock.h"
#include "codec/json.h"
#include "tap.h"

static char path[] = "/tmp/merx-test-log.XXXXXX";
static char text[3 * PIPE_BUF];

/* Contents of the log file, which is emptied. */
static struct mx_str logged(void)
{
    int fd = open(path, O_RDWR);
    ssize_t n = read(fd, text, sizeof text);

    if (ftruncate(fd, 0) != 0)
        n = 0;
    close(fd);
    return (struct mx_str){text, n > 0 ? (size_t)n : 0};
}

/* The part of the only line behind "msg=". */
static struct mx_str behind_msg(void)
{
    static const char mark[] = " msg=";
    struct mx_str s = logged();
    const char *at = memmem(s.p, s.n, mark, sizeof mark - 1);

    if (!at || s.p[s.n - 1] != '\n')
        return (struct mx_str){0};
    return mx_str_sub(s, (size_t)(at - s.p) + sizeof mark - 1,
                      (size_t)(s.p + s.n - at) - sizeof mark);
}

static void test_line(void)
{
    struct mx_str s, now, key;
    struct mx_time t;
    int64_t value;

    mx_log_context(MX_S("r-1"), MX_S("t 2"));
    mx_log(MX_LOG_WARN, "hello", MX_KI("n", -5), MX_KS("s", MX_S("plain/1.2:3")));
    mx_log_context((struct mx_str){0}, (struct mx_str){0});
    s = logged();
    tap_ok(mx_str_split(&s, ' ', &now) && mx_str_starts(now, MX_S("ts=")) &&
               mx_time_parse(mx_str_sub(now, 3, now.n), &t),
           "begins with the time");
    tap_ok(mx_str_split(&s, ' ', &key) && mx_str_eqc(key, "level=warn"), "then the level");
    tap_ok(mx_str_split(&s, ' ', &key) && mx_str_starts(key, MX_S("pid=")) &&
               mx_str_i64(mx_str_sub(key, 4, key.n), getpid(), getpid(), &value),
           "then the process");
    tap_str(s, "req=r-1 trace=\"t 2\" msg=\"hello\" n=-5 s=plain/1.2:3\n", "then the rest");
    mx_log(MX_LOG_INFO, "bye");
    s = logged();
    tap_ok(!memmem(s.p, s.n, "req=", 4) && !memmem(s.p, s.n, "trace=", 6),
           "a cleared context is not shown");
}

static void test_values(void)
{
    static const struct {
        struct mx_str value;
        const char *shown;
    } rows[] = {
        {{"a", 1}, "a"},
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{"a b", 3}, "\"a b\""},
        {{"a=b", 3}, "\"a=b\""},
        {{"a\"b", 3}, "\"a\\\"b\""},
        {{"a\\b", 3}, "\"a\\\\b\""},
        {{"a\nb\r\t", 5}, "\"a\\nb\\r\\t\""},
        {{"\0\x01\x1b[0m\x7f", 7}, "\"\\x00\\x01\\x1b[0m\\x7f\""},
        {{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9}, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {{"\xc2\x9b\xc2\xa0", 4}, "\"\\xc2\\x9b\xc2\xa0\""},
        {{"\xff\xc3", 2}, "\"\\xff\\xc3\""},
        {{"\xed\xa0\x80", 3}, "\"\\xed\\xa0\\x80\""},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        char want[128];

        mx_log(MX_LOG_ERROR, "m", MX_KS("v", rows[i].value));
        snprintf(want, sizeof want, "\"m\" v=%s", rows[i].shown);
        tap_str(behind_msg(), want, "value");
    }
    mx_log(MX_LOG_ERROR, "a\n\"b\"");
    tap_str(behind_msg(), "\"a\\n\\\"b\\\"\"", "the message is escaped too");
}

static void test_numbers(void)
{
    static const struct {
        struct mx_kv kv;
        const char *shown;
    } rows[] = {
        {{"i", MX_KV_INT, {0}, 0}, "i=0"},
        {{"i", MX_KV_INT, {0}, INT64_MIN}, "i=-9223372036854775808"},
        {{"t", MX_KV_MS, {0}, 0}, "t=0.000"},
        {{"t", MX_KV_MS, {0}, 1234567}, "t=1.234"},
        {{"t", MX_KV_MS, {0}, 999}, "t=0.000"},
        {{"t", MX_KV_MS, {0}, 1000}, "t=0.001"},
        {{"t", MX_KV_MS, {0}, INT64_MAX}, "t=9223372036854.775"},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        char want[128];

        mx_log(MX_LOG_ERROR, "m", rows[i].kv);
        snprintf(want, sizeof want, "\"m\" %s", rows[i].shown);
        tap_str(behind_msg(), want, "number");
    }
}

/* Whatever the length: one line, at most PIPE_BUF bytes, whole characters, balanced quotes. */
static void test_cut(void)
{
    static char big[2 * PIPE_BUF];
    bool bounded = true, marked = true, quoted = true;

    for (size_t i = 0; i + 2 < sizeof big; i += 2)
        memcpy(big + i, "\xc3\xa4", 2);
    for (size_t n = PIPE_BUF - 200; n <= PIPE_BUF + 200; n++) {
        struct mx_str s;
        bool cut;

        mx_log(MX_LOG_ERROR, "m", MX_KS("v", ((struct mx_str){big, n / 2 * 2})), MX_KC("w", "x y"));
        s = logged();
        cut = !mx_str_ends(s, MX_S(" w=\"x y\"\n"));
        bounded = bounded && s.n <= PIPE_BUF && mx_str_find(s, '\n') == (ptrdiff_t)s.n - 1;
        marked = marked && (!cut || memmem(s.p, s.n, "…", 3));
        quoted = quoted && (!cut || mx_str_ends(s, MX_S("…\"\n")) || mx_str_ends(s, MX_S("…\n")));
        for (size_t k = 0; k < s.n; k += mx_str_utf8(s, k))
            if (!mx_str_utf8(s, k)) {
                bounded = false;
                break;
            }
    }
    tap_ok(bounded, "a long line is one line of at most PIPE_BUF bytes, valid UTF-8");
    tap_ok(marked, "a cut line says so");
    tap_ok(quoted, "a cut value is closed");
    memset(big, 'x', sizeof big - 1);
    mx_log(MX_LOG_ERROR, big, MX_KC("a", "b"));
    tap_ok(mx_str_ends(logged(), MX_S("xxx…\"\n")), "a long message is cut and closed");
}

/* Each line is a JSON object, whatever is in it and wherever it is cut. */
static bool is_object(struct mx_str s)
{
    struct mx_arena *a = mx_arena_new(1 << 16, 1 << 20);
    const struct mx_json *root;
    const char *why;
    size_t at;
    bool good = mx_json_parse(a, mx_str_sub(s, 0, s.n - 1), &root, &why, &at) == MX_OK &&
                mx_str_starts(s, MX_S("{"));

    mx_arena_free(a);
    return good;
}

static void test_json(void)
{
    static char big[2 * PIPE_BUF];
    bool objects = true, bounded = true, marked = true;
    struct mx_str s;

    mx_log_json(true);
    mx_log_context(MX_S("r-1"), (struct mx_str){0});
    mx_log(MX_LOG_WARN, "a \"b\"", MX_KI("n", -5), MX_KMS("ms", 1234567), MX_KS("s", MX_S("x")),
           MX_KS("odd", ((struct mx_str){"\x01\xff\xc2\x9b\\\n", 6})));
    mx_log_context((struct mx_str){0}, (struct mx_str){0});
    s = logged();
    tap_ok(is_object(s), "a line is an object");
    tap_ok(mx_str_starts(s, MX_S("{\"ts\":\"2")) &&
               mx_str_ends(s, MX_S(",\"req\":\"r-1\",\"msg\":\"a \\\"b\\\"\",\"n\":-5,"
                                   "\"ms\":1.234,\"s\":\"x\",\"odd\":\"\\\\x01\\\\xff"
                                   "\\\\xc2\\\\x9b\\\\\\n\"}\n")),
           "with numbers as numbers and every byte escaped");
    memset(big, 'x', sizeof big);
    for (size_t n = PIPE_BUF - 200; n <= PIPE_BUF + 20; n++) {
        mx_log(MX_LOG_ERROR, "m", MX_KS("v", ((struct mx_str){big, n})), MX_KC("w", "x y"),
               MX_KI("i", 123456789));
        s = logged();
        objects = objects && is_object(s);
        bounded = bounded && s.n <= PIPE_BUF;
        marked = marked && (mx_str_ends(s, MX_S(",\"w\":\"x y\",\"i\":123456789}\n")) ||
                            mx_str_ends(s, MX_S(",\"cut\":true}\n")));
    }
    tap_ok(objects, "a cut line is an object");
    tap_ok(bounded, "of at most PIPE_BUF bytes");
    tap_ok(marked, "and says that it is cut");
    mx_log_json(false);
}

static void test_levels(void)
{
    static const struct {
        const char *word;
        bool good;
        enum mx_level level;
    } rows[] = {{"debug", true, MX_LOG_DEBUG}, {"info", true, MX_LOG_INFO},
                {"warn", true, MX_LOG_WARN},   {"error", true, MX_LOG_ERROR},
                {"bug", false, MX_LOG_BUG},    {"INFO", false, MX_LOG_BUG},
                {"", false, MX_LOG_BUG},       {NULL, false, MX_LOG_BUG}};

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        enum mx_level level = MX_LOG_BUG;

        tap_ok(mx_log_level_parse(mx_str_c(rows[i].word), &level) == rows[i].good &&
                   level == rows[i].level,
               "level %s", rows[i].word ? rows[i].word : "absent");
    }
    for (int min = MX_LOG_DEBUG; min <= MX_LOG_ERROR; min++)
        for (int level = MX_LOG_DEBUG; level <= MX_LOG_ERROR; level++) {
            mx_log_level((enum mx_level)min);
            mx_log((enum mx_level)level, "m");
            tap_ok((logged().n > 0) == (level >= min), "level %d at minimum %d", level, min);
        }
    mx_log_level(MX_LOG_INFO);
}

static void test_files(void)
{
    char moved[sizeof path + 2], long_path[PATH_MAX + 1];

    snprintf(moved, sizeof moved, "%s.1", path);
    mx_log(MX_LOG_INFO, "one");
    tap_ok(rename(path, moved) == 0 && mx_log_reopen(), "reopen after a rename");
    mx_log(MX_LOG_INFO, "two");
    tap_str(behind_msg(), "\"two\"", "later lines go to the new file");
    tap_ok(unlink(moved) == 0, "the old file is there still");
    tap_ok(!mx_log_open("/nonexistent/dir/log") && errno == ENOENT, "a bad path fails with errno");
    memset(long_path, 'x', PATH_MAX);
    long_path[PATH_MAX] = 0;
    tap_ok(!mx_log_open(long_path) && errno == ENAMETOOLONG, "so does a long one");
    errno = 7;
    mx_log(MX_LOG_INFO, "three");
    tap_int(errno, 7, "logging keeps errno");
    tap_str(behind_msg(), "\"three\"", "a failed open changes nothing");
    tap_ok(mx_log_open(NULL) && mx_log_open("") && mx_log_reopen(), "back to standard error");
}

static void limit_file(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};

    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        MX_BUG("setrlimit: %s", strerror(errno));
}

/* A limit on the file's size is like a full disk: a part of a line, then nothing. */
static void test_full_disk(void)
{
    struct mx_str s, line, message = MX_S(" msg=\"log lines could not be written\" lines=3");

    signal(SIGXFSZ, SIG_IGN);
    limit_file(20);
    for (int i = 0; i < 3; i++)
        mx_log(MX_LOG_INFO, "no room");
    limit_file(RLIM_INFINITY);
    mx_log(MX_LOG_INFO, "room");
    mx_log(MX_LOG_INFO, "more");
    s = logged();
    tap_ok(mx_str_split(&s, '\n', &line) && line.n == 20, "the part of a line");
    tap_ok(mx_str_split(&s, '\n', &line) && mx_str_ends(line, MX_S(" msg=\"room\"")),
           "has its end before the next one");
    tap_ok(mx_str_split(&s, '\n', &line) && mx_str_ends(line, message),
           "the lost ones are counted");
    tap_ok(mx_str_split(&s, '\n', &line) && mx_str_ends(line, MX_S(" msg=\"more\"")), "once");
}

int main(void)
{
    int fd = mkstemp(path);

    close(fd);
    if (!tap_ok(fd >= 0 && mx_log_open(path), "open"))
        return tap_done();
    test_line();
    test_values();
    test_numbers();
    test_cut();
    test_json();
    test_levels();
    test_full_disk();
    test_files();
    unlink(path);
    return tap_done();
}
