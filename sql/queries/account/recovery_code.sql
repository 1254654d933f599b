-- Codes that stand in for a lost authenticator app.

-- name: recovery_code.insert
-- in: id account, hash code_hash, time now
INSERT INTO recovery_code (account_id, code_hash, created_at) VALUES (:account, :code_hash, :now);

-- name: recovery_code.spend
-- doc: Of all who try, one changes a row.
-- in: id account, hash code_hash, time now
UPDATE recovery_code SET used_at = :now
 WHERE account_id = :account AND code_hash = :code_hash AND used_at IS NULL;

-- name: recovery_code.known
-- doc: One row when it was a code of the present set, used or not.
-- in: id account, hash code_hash
-- out: i64 known
SELECT 1 FROM recovery_code WHERE account_id = :account AND code_hash = :code_hash;

-- name: recovery_code.drop
-- in: id account
DELETE FROM recovery_code WHERE account_id = :account;

-- name: recovery_code.left
-- in: id account
-- out: i64 n
SELECT COUNT(*) FROM recovery_code WHERE account_id = :account AND used_at IS NULL;
