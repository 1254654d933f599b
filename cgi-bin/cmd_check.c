/* merx check: what can be told of an installation before it serves. An error keeps merx from
 * starting, or from doing what it is set to; a warning does not, for a unit runs this command
 * before it starts: the store may be filled, and a database that is down come up, later. */
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/conf.h"
#include "cmd.h"
#include "codec/keys.h"
#include "io/db.h"
#include "io/migrate.h"
#include "io/settings_file.h"
#include "io/smtp.h"
#include "q/check.h"
#include "shop/job.h"
#include "worker.h"

#define TEXT_MAX ((size_t)1 << 20)
#define PRIVILEGES_SHOWN 5
#define MINUTE_MS INT64_C(60000)
#define LAG_MS (5 * MINUTE_MS)
#define TRIED_MS MINUTE_MS /* one who works tries again what the world hinders each few seconds */

struct check {
    struct mx_arena *arena;
    const struct mx_settings *conf;
    struct mx_db *db;
    int errors, warnings;
};

static void fault(struct check *c, const char *fmt, ...) MX_PRINTF(2, 3);
static void warn(struct check *c, const char *fmt, ...) MX_PRINTF(2, 3);

/* A line on standard error. */
MX_PRINTF(2, 0) static void say(const char *before, const char *fmt, va_list args)
{
    fputs(before, stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

static void fault(struct check *c, const char *fmt, ...)
{
    va_list args;

    c->errors++;
    va_start(args, fmt);
    say("", fmt, args);
    va_end(args);
}

static void warn(struct check *c, const char *fmt, ...)
{
    va_list args;

    c->warnings++;
    va_start(args, fmt);
    say("warning: ", fmt, args);
    va_end(args);
}

/* ---- settings ---- */

static void check_environment(struct check *c)
{
    struct mx_str rest, name;
    struct mx_buf out;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    mx_conf_unknown_env(environ, &out);
    rest = mx_buf_view(&out);
    while (mx_str_split(&rest, '\n', &name))
        if (name.n > 0)
            warn(c, "%.*s is not a setting", MX_FMT(name));
}

/* Names below .invalid are those of the defaults (RFC 2606). */
static void check_names(struct check *c)
{
    const struct {
        const char *setting, *value, *effect;
    } names[] = {
        {"issuer", c->conf->issuer, "all tokens are void once it is changed"},
        {"shop_url", c->conf->shop_url, "links in mail lead nowhere"},
        {"mail_from", c->conf->mail_from, "mail servers reject such a sender"},
    };

    for (size_t i = 0; i < MX_LEN(names); i++)
        if (strstr(names[i].value, "merx.invalid"))
            warn(c, "%s is still %s: set it; %s", names[i].setting, names[i].value,
                 names[i].effect);
}

static void check_providers(struct check *c)
{
    if (!c->conf->sandbox_provider && !c->conf->manual_provider)
        warn(c, "no payment provider is on, so no order can be paid: set manual_provider = on (pay "
                "on invoice or delivery), or sandbox_provider = on to try the store");
}

static void check_directory(struct check *c, const char *setting, const char *path)
{
    struct stat st;

    if (path[0] == '\0')
        return;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || access(path, W_OK | X_OK) != 0)
        fault(c, "%s: %s is not a directory that this user may write to", setting, path);
}

static void check_keys(struct check *c)
{
    struct mx_keys *keys;
    const char *why = "";

    if (mx_keys_load(c->arena, c->conf->keys, &keys, &why) == MX_OK)
        mx_keys_free(keys);
    else
        fault(c, "keys: %s", why);
}

static void check_oidc(struct check *c)
{
    struct mx_oidc oidc;
    struct mx_buf errors;

    mx_buf_init(&errors, c->arena, TEXT_MAX);
    if (mx_settings_oidc(c->arena, c->conf, &oidc, &errors) == MX_OK)
        return;
    c->errors++;
    fprintf(stderr, "%s", errors.p);
}

/* Mail as files has a sender, too; an account without a server is a setting that was forgotten. */
static void check_mail_files(struct check *c)
{
    if (!*c->conf->mail)
        warn(c, "neither smtp_url nor mail is set: no mail is sent");
    if (!mx_smtp_is_address(c->conf->mail_from))
        warn(c, "mail_from is not a mail address");
    if (*c->conf->smtp_user || *c->conf->smtp_password_file)
        warn(c, "%s is set, but smtp_url is not: no mail server is used",
             *c->conf->smtp_user ? "smtp_user" : "smtp_password_file");
    check_directory(c, "mail", c->conf->mail);
}

static void check_mail(struct check *c)
{
    const char *why = "";

    if (!*c->conf->smtp_url)
        check_mail_files(c);
    else if (!mx_smtp_check(c->arena, c->conf, &why))
        fault(c, "mail: %s", why);
}

/* ---- schema and account ---- */

/* A statement that does not fit is prepared again each time: slower, but it works. */
static void check_room(struct check *c)
{
    int64_t needed, room;

    if (mx_db_room(c->db, &needed, &room) == MX_OK && needed > room)
        warn(c,
             "the database server has max_prepared_stmt_count = %lld, but workers_max and "
             "db_prepared_statements allow %lld; raise the first or lower the others",
             (long long)room, (long long)needed);
}

/* Each statement is prepared as the program does it: a privilege may be missing. */
static void check_statements(struct check *c)
{
    struct mx_buf out;
    enum mx_err e;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    e = mx_db_check_all(c->db, &out);
    if (e == MX_E_UNAVAILABLE)
        fault(c, "%sthe database went away", out.p);
    else if (e != MX_OK)
        fault(c, "%sdatabase: the account %s cannot prepare these statements: apply roles.sql",
              out.p, c->conf->db_user);
}

/* Migrations as they were applied must be those of this program. */
static void check_migrations(struct check *c)
{
    struct mx_buf out;
    enum mx_err e;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    e = mx_schema_check(c->arena, c->db, &out);
    if (e != MX_OK)
        fault(c, "migrations: %.*s", (int)(out.n > 0 ? out.n - 1 : strlen(mx_err_title(e))),
              out.n > 0 ? out.p : mx_err_title(e));
}

/* An account that may do more than it needs is one that a fault of the program lends to others. */
static void check_privileges(struct check *c)
{
    struct mx_list rows;
    struct mx_buf out;

    if (q_check_privileges(c->db, &rows) != MX_OK || rows.n == 0)
        return;
    mx_buf_init(&out, c->arena, TEXT_MAX);
    for (size_t i = 0; i < rows.n && i < PRIVILEGES_SHOWN; i++)
        mx_buf_fmt(&out, "%s%.*s", i > 0 ? ", " : "",
                   MX_FMT(MX_AT(rows, struct q_check_privileges_row, i)->what));
    warn(c,
         "the database account %s may change the schema or rewrite the audit log: %s%s; revoke "
         "all its privileges, then apply roles.sql",
         c->conf->db_user, out.p, rows.n > PRIVILEGES_SHOWN ? ", ..." : "");
}

/* ---- the store ---- */

static void check_store(struct check *c)
{
    struct q_check_store_in in = {mx_str_c(c->conf->currency)};
    const struct q_check_store_row *row;
    struct mx_list rows;

    if (q_check_store(c->db, &in, &rows) != MX_OK)
        return;
    row = MX_AT(rows, struct q_check_store_row, 0);
    if (c->conf->checkout_requires_shipping && row->shipping_methods == 0)
        warn(c,
             "no active shipping method has a rate in %s, so nothing can be ordered: create one by "
             "POST /v1/admin/shipping-methods, or set checkout_requires_shipping = off",
             c->conf->currency);
    if (row->tax_rates == 0)
        warn(c, "there is no tax rate: create them by POST /v1/admin/tax-rates");
}

/* ---- jobs ---- */

static const struct q_check_failing_row *failing_of(struct mx_list failing, const char *job)
{
    for (size_t i = 0; i < failing.n; i++) {
        const struct q_check_failing_row *f = MX_AT(failing, struct q_check_failing_row, i);

        if (mx_str_eqc(f->job, job))
            return f;
    }
    return NULL;
}

/* A runner leaves a trace when it fails, and none when it has nothing to do. */
static bool runner_seen(struct check *c, struct mx_list failing, int64_t now_ms)
{
    struct q_check_hindered_in in = {{now_ms - TRIED_MS}};
    struct mx_list rows;

    if (q_check_hindered(c->db, &in, &rows) == MX_OK &&
        MX_AT(rows, struct q_check_hindered_row, 0)->n > 0)
        return true;
    for (size_t i = 0; i < failing.n; i++)
        if (now_ms - MX_AT(failing, struct q_check_failing_row, i)->tried_at.ms < TRIED_MS)
            return true;
    return false;
}

static void check_job(struct check *c, const struct mx_job_backlog *b,
                      const struct q_check_failing_row *f, bool runs, int64_t now_ms)
{
    if (b->dead > 0)
        warn(c, "%s gave up on %lld rows: merx jobs list %s", b->job, (long long)b->dead, b->job);
    if (f && now_ms - f->since.ms > LAG_MS)
        warn(c,
             "%s has failed on %lld rows, on the first for %lld min; merx jobs list %s shows why",
             b->job, (long long)f->n, (long long)((now_ms - f->since.ms) / MINUTE_MS), b->job);
    if (b->lag_ms > LAG_MS)
        warn(c, "%s has %lld rows to work on, the first for %lld min; %s", b->job,
             (long long)b->due, (long long)(b->lag_ms / MINUTE_MS),
             runs ? "a job runner seems to run, see its log"
                  : "no job runner seems to run: start merx jobs (the unit merx-jobs)");
}

static void check_jobs(struct check *c)
{
    struct mx_job_backlog backlogs[MX_JOB_COUNT];
    const struct mx_proc proc = {.conf = c->conf};
    struct mx_ctx cx = {.proc = &proc, .arena = c->arena, .now_ms = mx_wall_ms(), .db = c->db};
    struct mx_list failing;
    bool runs;

    if (mx_job_backlogs(&cx, backlogs) != MX_OK || q_check_failing(c->db, &failing) != MX_OK)
        return;
    runs = runner_seen(c, failing, cx.now_ms);
    for (int i = 0; i < MX_JOB_COUNT; i++)
        check_job(c, &backlogs[i], failing_of(failing, backlogs[i].job), runs, cx.now_ms);
}

/* ---- the database ---- */

/* A database that is down may come up later; a wrong schema must be migrated, an account granted.
 * False: there is no more to ask it. */
static bool check_schema(struct check *c)
{
    bool up;
    const char *why = mx_worker_schema(c->arena, c->db, &up);
    int before = c->errors;

    if (why && up)
        fault(c, "database: %s: run `merx migrate`, then apply roles.sql", why);
    else if (why)
        fault(c, "database: %s%s", why, mx_db_last_error(c->db).grants ? ": apply roles.sql" : "");
    else if (!up)
        warn(c, "cannot reach the database: %s (%u); what is in it was not checked",
             mx_db_last_error(c->db).why, mx_db_last_error(c->db).no);
    if (!up || why)
        return false;
    check_migrations(c);
    if (c->errors == before)
        check_statements(c);
    return c->errors == before;
}

static void check_database(struct check *c)
{
    c->db = mx_db_new(c->conf);
    mx_db_begin_request(c->db, c->arena);
    if (check_schema(c)) {
        check_room(c);
        check_privileges(c);
        check_store(c);
        check_jobs(c);
    }
    mx_db_free(c->db);
}

/* ---- the commands ---- */

int mx_cmd_check(struct mx_cmd *cmd)
{
    struct check c = {.arena = cmd->arena, .conf = cmd->settings};

    if (cmd->argc > 0) {
        fprintf(stderr, "merx check: takes no arguments\n");
        return 2;
    }
    mx_route_check(mx_routes);
    check_environment(&c);
    mx_secret_init();
    check_names(&c);
    check_providers(&c);
    check_mail(&c);
    check_keys(&c);
    check_oidc(&c);
    check_database(&c);
    if (c.errors > 0)
        return 2;
    if (c.warnings > 0)
        printf("merx can start; see the warnings (%d)\n", c.warnings);
    else
        printf("ok\n");
    return 0;
}

int mx_cmd_check_sql(struct mx_cmd *cmd)
{
    struct check c = {.arena = cmd->arena, .conf = cmd->settings, .db = mx_db_new(cmd->settings)};

    mx_db_begin_request(c.db, c.arena);
    check_statements(&c);
    mx_db_free(c.db);
    if (c.errors == 0)
        printf("ok\n");
    return c.errors == 0 ? 0 : 1;
}
