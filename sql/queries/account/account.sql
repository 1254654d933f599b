-- name: account.profile
-- doc: An open account, one row a role (one row when it has none), in no particular order: sorting here
-- doc: would cost a fifth of the statement.
-- in: id id
-- out: id id, i64 kind, bin? email, time? verified_at, str name, bin? phone, str locale
-- out: time created_at, i64 mfa, str? public_metadata, str? role
SELECT a.id, a.kind, a.email, a.verified_at, a.name, a.phone, a.locale, a.created_at,
       t.account_id IS NOT NULL, a.public_metadata, r.role_name
  FROM account a
  LEFT JOIN totp t ON t.account_id = a.id AND t.confirmed_at IS NOT NULL
  LEFT JOIN account_role r ON r.account_id = a.id
 WHERE a.id = :id AND a.status = 0
 LIMIT 100;

-- name: account.owner
-- doc: Holder of an address, open account or not; locked until the transaction ends.
-- in: bin email_key
-- out: id id, i64 status, bin? email, str locale
SELECT id, status, email, locale
  FROM account
 WHERE email_key = :email_key
  LOCK IN SHARE MODE;

-- name: account.ways_in
-- doc: In how many ways the owner of an account may sign in.
-- in: id id
-- out: i64 ways
SELECT (password_hash IS NOT NULL)
       + (SELECT COUNT(*) FROM identity i WHERE i.account_id = account.id)
       + (SELECT COUNT(*) FROM passkey p WHERE p.account_id = account.id)
  FROM account
 WHERE id = :id;

-- name: account.lock
-- doc: Hold the row until the transaction ends.
-- in: id id
-- out: id id
SELECT id FROM account WHERE id = :id AND status = 0 FOR UPDATE;

-- name: account.stay
-- doc: An open account of nobody who signed in to another; it stays so until the transaction ends.
-- in: id id
-- out: id id
SELECT id
  FROM account
 WHERE id = :id AND status = 0 AND merged_into IS NULL
  LOCK IN SHARE MODE;

-- name: account.patch
-- doc: Absent name and locale stay; the others change when their set_ is 1.
-- in: id id, str? name, i64 set_phone, bin? phone, str? locale, i64 set_public_metadata
-- in: str? public_metadata, time now
UPDATE account
   SET name = COALESCE(:name, name), locale = COALESCE(:locale, locale),
       phone = CASE WHEN :set_phone = 1 THEN :phone ELSE phone END,
       public_metadata = CASE WHEN :set_public_metadata = 1 THEN :public_metadata ELSE public_metadata END,
       version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.erase
-- in: id id, time now
UPDATE account
   SET status = 1, email = NULL, email_key = NULL, verified_at = NULL, name = '', phone = NULL,
       locale = 'en', password_hash = NULL, audit_key = NULL, metadata = NULL,
       public_metadata = NULL, version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.take_metadata
-- doc: An account without public metadata takes that of the guest who signs in.
-- in: id guest, id account, time now
UPDATE account a
  JOIN account g ON g.id = :guest AND g.public_metadata IS NOT NULL
   SET a.public_metadata = g.public_metadata, a.version = a.version + 1, a.updated_at = :now
 WHERE a.id = :account AND a.public_metadata IS NULL;

-- name: account.sealed
-- doc: Sealed telephone numbers after a row, by row.
-- in: id after, i64 limit
-- out: id id, bin? value
SELECT id, phone FROM account WHERE id > :after ORDER BY id LIMIT :limit;

-- name: account.reseal
-- in: id id, bin seen, bin value
UPDATE account SET phone = :value WHERE id = :id AND phone = :seen;
