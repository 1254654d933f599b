-- name: mail.queue
-- in: time now
-- each: id id, id? account, hash recipient_hash, str template, str locale, bin sealed
INSERT INTO mail (id, account_id, recipient_hash, template, locale, sealed, next_at, created_at)
VALUES [[(:id, :account, :recipient_hash, :template, :locale, :sealed, :now, :now)]];

-- name: mail.queue_none
-- doc: One round trip to the table that changes nothing: the id is new.
-- in: id id
UPDATE mail SET next_at = next_at WHERE id = :id;

-- name: mail.hold
-- doc: Hold whatever was queued for the account or to the address, in the order in which it is sent.
-- in: id account, hash hash, hash old_hash
-- out: id id
SELECT m.id
  FROM (SELECT a.id FROM mail a WHERE a.account_id = :account
         UNION
        SELECT b.id FROM mail b WHERE b.recipient_hash = :hash
         UNION
        SELECT c.id FROM mail c WHERE c.recipient_hash = :old_hash
         ORDER BY id
         LIMIT 1000000) j
  STRAIGHT_JOIN mail m ON m.id = j.id
   FOR UPDATE;

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

-- name: mail.due
-- doc: Mail to send that nobody holds.
-- in: time now, i64 limit
-- out: id id
SELECT m.id
  FROM mail m
  LEFT JOIN job_failure f ON f.job = 'mail' AND f.subject_id = m.id
 WHERE m.state = 0 AND m.next_at <= :now AND (m.lease_until IS NULL OR m.lease_until <= :now)
   AND (f.next_at IS NULL OR f.next_at <= :now)
 ORDER BY m.next_at
 LIMIT :limit;

-- name: mail.claim
-- doc: Take those in a JSON array of hexadecimal ids that still nobody holds.
-- in: str mails, id owner, time until, time now
UPDATE JSON_TABLE(:mails, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN mail m ON m.id = UNHEX(j.id)
   SET m.lease_owner = :owner, m.lease_until = :until, m.attempts = m.attempts + 1
 WHERE m.state = 0 AND (m.lease_until IS NULL OR m.lease_until <= :now);

-- name: mail.claimed
-- doc: Those in the array that mail.claim took.
-- in: str mails, id owner, time until
-- out: id id, str template, str locale, bin? sealed, i64 attempts, time created_at, i64? tries
SELECT m.id, m.template, m.locale, m.sealed, m.attempts, m.created_at, f.tries
  FROM JSON_TABLE(:mails, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN mail m ON m.id = UNHEX(j.id)
  LEFT JOIN job_failure f ON f.job = 'mail' AND f.subject_id = m.id
 WHERE m.lease_owner = :owner AND m.lease_until = :until
 ORDER BY m.next_at;

-- name: mail.give_back
-- doc: Of those in the array what was claimed and not tried.
-- in: str mails, id owner
UPDATE JSON_TABLE(:mails, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN mail m ON m.id = UNHEX(j.id)
   SET m.lease_owner = NULL, m.lease_until = NULL, m.attempts = m.attempts - 1
 WHERE m.lease_owner = :owner;

-- name: mail.sent
-- doc: Those in the array are sent; recipient and values are wiped.
-- in: str mails, id owner, time now
UPDATE JSON_TABLE(:mails, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN mail m ON m.id = UNHEX(j.id)
   SET m.state = 1, m.failure = NULL, m.sent_at = :now, m.sealed = NULL, m.lease_owner = NULL,
       m.lease_until = NULL
 WHERE m.lease_owner = :owner;

-- name: mail.refused
-- doc: It will never be sent; recipient and values are wiped.
-- in: id id, id owner, str failure, time now
UPDATE mail
   SET state = 2, failure = :failure, sent_at = :now, sealed = NULL, lease_owner = NULL,
       lease_until = NULL
 WHERE id = :id AND lease_owner = :owner;

-- name: mail.later
-- doc: Give it back, to be tried again.
-- in: id id, id owner, str failure, time next_at
UPDATE mail
   SET next_at = :next_at, failure = :failure, lease_owner = NULL, lease_until = NULL
 WHERE id = :id AND lease_owner = :owner;

-- name: mail.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE m
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN mail m ON m.account_id = UNHEX(j.id);
