-- Migrations that the schema has had. `merx migrate` makes this table and writes it; it has no
-- statements here for that, because the program's own account may not change the table.

-- name: schema.version
-- doc: Newest finished migration; 0 when there is none.
-- out: i64 version
SELECT COALESCE(MAX(version), 0) FROM schema_migration WHERE finished_at IS NOT NULL;

-- name: schema.migrations
-- doc: All migrations that were begun, in order.
-- out: i64 version, str name, hash sha256, time started_at, time? finished_at
SELECT version, name, sha256, started_at, finished_at
  FROM schema_migration
 ORDER BY version
 LIMIT 10000;

-- name: schema.prepared_max
-- doc: Prepared statements that the server has room for, over all connections.
-- out: i64 n
SELECT @@global.max_prepared_stmt_count;
