-- name: idempotency.find
-- in: id principal, bin key
-- out: hash request_hash, i64 status, bin body, time created_at
SELECT request_hash, status, body, created_at
  FROM idempotency
 WHERE principal = :principal AND idem_key = :key;

-- name: idempotency.kept
-- doc: How many answers are kept of an account, and how much they take.
-- in: id account
-- out: i64 answers, i64 bytes
SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS SIGNED)
  FROM idempotency
 WHERE account_id = :account;

-- name: idempotency.store
-- doc: The answer of a finished request.
-- in: id principal, bin key, id? account, hash request_hash, i64 status, bin body, i64 bytes
-- in: time now
INSERT INTO idempotency (principal, idem_key, account_id, request_hash, status, body, bytes,
                         created_at)
VALUES (:principal, :key, :account, :request_hash, :status, :body, :bytes, :now);

-- name: idempotency.move
-- doc: The keys of an account are another's from now on, but those that it has used itself. The key of a
-- doc: sign-in stays: its answer is kept of the account that it led to, and is given again to the guest.
-- in: id source, id account
UPDATE IGNORE idempotency
   SET principal = :account, account_id = :account
 WHERE principal = :source AND account_id = :source;

-- name: idempotency.erase
-- in: id account
DELETE FROM idempotency WHERE account_id = :account;

-- name: idempotency.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE i
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN idempotency i ON i.principal = UNHEX(j.id);
