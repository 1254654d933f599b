-- Staff: their accounts, the roles they hold, invitations.

-- row: staff
-- out: id id, bin? email, str name, enum status, i64 version, time created_at, str? roles
-- out: i64 permissions, time? invited_until
a.id, a.email, a.name, a.status, a.version, a.created_at,
       (SELECT GROUP_CONCAT(ar.role_name ORDER BY ar.role_name SEPARATOR ' ')
          FROM account_role ar
         WHERE ar.account_id = a.id),
       (SELECT CAST(COALESCE(BIT_OR(r.permissions), 0) AS SIGNED)
          FROM account_role ar
          JOIN role r ON r.name = ar.role_name
         WHERE ar.account_id = a.id),
       (SELECT i.expires_at FROM invitation i WHERE i.account_id = a.id)

-- name: staff.page
-- doc: Staff, those who came last first.
-- in: i64? status, id? after, i64 limit
SELECT {{staff}}
  FROM account a
 WHERE a.kind = 2
   AND (:status IS NULL OR a.status = :status)
   AND (:after IS NULL OR a.id < :after)
 ORDER BY a.id DESC
 LIMIT :limit;

-- name: staff.find
-- in: id id
SELECT {{staff}} FROM account a WHERE a.id = :id AND a.kind = 2;

-- name: staff.by_email
-- doc: Holder of an address, of whatever kind.
-- in: bin email_key
-- out: id id, i64 kind, i64 status
SELECT id, kind, status FROM account WHERE email_key = :email_key;

-- name: staff.other_owners
-- doc: Active owners beside one account.
-- in: id id
-- out: i64 n
SELECT COUNT(*)
  FROM account_role ar
  JOIN account a ON a.id = ar.account_id AND a.kind = 2 AND a.status = 0
 WHERE ar.role_name = 'owner' AND ar.account_id <> :id;

-- name: staff.insert
-- doc: An account that waits for its invitation to be accepted.
-- in: id id, bin email, bin email_key, str name, time now
INSERT INTO account (id, kind, status, email, email_key, name, created_at, updated_at)
VALUES (:id, 2, 3, :email, :email_key, :name, :now, :now);

-- name: staff.change
-- doc: Absent name and status stay; it counts as a change of the roles, too.
-- in: id id, str? name, i64? status, time now
UPDATE account
   SET name = COALESCE(:name, name), status = COALESCE(:status, status),
       version = version + 1, updated_at = :now
 WHERE id = :id AND kind = 2 AND status <> 1;

-- name: staff.close
-- doc: For good; the address is free again.
-- in: id id, time now
UPDATE account
   SET status = 1, email_key = NULL, password_hash = NULL, version = version + 1, updated_at = :now
 WHERE id = :id AND kind = 2 AND status <> 1;

-- name: staff.give_roles
-- doc: The roles named in a JSON array.
-- in: id id, str names
INSERT INTO account_role (account_id, role_name)
SELECT :id, r.name
  FROM JSON_TABLE(:names, '$[*]' COLUMNS (name VARCHAR(64) PATH '$')) j
  JOIN role r ON r.name = j.name;

-- name: staff.take_roles
-- in: id id
DELETE FROM account_role WHERE account_id = :id;

-- name: invitation.put
-- doc: The account's one invitation.
-- in: id account, hash code_hash, time expires_at
INSERT INTO invitation (account_id, code_hash, expires_at)
VALUES (:account, :code_hash, :expires_at)
ON DUPLICATE KEY UPDATE code_hash = :code_hash, expires_at = :expires_at;

-- name: invitation.find
-- doc: The account that an address was invited to, while the invitation is good.
-- in: bin email_key, time now
-- out: id account, bin email, str name, hash code_hash
SELECT a.id, a.email, a.name, i.code_hash
  FROM account a
  JOIN invitation i ON i.account_id = a.id
 WHERE a.email_key = :email_key AND a.kind = 2 AND a.status = 3 AND i.expires_at > :now;

-- name: invitation.take
-- doc: Of many who show the code at once one changes a row.
-- in: id account, hash code_hash, time now
DELETE FROM invitation
 WHERE account_id = :account AND code_hash = :code_hash AND expires_at > :now;

-- name: invitation.drop
-- in: id account
DELETE FROM invitation WHERE account_id = :account;

-- name: invitation.accept
-- doc: The sender of the code has read the mail: the address is proved.
-- in: id account, bin password_hash, time now
UPDATE account
   SET status = 0, password_hash = :password_hash, verified_at = :now, version = version + 1,
       updated_at = :now
 WHERE id = :account AND kind = 2 AND status = 3;

-- name: staff.is_owner
-- doc: One row for an owner of the shop.
-- in: id account
-- out: i64 yes
SELECT 1 FROM account_role WHERE account_id = :account AND role_name = 'owner';
