-- Sign-ins that have proved their first factor and wait for the second.

-- name: challenge.insert
-- in: hash token_hash, id account, id? guest, time expires_at, time now
INSERT INTO mfa_challenge (token_hash, account_id, guest_id, attempts, expires_at, created_at)
VALUES (:token_hash, :account, :guest, 0, :expires_at, :now);

-- name: challenge.try
-- doc: Count a try before the code is looked at, while there are any left.
-- in: hash token_hash, i64 limit, time now
UPDATE mfa_challenge SET attempts = attempts + 1
 WHERE token_hash = :token_hash AND attempts < :limit AND expires_at > :now;

-- name: challenge.load
-- in: hash token_hash
-- out: id account, id? guest, i64 attempts
SELECT account_id, guest_id, attempts FROM mfa_challenge WHERE token_hash = :token_hash;

-- name: challenge.end
-- in: hash token_hash
DELETE FROM mfa_challenge WHERE token_hash = :token_hash;

-- name: challenge.end_all
-- in: id account
DELETE FROM mfa_challenge WHERE account_id = :account;
