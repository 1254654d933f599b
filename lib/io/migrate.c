#include "io/migrate.h"

#include <signal.h>

#include "q/schema.h"

#define LEASE_S 60

static const char tables[] = "CREATE TABLE IF NOT EXISTS schema_migration ("
                             " version     INT            NOT NULL PRIMARY KEY,"
                             " name        VARCHAR(128)   NOT NULL,"
                             " sha256      BINARY(32)     NOT NULL,"
                             " started_at  DATETIME(3)    NOT NULL,"
                             " finished_at DATETIME(3)    NULL"
                             ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;"
                             "CREATE TABLE IF NOT EXISTS schema_lease ("
                             " id          TINYINT        NOT NULL PRIMARY KEY,"
                             " owner       BINARY(16)     NOT NULL,"
                             " until_at    DATETIME(3)    NOT NULL"
                             ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

struct run {
    struct mx_db *db;
    struct mx_arena *arena;
    struct mx_buf *out;
    const char *owner; /* of the lease: 32 hex digits */
};

int mx_schema_version(void)
{
    return mx_migrations_n;
}

const char *mx_schema_refused(struct mx_arena *a, int64_t version)
{
    if (version >= mx_schema_version())
        return NULL;
    return mx_arena_printf(a, "the schema has version %lld, this program needs %d",
                           (long long)version, mx_schema_version());
}

/* A statement of our own books; made of constants, numbers, hex digits and names of migrations. */
static enum mx_err book(struct run *r, struct mx_str sql)
{
    const char *why;
    enum mx_err e = mx_db_script(r->db, sql, &why);

    if (e != MX_OK && e != MX_E_DUPLICATE)
        mx_buf_fmt(r->out, "the record of migrations cannot be written: %s\n", why);
    return e;
}

/* ---- the lease ---- */

static enum mx_err give_lease(struct run *r)
{
    return book(r, mx_str_fmt(r->arena, "DELETE FROM schema_lease WHERE owner = X'%s'", r->owner));
}

/* Take or keep the lease; of several migrators one can insert the row. */
static enum mx_err take_lease(struct run *r)
{
    enum mx_err e = book(
        r, mx_str_fmt(r->arena,
                      "DELETE FROM schema_lease WHERE owner = X'%s' OR until_at < UTC_TIMESTAMP(3);"
                      "INSERT INTO schema_lease (id, owner, until_at)"
                      " VALUES (1, X'%s', UTC_TIMESTAMP(3) + INTERVAL %d SECOND)",
                      r->owner, r->owner, LEASE_S));

    if (e != MX_E_DUPLICATE)
        return e;
    mx_buf_fmt(r->out,
               "another migration is running, or one has been killed: its lease ends within %d s\n",
               LEASE_S);
    return MX_E_CONFLICT;
}

/* ---- what is there ---- */

static enum mx_err refuse_unfinished(struct run *r, const struct q_schema_migrations_row *row)
{
    char at[MX_TIME_TEXT];

    mx_time_text(row->started_at, at);
    mx_buf_fmt(r->out,
               "%.*s is unfinished: it was begun at %.*s and did not report its end.\n"
               "Look whether its change is in the schema. If it is:\n"
               "  UPDATE schema_migration SET finished_at = UTC_TIMESTAMP(3) WHERE version = %d;\n"
               "If it is not, or after undoing what is there of it:\n"
               "  DELETE FROM schema_migration WHERE version = %d;\n"
               "Then run `merx migrate` again.\n",
               MX_FMT(row->name), MX_TIME_TEXT, at, (int)row->version, (int)row->version);
    return MX_E_CONFLICT;
}

/* The i-th recorded migration must be the i-th of ours, finished and of the same text. */
static enum mx_err check_one(struct run *r, int i, const struct q_schema_migrations_row *row)
{
    const struct mx_migration *m = &mx_migrations[i];
    struct mx_hash sum;

    if (row->version != i + 1) {
        mx_buf_fmt(r->out, "migration %d is missing although %d is there\n", i + 1,
                   (int)row->version);
        return MX_E_CONFLICT;
    }
    if (row->finished_at.ms == 0)
        return refuse_unfinished(r, row);
    if (i >= mx_migrations_n)
        return MX_OK;
    sum = mx_sha256(mx_str_c(m->sql));
    if (memcmp(sum.b, row->sha256.b, sizeof sum.b) == 0)
        return MX_OK;
    mx_buf_fmt(r->out,
               "%s has changed since it was applied; put its text back and write a new one\n",
               m->name);
    return MX_E_CONFLICT;
}

static enum mx_err check_rows(struct run *r, struct mx_list rows)
{
    for (size_t i = 0; i < rows.n; i++)
        MX_TRY(check_one(r, (int)i, MX_AT(rows, struct q_schema_migrations_row, i)));
    return MX_OK;
}

/* Number of migrations that are applied. */
static enum mx_err check_applied(struct run *r, int *ret_n)
{
    struct mx_list rows;

    MX_TRY(q_schema_migrations(r->db, &rows));
    *ret_n = (int)rows.n;
    return check_rows(r, rows);
}

/* ---- looking ---- */

static void list_row(struct run *r, int i, const struct q_schema_migrations_row *row)
{
    char at[MX_TIME_TEXT];

    if (!row) {
        mx_buf_fmt(r->out, "%-32s to be applied\n", mx_migrations[i].name);
        return;
    }
    mx_time_text(row->finished_at.ms ? row->finished_at : row->started_at, at);
    mx_buf_fmt(r->out, "%-32.*s %s %.*s%s\n", MX_FMT(row->name),
               row->finished_at.ms ? "applied" : "unfinished, begun", MX_TIME_TEXT, at,
               i >= mx_migrations_n ? ", of a later release" : "");
}

static enum mx_err read_record(struct run *r, struct mx_list *ret_rows)
{
    enum mx_err e = q_schema_migrations(r->db, ret_rows);

    if (e != MX_OK)
        mx_buf_fmt(r->out, "the record of migrations cannot be read: %s\n",
                   mx_db_last_error(r->db).why);
    return e;
}

static enum mx_err list_all(struct run *r, int *ret_missing)
{
    struct mx_list rows;

    MX_TRY(read_record(r, &rows));
    for (size_t i = 0; i < rows.n || i < (size_t)mx_migrations_n; i++)
        list_row(r, (int)i, i < rows.n ? MX_AT(rows, struct q_schema_migrations_row, i) : NULL);
    *ret_missing = (int)rows.n < mx_migrations_n ? mx_migrations_n - (int)rows.n : 0;
    return check_rows(r, rows);
}

enum mx_err mx_migrate_status(struct mx_arena *a, const struct mx_settings *conf,
                              struct mx_buf *out, int *ret_missing)
{
    struct run r = {.db = mx_db_new(conf), .arena = a, .out = out};
    enum mx_err e;

    *ret_missing = mx_migrations_n;
    mx_db_begin_request(r.db, a);
    e = list_all(&r, ret_missing);
    mx_db_free(r.db);
    return e;
}

static enum mx_err print_missing(struct run *r)
{
    struct mx_list rows;

    MX_TRY(read_record(r, &rows));
    MX_TRY(check_rows(r, rows));
    for (int i = (int)rows.n; i < mx_migrations_n; i++)
        mx_buf_fmt(r->out, "-- %s\n%s;\n", mx_migrations[i].name, mx_migrations[i].sql);
    return MX_OK;
}

enum mx_err mx_migrate_print(struct mx_arena *a, const struct mx_settings *conf, struct mx_buf *out)
{
    struct run r = {.db = mx_db_new(conf), .arena = a, .out = out};
    enum mx_err e;

    mx_db_begin_request(r.db, a);
    e = print_missing(&r);
    mx_db_free(r.db);
    return e;
}

enum mx_err mx_schema_check(struct mx_arena *a, struct mx_db *db, struct mx_buf *out)
{
    struct run r = {.db = db, .arena = a, .out = out};
    int done;

    return check_applied(&r, &done);
}

/* ---- steps ---- */

/* Run the migration's statement. One that the server refused has changed nothing and is forgotten;
 * when no answer came the record stays unfinished and stops all further ones. */
static enum mx_err apply(struct run *r, const struct mx_migration *m)
{
    const char *why;
    enum mx_err e = mx_db_script(r->db, mx_str_c(m->sql), &why);

    if (e == MX_OK)
        return MX_OK;
    mx_buf_fmt(r->out, "%s failed: %s\n", m->name, why);
    if (e != MX_E_UNAVAILABLE && e != MX_E_DEADLINE)
        MX_TRY(book(r, mx_str_fmt(r->arena,
                                  "DELETE FROM schema_migration"
                                  " WHERE version = %d AND finished_at IS NULL",
                                  m->version)));
    return e == MX_E_RETRY ? MX_E_UNAVAILABLE : e;
}

static enum mx_err record_and_apply(struct run *r, const struct mx_migration *m)
{
    struct mx_hash sum = mx_sha256(mx_str_c(m->sql));
    int64_t began_ms = mx_mono_ms();

    MX_TRY(take_lease(r));
    MX_TRY(book(r, mx_str_fmt(r->arena,
                              "INSERT INTO schema_migration (version, name, sha256, started_at)"
                              " VALUES (%d, '%s', X'%s', UTC_TIMESTAMP(3))",
                              m->version, m->name, mx_hex(r->arena, sum.b, sizeof sum.b).p)));
    MX_TRY(apply(r, m));
    MX_TRY(book(r, mx_str_fmt(r->arena,
                              "UPDATE schema_migration SET finished_at = UTC_TIMESTAMP(3)"
                              " WHERE version = %d",
                              m->version)));
    mx_buf_fmt(r->out, "%s applied in %d ms\n", m->name, (int)(mx_mono_ms() - began_ms));
    return MX_OK;
}

/* A signal between the statement and its record would leave the record unfinished. */
static enum mx_err step(struct run *r, const struct mx_migration *m)
{
    sigset_t all, old;
    enum mx_err e;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    e = record_and_apply(r, m);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return e;
}

static enum mx_err run_all(struct run *r)
{
    int done;

    MX_TRY(check_applied(r, &done));
    if (done > mx_migrations_n)
        mx_buf_fmt(r->out, "schema is at %d, newer than this program's %d\n", done,
                   mx_migrations_n);
    else if (done == mx_migrations_n)
        mx_buf_fmt(r->out, "schema is at %d, nothing to do\n", done);
    for (; done < mx_migrations_n; done++)
        MX_TRY(step(r, &mx_migrations[done]));
    return MX_OK;
}

static enum mx_err migrate(struct run *r)
{
    const char *why;
    enum mx_err e = mx_db_script(r->db, mx_str_c(tables), &why), given;

    if (e != MX_OK) {
        mx_buf_fmt(r->out,
                   "cannot begin: %s\nMigrations need an account that may change the schema: "
                   "MERX_DB_USER and MERX_DB_PASSWORD_FILE name it for this command.\n",
                   why);
        return e;
    }
    MX_TRY(take_lease(r));
    e = run_all(r);
    given = give_lease(r);
    return e != MX_OK ? e : given;
}

enum mx_err mx_migrate(struct mx_arena *a, const struct mx_settings *conf, struct mx_buf *out)
{
    struct mx_id owner = mx_id_new();
    struct run r = {.db = mx_db_new(conf),
                    .arena = a,
                    .out = out,
                    .owner = mx_hex(a, owner.b, sizeof owner.b).p};
    enum mx_err e;

    mx_db_begin_request(r.db, a);
    e = migrate(&r);
    mx_db_free(r.db);
    return e;
}
