/* Commands about settings and schema. */
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
#include "shop/job.h"
#include "worker.h"

#define VERSION "1.0.0"
#define TEXT_MAX ((size_t)1 << 20)

/* ---- settings ---- */

int mx_cmd_config(struct mx_cmd *c)
{
    struct mx_setting_view v;
    struct mx_buf out;

    if (c->argc == 1 && strcmp(c->argv[0], "--sample") == 0) {
        mx_buf_init(&out, c->arena, TEXT_MAX);
        mx_conf_sample(&out);
        fwrite(out.p, 1, out.n, stdout);
        return 0;
    }
    if (c->argc > 0) {
        fprintf(stderr, "usage: merx config [--sample]\n");
        return 2;
    }
    if (c->bad_settings) {
        fprintf(stderr, "%s", c->bad_settings);
        return 2;
    }
    for (int i = 0; i < mx_conf_count(); i++) {
        v = mx_conf_view(c->arena, i);
        printf("%-26s = %-32s # %s\n", v.name, v.value, v.origin);
    }
    return 0;
}

static void warn_environment(struct mx_cmd *c)
{
    struct mx_str rest, name;
    struct mx_buf out;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    mx_conf_unknown_env(environ, &out);
    rest = mx_buf_view(&out);
    while (mx_str_split(&rest, '\n', &name))
        if (name.n > 0)
            fprintf(stderr, "warning: %.*s is not a setting\n", MX_FMT(name));
}

static bool check_directory(const char *setting, const char *path)
{
    struct stat st;

    if (path[0] == '\0')
        return true;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) == 0)
        return true;
    fprintf(stderr, "%s: %s is not a directory that this user may write to\n", setting, path);
    return false;
}

static bool check_keys(struct mx_cmd *c)
{
    struct mx_keys *keys;
    const char *why = "";

    if (mx_keys_load(c->arena, c->settings->keys, &keys, &why) == MX_OK) {
        mx_keys_free(keys);
        return true;
    }
    fprintf(stderr, "keys: %s\n", why);
    return false;
}

static bool check_oidc(struct mx_cmd *c)
{
    struct mx_oidc oidc;
    struct mx_buf errors;

    mx_buf_init(&errors, c->arena, TEXT_MAX);
    if (mx_settings_oidc(c->arena, c->settings, &oidc, &errors) == MX_OK)
        return true;
    fprintf(stderr, "%s", errors.p);
    return false;
}

static bool check_mail(struct mx_cmd *c)
{
    const char *why = "";

    if (!*c->settings->smtp_url && !*c->settings->mail)
        fprintf(stderr, "warning: neither smtp_url nor mail is set: no mail is sent\n");
    if (!*c->settings->smtp_url)
        return check_directory("mail", c->settings->mail);
    if (mx_smtp_check(c->arena, c->settings, &why))
        return true;
    fprintf(stderr, "mail: %s\n", why);
    return false;
}

/* A statement that does not fit is prepared again each time: slower, but it works. */
static void warn_prepared(struct mx_db *db)
{
    int64_t needed, room;

    if (mx_db_room(db, &needed, &room) == MX_OK && needed > room)
        fprintf(stderr,
                "warning: the database server has max_prepared_stmt_count = %lld, but workers_max "
                "and db_prepared_statements allow %lld; raise the first or lower the others\n",
                (long long)room, (long long)needed);
}

/* Each statement is prepared as the program does it: a privilege may be missing. */
static bool check_statements(struct mx_cmd *c, struct mx_db *db)
{
    struct mx_buf out;
    enum mx_err e;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    mx_db_begin_request(db, c->arena);
    e = mx_db_check_all(db, &out);
    if (e != MX_OK)
        fprintf(stderr, "%s%s\n", out.p, mx_err_code(e));
    return e == MX_OK;
}

/* Migrations as they were applied must be those of this program. */
static bool check_migrations(struct mx_cmd *c, struct mx_db *db)
{
    struct mx_buf out;
    enum mx_err e;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    mx_db_begin_request(db, c->arena);
    e = mx_schema_check(c->arena, db, &out);
    if (e != MX_OK)
        fprintf(stderr, "migrations: %s%s\n", out.p, out.n > 0 ? "" : mx_err_code(e));
    return e == MX_OK;
}

/* A database that is down may come up later; a wrong schema must be migrated, an account granted.
 */
static bool check_database(struct mx_cmd *c)
{
    struct mx_db *db = mx_db_new(c->settings);
    bool up, ok;
    const char *why = mx_worker_schema(c->arena, db, &up);

    ok = !why && (!up || (check_migrations(c, db) && check_statements(c, db)));
    if (up && ok)
        warn_prepared(db);
    if (why)
        fprintf(stderr, "database: %s\n", why);
    else if (!up)
        fprintf(stderr, "warning: cannot reach the database: %s (%u)\n", mx_db_last_error(db).why,
                mx_db_last_error(db).no);
    mx_db_free(db);
    return ok;
}

/* Rows that a job has given up wait for somebody who looks. */
static void warn_dead(struct mx_cmd *c)
{
    struct mx_job_backlog backlogs[MX_JOB_COUNT];
    const struct mx_proc proc = {.conf = c->settings};
    struct mx_ctx cx = {
        .proc = &proc, .arena = c->arena, .now_ms = mx_wall_ms(), .db = mx_db_new(c->settings)};

    mx_db_begin_request(cx.db, c->arena);
    if (mx_job_backlogs(&cx, backlogs) == MX_OK)
        for (int i = 0; i < MX_JOB_COUNT; i++)
            if (backlogs[i].dead > 0)
                fprintf(stderr, "warning: %s gave up on %lld rows: merx jobs list %s\n",
                        backlogs[i].job, (long long)backlogs[i].dead, backlogs[i].job);
    mx_db_free(cx.db);
}

int mx_cmd_check(struct mx_cmd *c)
{
    bool ok = true;

    if (c->argc > 0) {
        fprintf(stderr, "merx check: takes no arguments\n");
        return 2;
    }
    mx_route_check(mx_routes);
    warn_environment(c);
    mx_secret_init();
    ok &= check_mail(c);
    ok &= check_keys(c);
    ok &= check_oidc(c);
    ok &= check_database(c);
    if (ok)
        warn_dead(c);
    if (ok)
        printf("ok\n");
    return ok ? 0 : 2;
}

/* ---- schema ---- */

/* Exit status 1: something is to be applied, or wrong. */
static int migrate_status(struct mx_cmd *c)
{
    struct mx_buf out;
    int missing;
    enum mx_err e;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    e = mx_migrate_status(c->arena, c->settings, &out, &missing);
    fwrite(out.p, 1, out.n, stdout);
    return e == MX_OK && missing == 0 ? 0 : 1;
}

int mx_cmd_migrate(struct mx_cmd *c)
{
    struct mx_buf out;
    enum mx_err e;

    if (c->argc == 1 && strcmp(c->argv[0], "status") == 0)
        return migrate_status(c);
    if (c->argc > 0) {
        fprintf(stderr, "usage: merx migrate [status]\n");
        return 2;
    }
    mx_buf_init(&out, c->arena, TEXT_MAX);
    e = mx_migrate(c->arena, c->settings, &out);
    fwrite(out.p, 1, out.n, e == MX_OK ? stdout : stderr);
    return e == MX_OK ? 0 : 1;
}

int mx_cmd_check_sql(struct mx_cmd *c)
{
    struct mx_db *db = mx_db_new(c->settings);
    bool ok = check_statements(c, db);

    mx_db_free(db);
    if (ok)
        printf("ok\n");
    return ok ? 0 : 1;
}

int mx_cmd_version(struct mx_cmd *c)
{
    (void)c;
    printf("merx " VERSION " schema %d\n", mx_schema_version());
    return 0;
}
