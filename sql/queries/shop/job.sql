-- Background jobs (merx jobs): rows that failed, what waits, and what is swept away.

-- row: job
-- out: id id, str job, id subject, enum state, i64 tries, str error, time next_at, time created_at
-- out: time updated_at
id, job, subject_id, state, tries, error, next_at, created_at, updated_at

-- name: job.fail
-- doc: A try failed: the first one makes the entry, later ones change it.
-- in: id id, str job, id subject, i64 state, i64 tries, str error, time next_at, time now
INSERT INTO job_failure (id, job, subject_id, state, tries, error, next_at, created_at, updated_at)
VALUES (:id, :job, :subject, :state, :tries, :error, :next_at, :now, :now)
ON DUPLICATE KEY UPDATE state = :state, tries = :tries, error = :error, next_at = :next_at,
                        updated_at = :now;

-- name: job.settle
-- doc: A try succeeded.
-- in: str job, id subject
DELETE FROM job_failure WHERE job = :job AND subject_id = :subject;

-- name: job.page
-- doc: Failures, newest first, those older than `before`.
-- in: id before, str? job, i64? state, i64 limit
SELECT {{job}}
  FROM job_failure
 WHERE id < :before
   AND (:job IS NULL OR job = :job)
   AND (:state IS NULL OR state = :state)
 ORDER BY id DESC
 LIMIT :limit;

-- name: job.lock
-- doc: One failure, held until the transaction ends.
-- in: id id
SELECT {{job}}
  FROM job_failure
 WHERE id = :id
   FOR UPDATE;

-- name: job.retry
-- doc: To be tried at once, with all of its tries before it.
-- in: id id, time now
UPDATE job_failure
   SET state = 0, tries = 0, next_at = :now, updated_at = :now
 WHERE id = :id;

-- name: job.count
-- doc: How many rows each job failed on, by state.
-- out: str job, i64 state, i64 n
SELECT job, state, COUNT(*) FROM job_failure GROUP BY job, state;

-- name: job.backlog
-- doc: Work that each job has yet to do: how many rows, counted up to `limit`, and since when the oldest
-- doc: of them waits. Rows that failed count as failures alone.
-- in: time now, i64 limit
-- out: str job, i64 n, time? since
SELECT 'events', COUNT(*), MIN(w.since)
  FROM (SELECT l.next_at AS since
          FROM audit_log l
          LEFT JOIN job_failure f ON f.job = 'events' AND f.subject_id = l.id
         WHERE l.state = 0 AND l.next_at <= :now AND f.id IS NULL
         ORDER BY l.next_at
         LIMIT :limit) w
 UNION ALL
SELECT 'mail', COUNT(*), MIN(w.since)
  FROM (SELECT m.created_at AS since
          FROM mail m
          LEFT JOIN job_failure f ON f.job = 'mail' AND f.subject_id = m.id
         WHERE m.state = 0 AND f.id IS NULL
         ORDER BY m.next_at
         LIMIT :limit) w
 UNION ALL
SELECT 'order_expiry', COUNT(*), MIN(w.since)
  FROM (SELECT o.expires_at AS since
          FROM orders o
          LEFT JOIN job_failure f ON f.job = 'order_expiry' AND f.subject_id = o.id
         WHERE o.status = 0 AND o.expires_at <= :now AND f.id IS NULL
         ORDER BY o.expires_at
         LIMIT :limit) w;

-- Oldest first, so that each run goes on where the one before it ended. A failure whose time came
-- long ago is of a row that its job no longer finds: it is done or gone.

-- name: job.purge_failures
-- in: time before, i64 limit
DELETE FROM job_failure WHERE next_at < :before ORDER BY next_at LIMIT :limit;

-- name: job.purge_idempotency
-- in: time before, i64 limit
DELETE FROM idempotency WHERE created_at < :before ORDER BY created_at LIMIT :limit;

-- name: job.purge_sessions
-- in: time before, i64 limit
DELETE FROM session WHERE expires_at < :before ORDER BY expires_at LIMIT :limit;

-- name: job.purge_sent_mail
-- in: time before, i64 limit
DELETE FROM mail WHERE state = 1 AND next_at < :before ORDER BY next_at LIMIT :limit;

-- name: job.purge_refused_mail
-- in: time before, i64 limit
DELETE FROM mail WHERE state = 2 AND next_at < :before ORDER BY next_at LIMIT :limit;

-- name: job.purge_codes
-- in: time before, i64 limit
DELETE FROM mailed_code WHERE expires_at < :before ORDER BY expires_at LIMIT :limit;

-- name: job.purge_id_tokens
-- in: time before, i64 limit
DELETE FROM id_token_used WHERE expires_at < :before ORDER BY expires_at LIMIT :limit;

-- name: job.purge_mfa_challenges
-- in: time before, i64 limit
DELETE FROM mfa_challenge WHERE expires_at < :before ORDER BY expires_at LIMIT :limit;

-- name: job.purge_passkey_challenges
-- in: time before, i64 limit
DELETE FROM passkey_challenge WHERE expires_at < :before ORDER BY expires_at LIMIT :limit;
