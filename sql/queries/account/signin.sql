-- Accounts on the way in.

-- name: account.credentials
-- doc: Columns that signing in by password compares with.
-- in: bin email_key
-- out: id id, bin? password_hash
SELECT id, password_hash FROM account WHERE email_key = :email_key AND status = 0;

-- name: account.own_password
-- in: id id
-- out: bin? password_hash
SELECT password_hash FROM account WHERE id = :id AND status = 0;

-- name: account.insert_guest
-- in: id id, str locale, time now
INSERT INTO account (id, kind, locale, created_at, updated_at)
VALUES (:id, 0, :locale, :now, :now);

-- name: account.insert_customer
-- in: id id, bin? email, bin? email_key, time? verified_at, str name, bin? password_hash, str locale
-- in: time now
INSERT INTO account (id, kind, email, email_key, verified_at, name, password_hash, locale,
                     created_at, updated_at)
VALUES (:id, 1, :email, :email_key, :verified_at, :name, :password_hash, :locale, :now, :now);

-- name: account.upgrade_guest
-- doc: Make a customer of a guest in place; nothing changes when it is one no longer, or has signed in to
-- doc: another account.
-- in: id id, bin? email, bin? email_key, time? verified_at, str name, bin? password_hash, time now
UPDATE account
   SET kind = 1, email = :email, email_key = :email_key, verified_at = :verified_at, name = :name,
       password_hash = :password_hash, version = version + 1, updated_at = :now
 WHERE id = :id AND kind = 0 AND status = 0 AND merged_into IS NULL;

-- name: account.confirm_password
-- doc: Store `next` where `seen` still is the hash; matches nothing when the password was changed
-- doc: or the account closed meanwhile.
-- in: id id, bin seen, bin next
UPDATE account SET password_hash = :next WHERE id = :id AND password_hash = :seen AND status = 0;

-- name: account.merge
-- doc: The guest is the one who has just signed in, once and for all.
-- in: id guest, id account
UPDATE account SET merged_into = :account
 WHERE id = :guest AND kind = 0 AND status = 0 AND merged_into IS NULL;

-- name: session.reauthenticate
-- doc: The owner of a live session proved to be there.
-- in: id id, time now
UPDATE session SET authenticated_at = :now
 WHERE id = :id AND revoked_at IS NULL AND expires_at > :now;
