-- name: id_token.use
-- doc: A duplicate was used before.
-- in: hash token_hash, time expires_at
INSERT INTO id_token_used (token_hash, expires_at) VALUES (:token_hash, :expires_at);

-- name: identity.find
-- doc: Account of an identity; held until the transaction ends.
-- in: bin issuer, bin subject
-- out: id id, id account
SELECT id, account_id
  FROM identity
 WHERE issuer = :issuer AND subject = :subject
   FOR UPDATE;

-- name: identity.use
-- in: id id, str provider, time now
UPDATE identity SET provider = :provider, used_at = :now WHERE id = :id;

-- name: identity.insert
-- in: id id, id account, str provider, bin issuer, bin subject, time now
INSERT INTO identity (id, account_id, provider, issuer, subject, created_at, used_at)
VALUES (:id, :account, :provider, :issuer, :subject, :now, :now);

-- name: identity.list
-- doc: An account's, newest first.
-- in: id account, i64 limit
-- out: id id, str provider, bin issuer, bin subject, time created_at, time used_at
SELECT id, provider, issuer, subject, created_at, used_at
  FROM identity
 WHERE account_id = :account
 ORDER BY id DESC
 LIMIT :limit;

-- name: identity.delete
-- in: id id, id account
DELETE FROM identity WHERE id = :id AND account_id = :account;

-- name: identity.delete_all
-- doc: An account's.
-- in: id account
DELETE FROM identity WHERE account_id = :account;

-- name: account.holder
-- doc: Holder of an address, held until the transaction ends.
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
