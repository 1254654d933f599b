-- The account that ends, and the guests it was before.

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
-- doc: Guests who turned out to be the same person, those behind `after`, held until the transaction
-- doc: ends.
-- in: id account, id after, i64 limit
-- out: id id
SELECT id
  FROM account
 WHERE merged_into = :account AND id > :after AND status = 0
 ORDER BY id
 LIMIT :limit
   FOR UPDATE;
