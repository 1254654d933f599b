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

-- name: session.revoke_own
-- doc: End a live session of the account; changes nothing where there is none of that id.
-- in: id id, id account, time now
UPDATE session SET revoked_at = :now
 WHERE id = :id AND account_id = :account AND revoked_at IS NULL AND expires_at > :now;

-- name: session.revoke_others
-- doc: End all sessions of an account but `keep` (none: all).
-- in: id account, id keep, time now
UPDATE session SET revoked_at = :now
 WHERE account_id = :account AND revoked_at IS NULL AND id <> :keep;

-- name: session.outlived
-- doc: One row when a session of the account that existed when session `ended` ended still lives.
-- in: id account, id ended, time now
-- out: id id
SELECT s.id
  FROM session s
  JOIN session mine ON mine.id = :ended
 WHERE s.account_id = :account AND s.revoked_at IS NULL AND s.expires_at > :now
   AND s.created_at <= mine.revoked_at
 LIMIT 1;

-- name: session.page
-- doc: Live sessions of an account, newest first.
-- in: id account, id before, time now, i64 limit
-- out: id id, str user_agent, bin address, time created_at, time rotated_at
SELECT id, user_agent, address, created_at, rotated_at
  FROM session
 WHERE account_id = :account AND revoked_at IS NULL AND id < :before AND expires_at > :now
 ORDER BY id DESC
 LIMIT :limit;

-- name: session.proved
-- doc: A session without a second factor has one now.
-- in: id id, i64 second_factor
UPDATE session SET second_factor = :second_factor WHERE id = :id AND second_factor = 0;

-- name: session.unproved
-- doc: Sessions that were proved by a factor that the account no longer has count as without one.
-- in: id account
UPDATE session
   SET second_factor = 0
 WHERE account_id = :account
   AND (second_factor IN (1, 2)
        AND NOT EXISTS (SELECT 1 FROM totp
                         WHERE account_id = :account AND confirmed_at IS NOT NULL)
        OR second_factor = 3
        AND NOT EXISTS (SELECT 1 FROM passkey WHERE account_id = :account));

-- name: session.revoked_at
-- doc: The sessions of an account that ended at one moment.
-- in: id account, time at
-- out: id id
SELECT id FROM session WHERE account_id = :account AND revoked_at = :at;

-- name: session.rights
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

-- name: session.live
-- doc: One row while the session and its account live: when its owner last proved to be there, and
-- doc: by what second factor.
-- in: id session, time now
-- out: time authenticated_at, i64 second_factor
SELECT s.authenticated_at, s.second_factor
  FROM session s
  JOIN account a ON a.id = s.account_id AND a.status = 0
 WHERE s.id = :session AND s.revoked_at IS NULL AND s.expires_at > :now;

-- name: session.revoked_since
-- doc: Sessions that were ended lately, for the deny-list: those behind (since, after), in pages.
-- in: time since, id after, i64 limit
-- out: id id, time revoked_at
SELECT id, revoked_at
  FROM session
 WHERE revoked_at >= :since AND (revoked_at > :since OR id > :after)
 ORDER BY revoked_at, id
 LIMIT :limit;

-- name: session.erase
-- in: id account
UPDATE session SET user_agent = '', address = '' WHERE account_id = :account;

-- name: session.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE s
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN session s ON s.account_id = UNHEX(j.id);
