-- name: mail.queue
-- in: id id, id? account, hash recipient_hash, str template, str locale, bin sealed, time now
INSERT INTO mail (id, account_id, recipient_hash, template, locale, sealed, next_at, created_at)
VALUES (:id, :account, :recipient_hash, :template, :locale, :sealed, :now, :now);

-- name: mail.queue_none
-- doc: One round trip to the table that changes nothing: the id is new.
-- in: id id
UPDATE mail SET next_at = next_at WHERE id = :id;

-- name: mail.due
-- doc: Mail to send that nobody holds.
-- in: time now, i64 limit
-- out: id id, str template, str locale, bin? sealed, i64 attempts, time created_at
SELECT id, template, locale, sealed, attempts, created_at
  FROM mail
 WHERE state = 0 AND next_at <= :now AND (lease_until IS NULL OR lease_until <= :now)
 ORDER BY next_at
 LIMIT :limit;

-- name: mail.claim
-- doc: Take one by compare-and-set on its attempts.
-- in: id id, i64 attempts, id owner, time until, time now
UPDATE mail
   SET lease_owner = :owner, lease_until = :until, attempts = attempts + 1
 WHERE id = :id AND state = 0 AND attempts = :attempts
   AND (lease_until IS NULL OR lease_until <= :now);

-- name: mail.finish
-- doc: state 1 sent, 2 given up; recipient and values are wiped.
-- in: id id, id owner, i64 state, str? failure, time now
UPDATE mail
   SET state = :state, failure = :failure, sent_at = :now, sealed = NULL, lease_owner = NULL,
       lease_until = NULL
 WHERE id = :id AND lease_owner = :owner;

-- name: mail.later
-- doc: Give it back, to be tried again.
-- in: id id, id owner, str failure, time next_at
UPDATE mail
   SET next_at = :next_at, failure = :failure, lease_owner = NULL, lease_until = NULL
 WHERE id = :id AND lease_owner = :owner;

-- name: mail.forget
-- doc: Whatever was queued to that address.
-- in: hash recipient_hash
DELETE FROM mail WHERE recipient_hash = :recipient_hash;

-- name: mail.forget_account
-- doc: Whatever was queued for the account, whichever mailbox it had then.
-- in: id account
DELETE FROM mail WHERE account_id = :account;

-- name: mail.sealed
-- doc: Sealed mail after a row, by row.
-- in: id after, i64 limit
-- out: id id, bin? value
SELECT id, sealed FROM mail WHERE id > :after ORDER BY id LIMIT :limit;

-- name: mail.reseal
-- in: id id, bin seen, bin value
UPDATE mail SET sealed = :value WHERE id = :id AND sealed = :seen;
