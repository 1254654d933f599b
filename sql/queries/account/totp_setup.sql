-- The authenticator app of an account.

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
