-- name: job.purge_idempotency
-- doc: Keys whose life is over, oldest first.
-- in: time before, i64 limit
DELETE FROM idempotency WHERE created_at < :before ORDER BY created_at LIMIT :limit;
