#include "base/arena.h"
#include "base/conf.h"
#include "tap.h"

static struct mx_arena *arena;
static struct mx_settings conf;
static struct mx_buf faults;

/* An environment of the lines of `text`. */
static char *const *env_of(const char *text)
{
    char **env = MX_NEW_N(arena, 16, char *);
    struct mx_str rest = mx_str_c(text), line;

    for (size_t n = 0; mx_str_split(&rest, '\n', &line); n++)
        env[n] = mx_arena_dup(arena, line.p, line.n);
    return env;
}

static enum mx_err read_conf(const char *file, char *const *env)
{
    mx_buf_init(&faults, arena, 65536);
    return mx_conf_read(arena, "file", mx_str_c(file), env, &conf, &faults);
}

static struct mx_setting_view view_of(const char *name)
{
    for (int i = 0; i < mx_conf_count(); i++) {
        struct mx_setting_view v = mx_conf_view(arena, i);

        if (strcmp(v.name, name) == 0)
            return v;
    }
    return (struct mx_setting_view){0};
}

static void test_defaults(void)
{
    tap_err(read_conf(NULL, NULL), MX_OK, "no file and no environment");
    tap_str(mx_buf_view(&faults), "", "no fault");
    tap_int(conf.backlog, 511, "default of an integer");
    tap_str(mx_str_c(conf.currency), "EUR", "default of a string");
    tap_ok(conf.verify_email && !conf.sandbox_provider, "defaults of switches");
    tap_str(mx_str_c(view_of("backlog").origin), "default", "origin");
}

static void test_sources(void)
{
    char *const *env = env_of("HOME=/"
                              "x\nMERX_WORKERS=3\nMERX_WORKERS=9\nMERX_DB_HOST=\nMERX_"
                              "BACKLOGGED\nMERX_ISSUER=https://a.test/?x=1");

    tap_err(read_conf("# comment\n\n \t# another\r\nworkers = 2\nslow_workers=4\r\n"
                      "  shop_name\t=  A = b # c  \nverify_email = off\nsandbox_provider = on",
                      env),
            MX_OK, "file and environment");
    tap_str(mx_buf_view(&faults), "", "no fault");
    tap_int(conf.workers.max, 3, "the environment beats the file, its first entry counts");
    tap_int(conf.slow_workers.min, 4, "the file beats the default");
    tap_str(mx_str_c(conf.shop_name), "A = b # c", "a value is all behind the first =");
    tap_str(mx_str_c(conf.issuer), "https://a.test/?x=1", "in the environment too");
    tap_ok(!conf.verify_email && conf.sandbox_provider, "switches");
    tap_str(mx_str_c(view_of("workers").origin), "environment", "origin environment");
    tap_str(mx_str_c(view_of("workers").value), "3", "value of an integer");
    tap_str(mx_str_c(view_of("slow_workers").origin), "file", "origin file");
    tap_str(mx_str_c(view_of("db_host").origin), "environment", "set to nothing is set");
    tap_str(mx_str_c(view_of("verify_email").value), "off", "value of a switch");
    tap_str(mx_str_c(view_of("db_statement_timeout_ms").env), "MERX_DB_STATEMENT_TIMEOUT_MS",
            "name of the variable");
    tap_ok(view_of("backlog").doc && *view_of("backlog").doc, "documentation");
}

#define MORE_NAME                                                                                \
    "settings: more_pools: a name consists of up to 15 small letters and digits, begins with a " \
    "letter and is no other pool's\n"
#define MORE_FORM                                                                      \
    "settings: more_pools must be NAME KIND WORKERS SOCKET each, as outlet fast 2..8 " \
    "/run/merx/outlet.sock\n"

static void test_faults(void)
{
    static const struct {
        const char *file, *fault;
    } rows[] = {
        {"nonsense", "file line 1: expected name = value\n"},
        {"\n\nworker = 3", "file line 3: unknown setting \"worker\"\n"},
        {"Workers = 3", "file line 1: unknown setting \"Workers\"\n"},
        {"= 3", "file line 1: unknown setting \"\"\n"},
        {"a\x1b\xff = 3", "file line 1: unknown setting \"a??\"\n"},
        {"\nrate_login_burst = 5",
         "file line 2: rate_login_burst is now rate_login_per_account_ip_burst\n"},
        {"rate_code_burst = 5", "file line 1: rate_code_burst is gone: each mailed code counts its "
                                "own tries; for codes of "
                                "second factors it is now rate_mfa_per_account_burst\n"},
        {"workers = 1\nworkers = 1", "file line 2: workers is already set on line 1\n"},
        {"workers = many", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers =", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers = 1025", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers = -1", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers = 03", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"verify_email = yes", "file line 1: verify_email must be on or off\n"},
        {"verify_email = ON", "file line 1: verify_email must be on or off\n"},
        {"shop_name = a\tb", "file line 1: shop_name must not contain control characters\n"},
        {"log_level = loud", "settings: log_level must be debug, info, warn or error\n"},
        {"socket_mode = rw", "settings: socket_mode must be octal, as 0660\n"},
        {"socket_mode = 0669", "settings: socket_mode must be octal, as 0660\n"},
        {"socket_mode = 66", "settings: socket_mode must be octal, as 0660\n"},
        {"socket_mode = 4755", "settings: socket_mode must be octal, as 0660\n"},
        {"cors_origins = *", "settings: cors_origins must be scheme://host[:port] each\n"},
        {"cors_origins = https://a.test/",
         "settings: cors_origins must be scheme://host[:port] each\n"},
        {"cors_origins = https://*.a.test",
         "settings: cors_origins must be scheme://host[:port] each\n"},
        {"cors_origins = https://", "settings: cors_origins must be scheme://host[:port] each\n"},
        {"issuer =", "settings: issuer and audience must not be empty\n"},
        {"keys =", "settings: keys must not be empty\n"},
        {"socket =", "settings: socket, socket_slow and control must not be empty\n"},
        {"socket_slow = /run/merx/merx.sock",
         "settings: the fast and the slow pool must have different sockets\n"},
        {"socket_pay = /run/merx/control.sock",
         "settings: the socket of the pay pool must not be control\n"},
        {"metrics_socket = /run/merx/control.sock",
         "settings: metrics_socket must be a socket of its own\n"},
        {"db_socket =", "settings: db_host or db_socket must be set\n"},
        {"db_host = db.test", "settings: db_tls_ca is required with db_host\n"},
        {"db_statement_timeout_ms = 8000",
         "settings: db_statement_timeout_ms must be below request_timeout_ms\n"},
        {"queue_age_max_ms = 9000",
         "settings: queue_age_max_ms must be below request_timeout_ms\n"},
        {"drain_timeout_s = 7", "settings: request_timeout_ms must not exceed drain_timeout_s\n"},
        {"workers = 31",
         "settings: workers_max must be at least 82: twice the workers of all pools, and of a pool "
         "on demand one\n"},
        {"workers = 20..40\nslow_workers = 19..36",
         "settings: workers_max must be at least 82: twice the workers of all pools, and of a pool "
         "on demand one\n"},
        {"workers = 2..", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers = 2.3", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers = 3..2", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"workers = 0..0", "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"},
        {"slow_workers = 0",
         "file line 1: slow_workers must be an integer from 1 to 256, or MIN..MAX\n"},
        {"more_pools = fast fast 2 /a", MORE_NAME},
        {"more_pools = Shop fast 2 /a", MORE_NAME},
        {"more_pools = a fast 2 /a, a fast 2 /b", MORE_NAME},
        {"more_pools = a quick 2 /a", MORE_FORM},
        {"more_pools = a fast 0 /a", MORE_FORM},
        {"more_pools = a fast 2", MORE_FORM},
        {"more_pools = a fast 2 /a /b", MORE_FORM},
        {"more_pools = a fast 2 /run/merx/merx.sock",
         "settings: the fast and the a pool must have different sockets\n"},
        {"more_pools = a fast 1 /a, b fast 1 /b, c fast 1 /c, d fast 1 /d, e fast 1 /e",
         "settings: more_pools has more than 4 pools\n"},
        {"kept_connections = 1",
         "file line 1: kept_connections is gone: nginx decides whether a connection is kept; take "
         "the line keepalive out of the upstream merx_fast for a connection a request\n"},
        {"db_password_file = /nonexistent",
         "settings: db_password_file cannot be read: No such file or directory\n"},
        {"db_password_file = /dev/zero",
         "settings: db_password_file cannot be read: Invalid argument\n"},
        {"db_password_file = /", "settings: db_password_file cannot be read: Invalid argument\n"},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        conf.refresh_ttl_d = 77;
        tap_err(read_conf(rows[i].file, NULL), MX_E_VALIDATION_FAILED, "a fault is an error");
        tap_str(mx_buf_view(&faults), rows[i].fault, rows[i].file);
        tap_int(conf.refresh_ttl_d, 30, "the others have their values");
    }
}

static void test_good_values(void)
{
    static const char *const rows[] = {
        "socket_mode = 660",
        "socket_mode = 0777",
        "cors_origins = https://a.test http://b.test:8080",
        "workers = 28",
        "workers = 0..30\nslow_workers = 2..8\npay_workers = 0",
        "more_pools = outlet fast 2..8 /run/a , b slow 1 127.0.0.1:9",
        "db_host = db.test\ndb_tls_ca = /ca.pem",
        "request_timeout_ms = 40000",
        "log_level = debug",
        "socket = 127.0.0.1:9000",
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        tap_err(read_conf(rows[i], NULL), MX_OK, rows[i]);
        tap_str(mx_buf_view(&faults), "", "without a fault");
    }
}

static void test_all_at_once(void)
{
    char *const *env = env_of("MERX_BACKLOG=0\nMERX_LOG_LEVEL=x");

    tap_err(read_conf("workers = x\nfoo = 1\nverify_email =\nworkers = 2", env),
            MX_E_VALIDATION_FAILED, "many faults");
    tap_str(mx_buf_view(&faults),
            "file line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"
            "file line 2: unknown setting \"foo\"\n"
            "file line 3: verify_email must be on or off\n"
            "file line 4: workers is already set on line 1\n"
            "MERX_BACKLOG: backlog must be an integer from 1 to 65535\n"
            "settings: log_level must be debug, info, warn or error\n",
            "all are told");
}

/* The error for a name that is gone names settings that exist. */
static void test_former_names(void)
{
    static const char *const former[][2] = {
#define ROW(name, now) {#name, now},
        MX_SETTINGS_FORMER(ROW)
#undef ROW
    };

    for (size_t i = 0; i < MX_LEN(former); i++) {
        const char *word = strstr(former[i][1], "rate_");
        char file[64], known[64] = "";

        snprintf(file, sizeof file, "%s = 1", former[i][0]);
        tap_ok(read_conf(file, NULL) == MX_E_VALIDATION_FAILED, "%s", former[i][0]);
        if (word)
            snprintf(known, sizeof known, "%.*s", (int)strspn(word, "abcdefghijklmnopqrstuvwxyz_"),
                     word);
        tap_err(read_conf(NULL, NULL), MX_OK, "nothing is set");
        tap_ok(!word || view_of(known).name != NULL, "%s", known);
    }
    tap_err(read_conf(NULL, env_of("MERX_RATE_CODE_PER_HOUR=4\nMERX_RATE_GLOBAL_BURST=1")),
            MX_E_VALIDATION_FAILED, "in the environment too");
    tap_str(mx_buf_view(&faults),
            "MERX_RATE_CODE_PER_HOUR: rate_code_per_hour is gone: each mailed code counts its own "
            "tries; for codes of second factors it is now rate_mfa_per_account_per_hour\n"
            "MERX_RATE_GLOBAL_BURST: rate_global_burst is now rate_login_global_burst, and "
            "rate_mail_global_burst for mail\n",
            "both are told");
}

static void test_secrets(void)
{
    static const struct {
        const char *content, *password, *fault; /* one of them is NULL */
    } rows[] = {
        {"s3cret\n", "s3cret", NULL},
        {"s3cret", "s3cret", NULL},
        {" s3 cret#\r\nsecond line\n", " s3 cret#", NULL},
        {"", NULL, "settings: db_password_file must begin with a line of 1 to 4095 bytes\n"},
        {"\nx", NULL, "settings: db_password_file must begin with a line of 1 to 4095 bytes\n"},
        {"a\001b\n", NULL, "db_password_file: db_password must not contain control characters\n"},
    };
    char path[] = "/tmp/merx-test-conf.XXXXXX", file[128];
    int fd = mkstemp(path);

    snprintf(file, sizeof file, "db_password = other\ndb_password_file = %s\n", path);
    for (size_t i = 0; i < MX_LEN(rows); i++) {
        size_t n = strlen(rows[i].content);

        tap_ok(ftruncate(fd, 0) == 0 && pwrite(fd, rows[i].content, n, 0) == (ssize_t)n, "file %zu",
               i);
        tap_err(read_conf(file, NULL), rows[i].fault ? MX_E_VALIDATION_FAILED : MX_OK, "read");
        tap_str(mx_buf_view(&faults), rows[i].fault ? rows[i].fault : "", "its faults");
        if (rows[i].password)
            tap_str(mx_str_c(conf.db_password), rows[i].password, "first line of the file");
    }
    close(fd);
    unlink(path);
    tap_str(mx_str_c(view_of("db_password").value), "(set)", "a secret is not shown");
    tap_str(mx_str_c(view_of("db_password").origin), "file", "its origin is");
    tap_err(read_conf("db_password =", NULL), MX_OK, "an empty password");
    tap_str(mx_str_c(view_of("db_password").value), "", "an unset secret is empty");
    tap_err(read_conf("db_password = s3cr\003et", NULL), MX_E_VALIDATION_FAILED, "a bad secret");
    tap_ok(!strstr(faults.p, "s3cr"), "a fault does not tell it");
}

static void test_view_after_fault(void)
{
    tap_err(read_conf("workers = 5", NULL), MX_OK, "good settings");
    tap_err(read_conf("workers = 6\nfoo = 1", NULL), MX_E_VALIDATION_FAILED, "then bad ones");
    tap_str(mx_str_c(view_of("workers").value), "5", "the view stays with the good ones");
}

static void test_sample(void)
{
    struct mx_str rest, line;
    struct mx_buf sample, active;
    int n = 0;

    mx_buf_init(&sample, arena, 65536);
    mx_buf_init(&active, arena, 65536);
    mx_conf_sample(arena, &sample);
    tap_err(read_conf(sample.p, NULL), MX_OK, "the sample can be read");
    rest = mx_buf_view(&sample);
    while (mx_str_split(&rest, '\n', &line))
        if (line.n > 1 && line.p[0] == '#' && line.p[1] != ' ') {
            mx_buf_str(&active, mx_str_sub(line, 1, line.n));
            mx_buf_byte(&active, '\n');
            n++;
        }
    tap_int(n, mx_conf_count(), "it has a line for each setting");
    tap_err(read_conf(active.p, NULL), MX_OK, "each line can be read");
    tap_str(mx_buf_view(&faults), "", "without a fault");
    tap_str(mx_str_c(view_of("workers_max").origin), "file", "and counts");
}

static void test_unknown_env(void)
{
    char *const *env =
        env_of("MERX_WORKERS=1\nMERX_CONF=/"
               "x\nMERX_WORKER=1\nMERX_\nXMERX_A=1\nmerx_a=1\nMERX_a\033=1\nPATH=/x");
    struct mx_buf out;

    mx_buf_init(&out, arena, 4096);
    mx_conf_unknown_env(env, &out);
    tap_str(mx_buf_view(&out), "\"MERX_WORKER\"\n\"MERX_\"\n\"MERX_a?\"\n", "unknown variables");
    mx_buf_clear(&out);
    mx_conf_unknown_env(NULL, &out);
    tap_str(mx_buf_view(&out), "", "none");
}

int main(void)
{
    arena = mx_arena_new(65536, 1 << 24);
    test_defaults();
    test_sources();
    test_faults();
    test_good_values();
    test_all_at_once();
    test_former_names();
    test_secrets();
    test_view_after_fault();
    test_sample();
    test_unknown_env();
    mx_arena_free(arena);
    return tap_done();
}
