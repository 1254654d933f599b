-- What `merx check` asks of a store beside what the program itself asks.

-- name: check.store
-- doc: Conditions of any purchase: active shipping methods that have a rate in `currency`, and tax rates.
-- in: str currency
-- out: i64 shipping_methods, i64 tax_rates
SELECT (SELECT COUNT(*)
          FROM shipping_method m
         WHERE m.active = 1
           AND EXISTS (SELECT 1 FROM shipping_rate r WHERE r.method_id = m.id AND r.currency = :currency)),
       (SELECT COUNT(*) FROM tax_rate);

-- name: check.failing
-- doc: Rows that a job is still trying: since when they fail, and when one of them was tried last.
-- out: str job, i64 n, time since, time tried_at
SELECT job, COUNT(*), MIN(created_at), MAX(updated_at)
  FROM job_failure
 WHERE state = 0
 GROUP BY job;

-- name: check.hindered
-- doc: Mails that a server or directory did not take, and that were to be tried again after `since`. Those
-- doc: that failed by themselves are on record as failures.
-- in: time since
-- out: i64 n
SELECT COUNT(*)
  FROM mail m
  LEFT JOIN job_failure f ON f.job = 'mail' AND f.subject_id = m.id
 WHERE m.state = 0 AND m.next_at > :since AND m.failure IS NOT NULL AND f.id IS NULL;

-- part: check.me
CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')

-- name: check.privileges
-- doc: Privileges of this account beyond sql/roles.sql that change the schema, or rows that are append-only.
-- out: str what
SELECT CONCAT(privilege_type, ' ON *.*')
  FROM information_schema.user_privileges
 WHERE grantee = {{check.me}}
   AND privilege_type NOT IN ('USAGE', 'SELECT', 'PROCESS', 'SHOW DATABASES')
 UNION ALL
SELECT CONCAT(privilege_type, ' ON ', table_schema, '.*')
  FROM information_schema.schema_privileges
 WHERE grantee = {{check.me}}
   AND DATABASE() LIKE table_schema
   AND privilege_type <> 'SELECT'
 UNION ALL
SELECT CONCAT(privilege_type, ' ON ', table_schema, '.', table_name)
  FROM information_schema.table_privileges
 WHERE grantee = {{check.me}}
   AND table_schema = DATABASE()
   AND (privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        OR (privilege_type IN ('UPDATE', 'DELETE')
            AND table_name IN ('audit_log', 'stock_move', 'schema_migration')))
 UNION ALL
SELECT CONCAT(privilege_type, ' ON ', table_schema, '.', table_name, '.', column_name)
  FROM information_schema.column_privileges
 WHERE grantee = {{check.me}}
   AND table_schema = DATABASE()
   AND privilege_type = 'UPDATE'
   AND table_name IN ('audit_log', 'stock_move', 'schema_migration')
 LIMIT 100;

-- name: check.connections
-- doc: Connections that the server takes in all, and at most from this account (0: as many).
-- out: i64 server_max, i64 account_max
SELECT @@global.max_connections, @@session.max_user_connections;

-- name: check.durability
-- doc: When the server writes its logs to the disk, and whether it has a binary log.
-- out: i64 flush_log, i64 sync_binlog, bool log_bin
SELECT @@global.innodb_flush_log_at_trx_commit, @@global.sync_binlog, @@global.log_bin;

-- name: check.clock
-- doc: The server's clock.
-- out: time now
SELECT UTC_TIMESTAMP(3);

-- name: check.view
-- doc: Nothing, through a view, whose account may be missing.
-- out: i64 n
SELECT COUNT(*) FROM outbox WHERE id = NULL;
