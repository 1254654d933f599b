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

-- name: idempotency.erase
-- in: id account
DELETE FROM idempotency WHERE account_id = :account;

-- name: idempotency.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE i
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN idempotency i ON i.principal = UNHEX(j.id);
