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
-- out: bin? phone, str? metadata, str? public_metadata, i64 orders
SELECT {{customer.row}}, a.phone, a.metadata, a.public_metadata,
       (SELECT COUNT(*) FROM orders o WHERE o.account_id = a.id)
  FROM account a
 WHERE a.id = :id AND a.kind = 1;

-- name: customer.lock
-- doc: Hold a customer until the transaction ends.
-- in: id id
-- out: id id
SELECT id FROM account WHERE id = :id AND kind = 1 FOR UPDATE;

-- name: customer.change
-- doc: An absent status stays; the others change when their set_ is 1.
-- in: id id, i64? status, i64 set_metadata, str? metadata, i64 set_public_metadata
-- in: str? public_metadata, time now
UPDATE account
   SET status = COALESCE(:status, status),
       metadata = CASE WHEN :set_metadata = 1 THEN :metadata ELSE metadata END,
       public_metadata = CASE WHEN :set_public_metadata = 1 THEN :public_metadata ELSE public_metadata END,
       version = version + 1, updated_at = :now
 WHERE id = :id AND kind = 1 AND status <> 1;
