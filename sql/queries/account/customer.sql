-- Customers as staff see them.

-- part: customer.row
-- out: id id, bin? email, time? verified_at, str name, str locale, i64 status, i64 version
-- out: time created_at
a.id, a.email, a.verified_at, a.name, a.locale, a.status, a.version, a.created_at

-- name: customer.page
-- doc: Customers, who came last first; closed accounts only when they are asked for.
-- in: i64? status, bin? email_key, id? after, i64 limit
SELECT {{customer.row}}
  FROM account a
 WHERE a.kind = 1
   AND a.status = COALESCE(:status, CASE WHEN a.status = 1 THEN -1 ELSE a.status END)
   AND (:email_key IS NULL OR a.email_key = :email_key)
   AND (:after IS NULL OR a.id < :after)
 ORDER BY a.id DESC
 LIMIT :limit;

-- name: customer.page_beginning
-- doc: The same, of those whose address or name begins so (patterns of LIKE, escaped by '|').
-- in: bin email_like, str name_like, i64? status, id? after, i64 limit
SELECT {{customer.row}}
  FROM account a
  JOIN (SELECT e.id FROM account e WHERE e.email_key LIKE :email_like ESCAPE '|'
        UNION
        SELECT n.id FROM account n WHERE n.name LIKE :name_like ESCAPE '|') AS found
    ON found.id = a.id
 WHERE a.kind = 1
   AND a.status = COALESCE(:status, CASE WHEN a.status = 1 THEN -1 ELSE a.status END)
   AND (:after IS NULL OR a.id < :after)
 ORDER BY a.id DESC
 LIMIT :limit;

-- name: customer.find
-- in: id id
-- out: bin? phone, i64 orders
SELECT {{customer.row}}, a.phone, (SELECT COUNT(*) FROM orders o WHERE o.account_id = a.id)
  FROM account a
 WHERE a.id = :id AND a.kind = 1;

-- name: customer.lock
-- doc: Hold a customer until the transaction ends.
-- in: id id
-- out: i64 status, i64 version
SELECT status, version FROM account WHERE id = :id AND kind = 1 FOR UPDATE;

-- name: customer.set_status
-- in: id id, i64 status, time now
UPDATE account SET status = :status, version = version + 1, updated_at = :now
 WHERE id = :id AND kind = 1 AND status <> 1;
