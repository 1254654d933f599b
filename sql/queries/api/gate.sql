-- name: gate.permissions
-- doc: Live permissions of a staff session; no row when the session or the account has ended.
-- in: id session, id account, time now
-- out: i64 permissions, i64 second_factor, id? audit_key
SELECT CAST(COALESCE(BIT_OR(r.permissions), 0) AS SIGNED), s.second_factor, a.audit_key
  FROM session s
  JOIN account a ON a.id = s.account_id AND a.kind = 2 AND a.status = 0
  LEFT JOIN account_role ar ON ar.account_id = a.id
  LEFT JOIN role r ON r.name = ar.role_name
 WHERE s.id = :session AND s.account_id = :account AND s.revoked_at IS NULL AND s.expires_at > :now
 GROUP BY s.id, s.second_factor, a.audit_key;

-- name: gate.session_live
-- doc: One row while the session and its account live: when its owner last proved to be there, and
-- doc: by what second factor.
-- in: id session, time now
-- out: time authenticated_at, i64 second_factor
SELECT s.authenticated_at, s.second_factor
  FROM session s
  JOIN account a ON a.id = s.account_id AND a.status = 0
 WHERE s.id = :session AND s.revoked_at IS NULL AND s.expires_at > :now;

-- name: gate.revoked_since
-- doc: Sessions that were ended lately, for the deny-list: those behind (since, after), in pages.
-- in: time since, id after, i64 limit
-- out: id id, time revoked_at
SELECT id, revoked_at
  FROM session
 WHERE revoked_at >= :since AND (revoked_at > :since OR id > :after)
 ORDER BY revoked_at, id
 LIMIT :limit;

-- name: idempotency.find
-- in: id principal, bin key
-- out: hash request_hash, i64 status, bin body, time created_at
SELECT request_hash, status, body, created_at
  FROM idempotency
 WHERE principal = :principal AND idem_key = :key;

-- name: idempotency.store
-- doc: The answer of a finished request.
-- in: id principal, bin key, id? account, hash request_hash, i64 status, bin body, time now
INSERT INTO idempotency (principal, idem_key, account_id, request_hash, status, body, created_at)
VALUES (:principal, :key, :account, :request_hash, :status, :body, :now);

-- name: idempotency.finish
-- doc: The answer to a key that was claimed with status 0.
-- in: id principal, bin key, id? account, i64 status, bin body
UPDATE idempotency SET account_id = :account, status = :status, body = :body
 WHERE principal = :principal AND idem_key = :key AND status = 0;

-- name: idempotency.take_over
-- doc: Claim again a key whose first holder died.
-- in: id principal, bin key, time now, time seen
UPDATE idempotency SET created_at = :now
 WHERE principal = :principal AND idem_key = :key AND status = 0 AND created_at = :seen;

-- name: idempotency.drop
-- doc: Give a claimed key back: its request had no effect.
-- in: id principal, bin key
DELETE FROM idempotency WHERE principal = :principal AND idem_key = :key AND status = 0;
