#include "base/clock.h"
#include "base/pool.h"
#include "check.h"
#include "io/db.h"
#include "io/migrate.h"
#include "q/check.h"
#include "shop/sealed.h"
#include "worker.h"

#define PRIVILEGES_SHOWN 5
#define CLOCK_OFF_MS 2000

/* A statement that does not fit is prepared again each time: slower, but it works. */
void mx_check_room(struct mx_check *c)
{
    int64_t needed, room;

    if (mx_db_room(c->db, &needed, &room) == MX_OK && needed > room)
        mx_check_warn(c,
                      "the database server has max_prepared_stmt_count = %lld, but workers_max and "
                      "db_prepared_statements allow %lld; raise the first or lower the others",
                      (long long)room, (long long)needed);
}

/* Of a schema that was restored on a server that does not know the account, which says then that
 * ours is denied. */
static void check_definer(struct mx_check *c)
{
    struct mx_list rows;

    if (q_check_view(c->db, &rows) != MX_OK)
        mx_check_fault(c, "database: views of the schema have the rights of the account that ran "
                          "the migrations: create it again, with all privileges on the schema");
}

/* Each statement is prepared as the program does it: a privilege may be missing. */
void mx_check_statements(struct mx_check *c)
{
    struct mx_buf out;
    enum mx_err e;

    mx_buf_init(&out, c->arena, MX_CHECK_TEXT);
    e = mx_db_check_all(c->db, &out);
    if (e == MX_E_UNAVAILABLE)
        mx_check_fault(c, "%sthe database went away", out.p);
    if (e == MX_OK || e == MX_E_UNAVAILABLE)
        return;
    mx_check_fault(c, "%sdatabase: the account %s cannot prepare these statements: apply roles.sql",
                   out.p, c->conf->db_user);
    check_definer(c);
}

/* Migrations as they were applied must be those of this program. */
static void check_migrations(struct mx_check *c)
{
    struct mx_buf out;
    enum mx_err e;

    mx_buf_init(&out, c->arena, MX_CHECK_TEXT);
    e = mx_schema_check(c->arena, c->db, &out);
    if (e != MX_OK)
        mx_check_fault(c, "migrations: %.*s",
                       (int)(out.n > 0 ? out.n - 1 : strlen(mx_err_title(e))),
                       out.n > 0 ? out.p : mx_err_title(e));
}

/* A database that is down may come up later; a wrong schema must be migrated, an account granted.
 */
void mx_check_schema(struct mx_check *c)
{
    bool up;
    const char *why = mx_worker_schema(c->arena, c->db, &up);
    int before = c->errors;

    if (why && up)
        mx_check_fault(c, "database: %s: run `merx migrate`, then apply roles.sql", why);
    else if (why)
        mx_check_fault(c, "database: %s%s", why,
                       mx_db_last_error(c->db).grants ? ": apply roles.sql" : "");
    else if (!up)
        mx_check_warn(c, "cannot reach the database: %s (%u); what is in it was not checked",
                      mx_db_last_error(c->db).why, mx_db_last_error(c->db).no);
    if (!up || why)
        return;
    check_migrations(c);
    c->db_ready = c->errors == before;
}

/* An account that may do more than it needs is one that a fault of the program lends to others. */
void mx_check_privileges(struct mx_check *c)
{
    struct mx_list rows;
    struct mx_buf out;

    if (q_check_privileges(c->db, &rows) != MX_OK || rows.n == 0)
        return;
    mx_buf_init(&out, c->arena, MX_CHECK_TEXT);
    for (size_t i = 0; i < rows.n && i < PRIVILEGES_SHOWN; i++)
        mx_buf_fmt(&out, "%s%.*s", i > 0 ? ", " : "",
                   MX_FMT(MX_AT(rows, struct q_check_privileges_row, i)->what));
    mx_check_warn(
        c,
        "the database account %s may change the schema or rewrite the audit log: %s%s; revoke "
        "all its privileges, then apply roles.sql",
        c->conf->db_user, out.p, rows.n > PRIVILEGES_SHOWN ? ", ..." : "");
}

/* ---- the server ---- */

#define LINKS_OF_A_WORKER 2
#define OTHER_LINKS \
    4 /* the job runner's two, that of merx killer, and one that a worker's is ended from */

/* The most workers of all pools while the old generation still serves. */
static int64_t workers_at_reload(struct mx_arena *a, const struct mx_settings *conf)
{
    struct mx_pools pools;
    int64_t both = 0;

    if (mx_pools_make(a, conf, &pools))
        return conf->workers_max;
    for (int i = 0; i < pools.n; i++)
        both += 2 * pools.at[i].workers.max;
    return both < conf->workers_max ? both : conf->workers_max;
}

/* A worker that gets no connection answers 503. */
void mx_check_connections(struct mx_check *c)
{
    int64_t needed = workers_at_reload(c->arena, c->conf) * LINKS_OF_A_WORKER + OTHER_LINKS;
    const struct q_check_connections_row *row;
    struct mx_list rows;

    if (q_check_connections(c->db, &rows) != MX_OK)
        return;
    row = MX_AT(rows, struct q_check_connections_row, 0);
    if (row->server_max < needed)
        mx_check_warn(c,
                      "the database server has max_connections = %lld, but the workers (twice as "
                      "many during a reload) and merx jobs may open %lld",
                      (long long)row->server_max, (long long)needed);
    if (row->account_max > 0 && row->account_max < needed)
        mx_check_warn(c,
                      "the database account %s may have %lld connections at once "
                      "(MAX_USER_CONNECTIONS, max_user_connections), but the workers (twice as "
                      "many during a reload) and merx jobs may open %lld",
                      c->conf->db_user, (long long)row->account_max, (long long)needed);
}

/* An order that was confirmed must not be gone after a power failure. */
void mx_check_durability(struct mx_check *c)
{
    const struct q_check_durability_row *row;
    struct mx_list rows;

    if (q_check_durability(c->db, &rows) != MX_OK)
        return;
    row = MX_AT(rows, struct q_check_durability_row, 0);
    if (row->flush_log != 1)
        mx_check_warn(c,
                      "the database server has innodb_flush_log_at_trx_commit = %lld: orders of "
                      "the last second are lost when it crashes or power fails; set 1",
                      (long long)row->flush_log);
    if (row->log_bin && row->sync_binlog != 1)
        mx_check_warn(c,
                      "the database server has sync_binlog = %lld: after a power failure replicas "
                      "and point-in-time recovery lack or differ in the last transactions; set 1",
                      (long long)row->sync_binlog);
}

/* Sessions, orders and jobs compare times of this host with those that the database has made. */
void mx_check_clock(struct mx_check *c)
{
    int64_t before_ms = mx_wall_ms(), after_ms, theirs_ms, off_ms;
    struct mx_list rows;

    if (q_check_clock(c->db, &rows) != MX_OK)
        return;
    after_ms = mx_wall_ms();
    theirs_ms = MX_AT(rows, struct q_check_clock_row, 0)->now.ms;
    off_ms = theirs_ms < before_ms  ? theirs_ms - before_ms
             : theirs_ms > after_ms ? theirs_ms - after_ms
                                    : 0;
    if (off_ms > CLOCK_OFF_MS || off_ms < -CLOCK_OFF_MS)
        mx_check_warn(c,
                      "the clock of the database server is %lld s %s that of this host: let both "
                      "follow the same time (timedatectl)",
                      (long long)(off_ms > 0 ? off_ms : -off_ms) / 1000,
                      off_ms > 0 ? "ahead of" : "behind");
}

/* ---- personal data ---- */

/* The first values of each column, which the oldest key in use has sealed. */
void mx_check_sealed(struct mx_check *c)
{
    const struct mx_proc proc = {.conf = c->conf, .keys = c->keys};
    struct mx_ctx cx = {.proc = &proc, .arena = c->arena, .now_ms = mx_wall_ms(), .db = c->db};
    const char *column = NULL;

    if (c->keys && mx_sealed_probe(&cx, &column) == MX_OK && column)
        mx_check_fault(c,
                       "keys: a stored value of %s does not open: the key of personal data "
                       "(*.pii) that sealed it is not in %s, or the database is of another store",
                       column, c->conf->keys);
}
