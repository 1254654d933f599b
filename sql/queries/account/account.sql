-- name: account.profile
-- doc: An open account, one row a role (one row when it has none), in no particular order: sorting here
-- doc: would cost a fifth of the statement.
-- in: id id
-- out: id id, i64 kind, bin? email, time? verified_at, str name, bin? phone, str locale
-- out: time created_at, i64 mfa, str? role
SELECT a.id, a.kind, a.email, a.verified_at, a.name, a.phone, a.locale, a.created_at,
       t.account_id IS NOT NULL, r.role_name
  FROM account a
  LEFT JOIN totp t ON t.account_id = a.id AND t.confirmed_at IS NOT NULL
  LEFT JOIN account_role r ON r.account_id = a.id
 WHERE a.id = :id AND a.status = 0
 LIMIT 100;

-- name: account.credentials
-- doc: What signing in by password compares with.
-- in: bin email_key
-- out: id id, bin? password_hash
SELECT id, password_hash FROM account WHERE email_key = :email_key AND status = 0;

-- name: account.own_password
-- in: id id
-- out: bin? password_hash
SELECT password_hash FROM account WHERE id = :id AND status = 0;

-- name: account.owner
-- doc: Who holds an address, open account or not; they do until the transaction ends.
-- in: bin email_key
-- out: id id, i64 status, bin? email, str locale
SELECT id, status, email, locale
  FROM account
 WHERE email_key = :email_key
  LOCK IN SHARE MODE;

-- name: account.holder
-- doc: Who holds an address, held until the transaction ends.
-- in: bin email_key
-- out: id id, i64 kind, i64 status, bin? email, time? verified_at, str locale
SELECT id, kind, status, email, verified_at, locale
  FROM account
 WHERE email_key = :email_key
   FOR UPDATE;

-- name: account.drop_unproved
-- doc: Close an account whose address was never proved, and take the address and the password from it.
-- in: id id, time now
UPDATE account
   SET status = 1, email = NULL, email_key = NULL, password_hash = NULL, version = version + 1,
       updated_at = :now
 WHERE id = :id AND verified_at IS NULL;

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

-- name: account.insert_guest
-- in: id id, str locale, time now
INSERT INTO account (id, kind, locale, created_at, updated_at)
VALUES (:id, 0, :locale, :now, :now);

-- name: account.insert_customer
-- in: id id, bin? email, bin? email_key, time? verified_at, str name, bin? password_hash, time now
INSERT INTO account (id, kind, email, email_key, verified_at, name, password_hash,
                     created_at, updated_at)
VALUES (:id, 1, :email, :email_key, :verified_at, :name, :password_hash, :now, :now);

-- name: account.upgrade_guest
-- doc: Make a customer of a guest in place; nothing changes when it is one no longer.
-- in: id id, bin? email, bin? email_key, time? verified_at, str name, bin? password_hash, time now
UPDATE account
   SET kind = 1, email = :email, email_key = :email_key, verified_at = :verified_at, name = :name,
       password_hash = :password_hash, version = version + 1, updated_at = :now
 WHERE id = :id AND kind = 0 AND status = 0;

-- name: account.confirm_password
-- doc: Store `next` where `seen` still is the hash; matches nothing when the password was changed
-- doc: or the account closed meanwhile.
-- in: id id, bin seen, bin next
UPDATE account SET password_hash = :next WHERE id = :id AND password_hash = :seen AND status = 0;

-- name: account.set_password
-- in: id id, bin password_hash, time now
UPDATE account SET password_hash = :password_hash, version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.prove
-- doc: The address was proved, if it was not before.
-- in: id id, time now
UPDATE account SET verified_at = COALESCE(verified_at, :now) WHERE id = :id AND status = 0;

-- name: account.set_email
-- doc: An address that was proved. A duplicate is one that another account has.
-- in: id id, bin email, bin email_key, time now
UPDATE account
   SET email = :email, email_key = :email_key, verified_at = :now, version = version + 1,
       updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.patch
-- doc: Absent name and locale stay; the phone changes when set_phone is 1.
-- in: id id, str? name, i64 set_phone, bin? phone, str? locale, time now
UPDATE account
   SET name = COALESCE(:name, name), locale = COALESCE(:locale, locale),
       phone = CASE WHEN :set_phone = 1 THEN :phone ELSE phone END,
       version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.proof
-- doc: By what an open account's owner can prove to be there.
-- in: id id
-- out: i64 kind, i64 has_password
SELECT kind, password_hash IS NOT NULL FROM account WHERE id = :id AND status = 0;

-- name: account.hold
-- doc: An open account, held until the transaction ends.
-- in: id id
-- out: i64 kind, bin? email_key
SELECT kind, email_key FROM account WHERE id = :id AND status = 0 FOR UPDATE;

-- name: account.merged
-- doc: Guests who turned out to be the same person, held until the transaction ends.
-- in: id account, i64 limit
-- out: id id
SELECT id FROM account WHERE merged_into = :account AND status = 0 LIMIT :limit FOR UPDATE;

-- name: account.merge
-- doc: The guest is the one who has just signed in.
-- in: id guest, id account
UPDATE account SET merged_into = :account WHERE id = :guest AND kind = 0 AND status = 0;

-- name: account.erase
-- in: id id, time now
UPDATE account
   SET status = 1, email = NULL, email_key = NULL, verified_at = NULL, name = '', phone = NULL,
       locale = 'en', password_hash = NULL, audit_key = NULL, version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: account.sealed
-- doc: Sealed telephone numbers after a row, by row.
-- in: id after, i64 limit
-- out: id id, bin? value
SELECT id, phone FROM account WHERE id > :after ORDER BY id LIMIT :limit;

-- name: account.reseal
-- in: id id, bin seen, bin value
UPDATE account SET phone = :value WHERE id = :id AND phone = :seen;
