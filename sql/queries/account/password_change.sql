-- A password takes the place of the one before.

-- name: account.set_password
-- in: id id, bin password_hash, time now
UPDATE account SET password_hash = :password_hash, version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.prove
-- doc: The address was proved, if it was not before.
-- in: id id, time now
UPDATE account SET verified_at = COALESCE(verified_at, :now) WHERE id = :id AND status = 0;
