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

/* Newest version built in, and the oldest that this program still runs on. */
int mx_schema_version(void);
int mx_schema_version_min(void);

/* Apply what is missing; one line a step goes to `out`. */
enum mx_err mx_migrate(struct mx_arena *a, const struct mx_settings *conf,
                       struct mx_buf *out) MX_MUST_CHECK;

#endif
