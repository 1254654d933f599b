-- name: session.insert
-- doc: Only while the account is active, which stays so until the transaction ends: a session does
-- doc: not slip in beside its account's being disabled.
-- in: id id, id account, i64 second_factor, time expires_at, str user_agent, bin address, time now
INSERT INTO session (id, account_id, generation, created_at, rotated_at, expires_at,
                     authenticated_at, second_factor, user_agent, address)
SELECT :id, a.id, 0, :now, :now, :expires_at, :now, :second_factor, :user_agent, :address
  FROM account a
 WHERE a.id = :account AND a.status = 0
  LOCK IN SHARE MODE;

-- name: session.reauthenticate
-- doc: The owner of a live session proved to be there.
-- in: id id, time now
UPDATE session SET authenticated_at = :now
 WHERE id = :id AND revoked_at IS NULL AND expires_at > :now;

-- name: session.rotate
-- doc: Spend generation `generation` of a live session; of parallel uses one changes a row. The life
-- doc: without use begins anew, never beyond max_days since it was made.
-- in: id id, i64 generation, time idle_until, i64 max_days, time now
UPDATE session
   SET generation = generation + 1, rotated_at = :now,
       expires_at = LEAST(CAST(:idle_until AS DATETIME(3)),
                          DATE_ADD(created_at, INTERVAL :max_days DAY))
 WHERE id = :id AND generation = :generation AND revoked_at IS NULL AND expires_at > :now;

-- name: session.load
-- in: id id
-- out: id account, i64 generation, time rotated_at, time expires_at, time? revoked_at
SELECT account_id, generation, rotated_at, expires_at, revoked_at FROM session WHERE id = :id;

-- name: session.revoke
-- in: id id, time now
UPDATE session SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL;

-- name: session.revoke_all
-- in: id account, time now
UPDATE session SET revoked_at = :now WHERE account_id = :account AND revoked_at IS NULL;

-- name: session.revoked_at
-- doc: The sessions of an account that ended at one moment.
-- in: id account, time at
-- out: id id
SELECT id FROM session WHERE account_id = :account AND revoked_at = :at;
