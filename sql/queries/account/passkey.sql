-- name: passkey.insert
-- doc: A duplicate is a credential that is registered already.
-- in: id id, id account, bin credential, i64 alg, bin public_key, i64 sign_count, i64 backed_up
-- in: str name, time now
INSERT INTO passkey (id, account_id, credential_id, alg, public_key, sign_count, backed_up, name,
                     created_at)
VALUES (:id, :account, :credential, :alg, :public_key, :sign_count, :backed_up, :name, :now);

-- name: passkey.credential
-- doc: The key of a credential whose account is open.
-- in: bin credential
-- out: id id, id account, i64 alg, bin public_key, i64 sign_count
SELECT p.id, p.account_id, p.alg, p.public_key, p.sign_count
  FROM passkey p
  JOIN account a ON a.id = p.account_id AND a.status = 0
 WHERE p.credential_id = :credential;

-- name: passkey.used
-- doc: The counter only rises; without one it stays 0. No row: it did not rise, so another device has
-- doc: the same key.
-- in: id id, i64 sign_count, i64 backed_up, time now
UPDATE passkey
   SET sign_count = :sign_count, backed_up = :backed_up, last_used_at = :now
 WHERE id = :id AND (sign_count < :sign_count OR (sign_count = 0 AND :sign_count = 0));

-- name: passkey.list
-- in: id account, i64 limit
-- out: id id, bin credential, str name, i64 backed_up, time created_at, time? last_used_at
SELECT id, credential_id, name, backed_up, created_at, last_used_at
  FROM passkey
 WHERE account_id = :account
 ORDER BY id
 LIMIT :limit;

-- name: passkey.get
-- in: id account, id id
-- out: id id, str name, i64 backed_up, time created_at, time? last_used_at
SELECT id, name, backed_up, created_at, last_used_at
  FROM passkey
 WHERE account_id = :account AND id = :id;

-- name: passkey.rename
-- in: id account, id id, str name
UPDATE passkey SET name = :name WHERE account_id = :account AND id = :id;

-- name: passkey.delete
-- in: id account, id id
DELETE FROM passkey WHERE account_id = :account AND id = :id;

-- name: passkey_challenge.insert
-- doc: A duplicate is a challenge that was answered before.
-- in: hash challenge, time expires_at
INSERT INTO passkey_challenge (challenge_hash, expires_at) VALUES (:challenge, :expires_at);

-- name: passkey.delete_all
-- in: id account
DELETE FROM passkey WHERE account_id = :account;
