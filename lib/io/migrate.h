/* Schema migrations: sql/migrations/NNNN_name.sql, compiled in, forward only, one DDL each,
 * recorded with their SHA-256 in schema_migration, under a lease row (GET_LOCK is node-local on
 * clusters). An unfinished or changed migration stops all further ones with instructions. */
#ifndef MX_IO_MIGRATE_H
#define MX_IO_MIGRATE_H

#include "io/db.h"

struct mx_migration {
    int version;
    const char *name;
    const char *sql;
};

/* Generated from sql/migrations, ascending. */
extern const struct mx_migration mx_migrations[];
extern const int mx_migrations_n;

/* Newest version built in. */
int mx_schema_version(void);
/* NULL, or why this program does not run on a schema of that version: its own migrations are not
 * all there. A newer schema is fine: the migrations of a release are applied while the release
 * before it serves, and take away nothing that that one needs. */
const char *mx_schema_refused(struct mx_arena *a, int64_t version);

/* Write a line for each migration to `out`, applied or not, and what is wrong with them: gaps,
 * unfinished ones, texts that have changed (MX_E_CONFLICT). *ret_missing counts those that
 * mx_migrate would apply. */
enum mx_err mx_migrate_status(struct mx_arena *a, const struct mx_settings *conf,
                              struct mx_buf *out, int *ret_missing) MX_MUST_CHECK;
/* Write the statements that mx_migrate would run to `out`, and run none. Those that were
 * applied are checked as above. */
enum mx_err mx_migrate_print(struct mx_arena *a, const struct mx_settings *conf,
                             struct mx_buf *out) MX_MUST_CHECK;
/* The check of mx_migrate_status alone, on an open handle. */
enum mx_err mx_schema_check(struct mx_arena *a, struct mx_db *db, struct mx_buf *out) MX_MUST_CHECK;

/* Apply what is missing; one line a step goes to `out`. */
enum mx_err mx_migrate(struct mx_arena *a, const struct mx_settings *conf,
                       struct mx_buf *out) MX_MUST_CHECK;

#endif
