-- Second factors, recovery codes, and sign-ins that wait for one of them.

-- name: mfa.factors
-- doc: What an account can prove beside its first factor: one row.
-- in: id account
-- out: i64 totp, i64 recovery_codes, i64 passkeys, i64 staff
SELECT (SELECT COUNT(*) FROM totp WHERE account_id = :account AND confirmed_at IS NOT NULL),
       (SELECT COUNT(*) FROM recovery_code WHERE account_id = :account AND used_at IS NULL),
       (SELECT COUNT(*) FROM passkey WHERE account_id = :account),
       (SELECT COUNT(*) FROM account WHERE id = :account AND kind = 2);

-- name: totp.load
-- in: id account
-- out: bin secret, time? confirmed_at
SELECT secret, confirmed_at FROM totp WHERE account_id = :account;

-- name: totp.insert
-- doc: Not yet a factor.
-- in: id account, bin secret, time now
INSERT INTO totp (account_id, secret, last_step, created_at) VALUES (:account, :secret, 0, :now);

-- name: totp.drop_unconfirmed
-- in: id account
DELETE FROM totp WHERE account_id = :account AND confirmed_at IS NULL;

-- name: totp.confirm
-- doc: From now on a factor; the step that confirmed it is spent.
-- in: id account, i64 step, time now
UPDATE totp SET confirmed_at = :now, last_step = :step
 WHERE account_id = :account AND confirmed_at IS NULL;

-- name: totp.spend
-- doc: Take the code of a step: of all who try, for all time, one changes a row.
-- in: id account, i64 step
UPDATE totp SET last_step = :step
 WHERE account_id = :account AND confirmed_at IS NOT NULL AND last_step < :step;

-- name: totp.remove
-- in: id account
DELETE FROM totp WHERE account_id = :account AND confirmed_at IS NOT NULL;

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

-- name: totp.delete
-- in: id account
DELETE FROM totp WHERE account_id = :account;

-- name: totp.sealed
-- doc: Sealed seeds of authenticator apps after a row, by row.
-- in: id after, i64 limit
-- out: id id, bin? value
SELECT account_id, secret FROM totp WHERE account_id > :after ORDER BY account_id LIMIT :limit;

-- name: totp.reseal
-- in: id id, bin seen, bin value
UPDATE totp SET secret = :value WHERE account_id = :id AND secret = :seen;
