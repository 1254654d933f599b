-- name: code.trim
-- doc: All codes of a holder but the newest `keep` go.
-- in: i64 purpose, bin holder, i64 keep
DELETE c
  FROM mailed_code c
  JOIN (SELECT code_hash
          FROM mailed_code
         WHERE purpose = :purpose AND holder = :holder
         ORDER BY created_at DESC, code_hash
         LIMIT 1000 OFFSET :keep) AS old ON old.code_hash = c.code_hash
 WHERE c.purpose = :purpose AND c.holder = :holder;

-- name: code.insert
-- doc: A duplicate is a code that the holder has already.
-- in: i64 purpose, bin holder, hash code_hash, bin email, bin email_key, id? account, str? name
-- in: bin? password_hash, time expires_at, time now
INSERT INTO mailed_code (purpose, holder, code_hash, email, email_key, account_id, name,
                         password_hash, attempts, expires_at, created_at)
VALUES (:purpose, :holder, :code_hash, :email, :email_key, :account, :name,
        :password_hash, 0, :expires_at, :now);

-- name: code.try
-- doc: Count one try of a code, whichever it is, before it is looked at: every code of the holder
-- doc: loses one.
-- in: i64 purpose, bin holder
UPDATE mailed_code SET attempts = attempts + 1 WHERE purpose = :purpose AND holder = :holder;

-- name: code.untry
-- doc: The try was right, and is not to be the last word.
-- in: i64 purpose, bin holder
UPDATE mailed_code SET attempts = attempts - 1 WHERE purpose = :purpose AND holder = :holder;

-- name: code.live
-- doc: The newest `keep` codes of a holder that have expired neither by time nor by `limit` tries.
-- in: i64 purpose, bin holder, i64 limit, time now, i64 keep
-- out: hash code_hash, bin email, bin email_key, id? account, str? name, bin? password_hash
SELECT code_hash, email, email_key, account_id, name, password_hash
  FROM mailed_code
 WHERE purpose = :purpose AND holder = :holder AND attempts <= :limit AND expires_at > :now
 ORDER BY created_at DESC, code_hash
 LIMIT :keep;

-- name: code.drop
-- in: i64 purpose, bin holder
DELETE FROM mailed_code WHERE purpose = :purpose AND holder = :holder;

-- name: code.purge
-- doc: Codes that have expired, oldest first.
-- in: time now, i64 limit
DELETE FROM mailed_code WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit;

-- name: code.delete_all
-- in: id account
DELETE FROM mailed_code WHERE account_id = :account;
