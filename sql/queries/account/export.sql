-- All that is held of a person, for the person.

-- name: export.guest
-- doc: The first guest from `from` on who turned out to be the person.
-- in: id person, id from
-- out: id id
SELECT id
  FROM account
 WHERE merged_into = :person AND status = 0 AND id >= :from
 ORDER BY id
 LIMIT 1;

-- name: export.account
-- doc: Columns of an account that no other reader shows.
-- in: id id
-- out: time? verified_at, time updated_at, i64 has_password, time? totp_begun_at, time? totp_since
-- out: i64? totp_last_step, i64 codes_left, time? codes_since, time? code_used_at, str? metadata
SELECT a.verified_at, a.updated_at, a.password_hash IS NOT NULL, t.created_at, t.confirmed_at,
       t.last_step,
       (SELECT COUNT(*) FROM recovery_code c WHERE c.account_id = a.id AND c.used_at IS NULL),
       (SELECT MIN(c.created_at) FROM recovery_code c WHERE c.account_id = a.id),
       (SELECT MAX(c.used_at) FROM recovery_code c WHERE c.account_id = a.id), a.metadata
  FROM account a
  LEFT JOIN totp t ON t.account_id = a.id
 WHERE a.id = :id;

-- name: export.codes
-- doc: Purposes of mailed codes, newest first.
-- in: id account, i64 limit
-- out: i64 purpose, bin email, str? name, i64 attempts, time created_at, time expires_at
SELECT purpose, email, name, attempts, created_at, expires_at
  FROM mailed_code
 WHERE account_id = :account
 ORDER BY created_at DESC
 LIMIT :limit;

-- name: export.addresses
-- doc: Every address that is kept, newest first, those older than `before`.
-- in: id account, id before, i64 limit
-- out: id id, str country, bin? sealed, time created_at
SELECT id, country, sealed, created_at
  FROM address
 WHERE account_id = :account AND id < :before
 ORDER BY id DESC
 LIMIT :limit;

-- row: export_session
-- out: id id, str user_agent, bin address, time created_at, time rotated_at, time authenticated_at
-- out: i64 second_factor, time expires_at, time? revoked_at
id, user_agent, address, created_at, rotated_at, authenticated_at, second_factor, expires_at,
revoked_at

-- name: export.sessions
-- doc: Those that were not ended, newest first, those older than `before`.
-- in: id account, id before, i64 limit
SELECT {{export_session}}
  FROM session
 WHERE account_id = :account AND revoked_at IS NULL AND id < :before
 ORDER BY id DESC
 LIMIT :limit;

-- name: export.ended
-- doc: Those that were ended, the last one first, behind (ended, before). Where most sessions are of
-- doc: one account MySQL would rather sort them.
-- in: id account, time ended, id before, i64 limit
SELECT {{export_session}}
  FROM session FORCE INDEX (session_account)
 WHERE account_id = :account AND revoked_at <= :ended AND (revoked_at < :ended OR id < :before)
 ORDER BY revoked_at DESC, id DESC
 LIMIT :limit;

-- name: export.mails
-- doc: Mail for an account, and to its address from when there was no account, newest first, older
-- doc: than `before`. The hash of an address may be of two keys.
-- in: id account, hash recipient, hash recipient_old, id before, i64 limit
-- out: id id, str template, str locale, i64 state, time created_at, time? sent_at
SELECT m.id, m.template, m.locale, m.state, m.created_at, m.sent_at
  FROM ((SELECT id FROM mail
          WHERE account_id = :account AND id < :before ORDER BY id DESC LIMIT :limit)
        UNION
        (SELECT id FROM mail
          WHERE recipient_hash = :recipient AND account_id IS NULL AND id < :before
          ORDER BY id DESC LIMIT :limit)
        UNION
        (SELECT id FROM mail
          WHERE recipient_hash = :recipient_old AND account_id IS NULL AND id < :before
          ORDER BY id DESC LIMIT :limit)
        ORDER BY id DESC LIMIT :limit) found
  JOIN mail m ON m.id = found.id
 ORDER BY m.id DESC;

-- name: export.audit
-- doc: Acts of an account, and acts of others on it, newest first, older than `before`. Of another's
-- doc: row it tells no address, and of another object no content. by: 0 the person, 1 staff, 2 others.
-- in: id account, id person, id before, i64 limit
-- out: id id, str action, str object_type, i64 by, str? before, str? after, bin? address
-- out: str? request, time created_at
SELECT l.id, l.action, l.object_type,
       CASE WHEN w.id = :person OR w.merged_into = :person THEN 0 WHEN w.kind = 2 THEN 1 ELSE 2 END,
       CASE WHEN l.object_id = :account THEN l.before_json END,
       CASE WHEN l.object_id = :account THEN l.after_json END,
       AES_DECRYPT(l.address, UNHEX(SHA2(CONCAT(p.audit_key, l.id), 256))),
       CASE WHEN p.id IS NOT NULL THEN l.request_id END, l.created_at
  FROM ((SELECT id FROM audit_log
          WHERE actor_id = :account AND id < :before ORDER BY id DESC LIMIT :limit)
        UNION
        (SELECT id FROM audit_log
          WHERE object_id = :account AND id < :before ORDER BY id DESC LIMIT :limit)
        ORDER BY id DESC LIMIT :limit) found
  JOIN audit_log l ON l.id = found.id
  LEFT JOIN account w ON w.id = l.actor_id
  LEFT JOIN account p ON p.id = l.person_id AND p.id = :account
 ORDER BY l.id DESC;
