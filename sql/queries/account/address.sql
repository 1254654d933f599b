-- name: address.insert
-- doc: Nothing when the account has ended or was merged: an address does not slip in behind its being
-- doc: erased, or moved. It is held until the transaction ends.
-- in: id id, id account, str country, bin sealed, time now
INSERT INTO address (id, account_id, country, sealed, created_at)
SELECT :id, a.id, :country, :sealed, :now
  FROM account a
 WHERE a.id = :account AND a.status = 0 AND a.merged_into IS NULL
   FOR UPDATE;

-- row: address
-- An entry with its address, and where both are.
-- out: id id, id row_id, bool is_default, time created_at, str country, bin? sealed
e.id, e.address_id, e.is_default, e.created_at, a.country, a.sealed
FROM account_address e
JOIN address a ON a.id = e.address_id

-- name: address.find
-- doc: An account's book entry.
-- in: id id, id account
SELECT {{address}}
 WHERE e.id = :id AND e.account_id = :account;

-- name: address.page
-- doc: An account's book entries, newest first, those made before entry `before`.
-- in: id account, id before, i64 limit
SELECT {{address}}
 WHERE e.account_id = :account AND e.id < :before
 ORDER BY e.id DESC
 LIMIT :limit;

-- name: address.count
-- in: id account
-- out: i64 n
SELECT COUNT(*) FROM account_address WHERE account_id = :account;

-- name: address.insert_entry
-- in: id id, id account, id row_id, i64 is_default, time now
INSERT INTO account_address (id, account_id, address_id, is_default, created_at, updated_at)
VALUES (:id, :account, :row_id, :is_default, :now, :now);

-- name: address.update_entry
-- in: id id, id account, id row_id, i64 is_default, time now
UPDATE account_address
   SET address_id = :row_id, is_default = :is_default, updated_at = :now
 WHERE id = :id AND account_id = :account;

-- name: address.only_default
-- doc: No other entry of the account is the default.
-- in: id id, id account
UPDATE account_address SET is_default = 0
 WHERE account_id = :account AND id <> :id AND is_default = 1;

-- name: address.newest_default
-- doc: The newest entry becomes the default.
-- in: id account
UPDATE account_address SET is_default = 1 WHERE account_id = :account ORDER BY id DESC LIMIT 1;

-- name: address.delete_entry
-- in: id id, id account
DELETE FROM account_address WHERE id = :id AND account_id = :account;

-- name: address.erase
-- doc: The country stays: it decided on the tax.
-- in: id account
UPDATE address SET sealed = NULL WHERE account_id = :account;

-- name: address.delete_entries
-- in: id account
DELETE FROM account_address WHERE account_id = :account;

-- name: address.sealed
-- doc: Sealed addresses after a row, by row.
-- in: id after, i64 limit
-- out: id id, bin? value
SELECT id, sealed FROM address WHERE id > :after ORDER BY id LIMIT :limit;

-- name: address.reseal
-- in: id id, bin seen, bin value
UPDATE address SET sealed = :value WHERE id = :id AND sealed = :seen;

-- name: address.purge_entries
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE b
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN account_address b ON b.account_id = UNHEX(j.id);

-- name: address.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE a
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN address a ON a.account_id = UNHEX(j.id);

-- name: address.move
-- doc: All addresses of an account are another's: what its carts and orders point at.
-- in: id source, id account
UPDATE address SET account_id = :account WHERE account_id = :source;

-- name: address.move_entries
-- doc: The newest entries of a book into another, whose default stays when it has one.
-- in: id source, id account, i64 first, i64 room
UPDATE account_address
   SET account_id = :account, is_default = CASE WHEN :first = 1 THEN is_default ELSE 0 END
 WHERE account_id = :source
 ORDER BY id DESC
 LIMIT :room;

-- part: address.used
-- Does anything point at the row? THE list of what may.
EXISTS (SELECT 1 FROM orders o WHERE o.shipping_address_id = address.id)
OR EXISTS (SELECT 1 FROM cart c WHERE c.shipping_address_id = address.id)
OR EXISTS (SELECT 1 FROM account_address e WHERE e.address_id = address.id)

-- name: address.walk
-- doc: Address rows by id from `after` on: whether one is in use, marked as unused, and that before `before`.
-- in: id after, time before, i64 limit
-- out: id id, bool used, bool marked, bool old
SELECT id, {{address.used}}, unused_at IS NOT NULL, COALESCE(unused_at <= :before, 0)
  FROM address
 WHERE id > :after
 ORDER BY id
 LIMIT :limit;

-- name: address.mark
-- doc: Since when the rows in a JSON array of hexadecimal ids are unused.
-- in: str ids, time? unused_at
UPDATE JSON_TABLE(:ids, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN address a ON a.id = UNHEX(j.id)
   SET a.unused_at = :unused_at;

-- name: address.delete_unused
-- doc: Those that still are unused, and have been since `before`.
-- in: time before
-- each: id id
DELETE FROM address
 WHERE id IN ([[:id]])
   AND unused_at <= :before
   AND NOT ({{address.used}});
