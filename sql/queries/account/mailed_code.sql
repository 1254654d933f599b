-- name: code.insert
-- doc: A duplicate is a handle or a code that is there already.
-- in: i64 purpose, bin holder, hash handle_hash, hash code_hash, bin email, bin email_key, id? account
-- in: str? name, bin? password_hash, time expires_at, time now
INSERT INTO mailed_code (purpose, holder, handle_hash, code_hash, email, email_key, account_id, name,
                         password_hash, attempts, expires_at, created_at)
VALUES (:purpose, :holder, :handle_hash, :code_hash, :email, :email_key, :account, :name,
        :password_hash, 0, :expires_at, :now);

-- name: code.try
-- doc: Count one try before it is looked at; the row is locked from here on.
-- in: hash handle_hash, i64 purpose, bin holder
UPDATE mailed_code SET attempts = attempts + 1
 WHERE handle_hash = :handle_hash AND purpose = :purpose AND holder = :holder;

-- name: code.untry
-- doc: The try was right, and is not to be the last word.
-- in: hash handle_hash
UPDATE mailed_code SET attempts = attempts - 1 WHERE handle_hash = :handle_hash;

-- name: code.live
-- doc: The code of a handle, unless it has expired by time or by `limit` tries.
-- in: hash handle_hash, i64 purpose, bin holder, i64 limit, time now
-- out: hash code_hash, bin email, bin email_key, id? account, str? name, bin? password_hash
SELECT code_hash, email, email_key, account_id, name, password_hash
  FROM mailed_code
 WHERE handle_hash = :handle_hash AND purpose = :purpose AND holder = :holder
   AND attempts <= :limit AND expires_at > :now;

-- name: code.drop
-- in: i64 purpose, bin holder
DELETE FROM mailed_code WHERE purpose = :purpose AND holder = :holder;

-- name: code.delete_all
-- in: id account
DELETE FROM mailed_code WHERE account_id = :account;

-- name: code.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE c
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN mailed_code c ON c.account_id = UNHEX(j.id);
