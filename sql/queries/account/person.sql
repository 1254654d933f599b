-- A person is gone: what is kept for the books tells nothing of them.

-- name: person.proof
-- doc: By what an open account's owner can prove to be there.
-- in: id id
-- out: i64 kind, i64 has_password
SELECT kind, password_hash IS NOT NULL FROM account WHERE id = :id AND status = 0;

-- name: person.account
-- doc: An open account, held until the transaction ends.
-- in: id id
-- out: i64 kind, bin? email_key
SELECT kind, email_key FROM account WHERE id = :id AND status = 0 FOR UPDATE;

-- name: person.merged
-- doc: Guests who turned out to be the same person, held until the transaction ends.
-- in: id account, i64 limit
-- out: id id
SELECT id FROM account WHERE merged_into = :account AND status = 0 LIMIT :limit FOR UPDATE;

-- name: person.merge
-- doc: The guest is the one who has just signed in.
-- in: id guest, id account
UPDATE account SET merged_into = :account WHERE id = :guest AND kind = 0;

-- name: person.erase_account
-- in: id id, time now
UPDATE account
   SET status = 1, email = NULL, email_key = NULL, verified_at = NULL, name = '', phone = NULL,
       locale = 'en', password_hash = NULL, audit_key = NULL, version = version + 1, updated_at = :now
 WHERE id = :id AND status = 0;

-- name: person.is_owner
-- doc: One row for an owner of the shop.
-- in: id account
-- out: i64 yes
SELECT 1 FROM account_role WHERE account_id = :account AND role_name = 'owner';

-- name: person.drop_totp
-- in: id account
DELETE FROM totp WHERE account_id = :account;

-- name: person.drop_passkeys
-- in: id account
DELETE FROM passkey WHERE account_id = :account;

-- name: person.erase_sessions
-- in: id account
UPDATE session SET user_agent = '', address = '' WHERE account_id = :account;

-- name: person.erase_addresses
-- doc: The country stays: it decided on the tax.
-- in: id account
UPDATE address SET sealed = NULL WHERE account_id = :account;

-- name: person.drop_book
-- in: id account
DELETE FROM account_address WHERE account_id = :account;

-- name: person.drop_cart
-- in: id account
DELETE i FROM cart_item i
  JOIN cart c ON c.id = i.cart_id
 WHERE c.account_id = :account AND c.is_open = 1;

-- name: person.erase_orders
-- in: id account
UPDATE orders SET email = NULL, note = NULL WHERE account_id = :account;

-- name: person.drop_answers
-- in: id account
DELETE FROM idempotency WHERE account_id = :account;

-- name: person.drop_codes
-- in: id account
DELETE FROM mailed_code WHERE account_id = :account;

-- name: person.sealed
-- doc: The sealed values of column `kind` (lib/shop/sealed.c has their order), by row.
-- in: i64 kind, id after, i64 limit
-- out: id id, bin? value
SELECT s.id, s.value
  FROM (
       (SELECT id, phone AS value FROM account
         WHERE :kind = 0 AND id > :after ORDER BY id LIMIT :limit)
       UNION ALL
       (SELECT id, sealed FROM address
         WHERE :kind = 1 AND id > :after ORDER BY id LIMIT :limit)
       UNION ALL
       (SELECT id, sealed FROM mail
         WHERE :kind = 2 AND id > :after ORDER BY id LIMIT :limit)
       UNION ALL
       (SELECT account_id, secret FROM totp
         WHERE :kind = 3 AND account_id > :after ORDER BY account_id LIMIT :limit)
       ) s
 ORDER BY s.id;

-- name: person.reseal_phone
-- in: id id, bin seen, bin value
UPDATE account SET phone = :value WHERE id = :id AND phone = :seen;

-- name: person.reseal_address
-- in: id id, bin seen, bin value
UPDATE address SET sealed = :value WHERE id = :id AND sealed = :seen;

-- name: person.reseal_mail
-- in: id id, bin seen, bin value
UPDATE mail SET sealed = :value WHERE id = :id AND sealed = :seen;

-- name: person.reseal_totp
-- in: id id, bin seen, bin value
UPDATE totp SET secret = :value WHERE account_id = :id AND secret = :seen;
