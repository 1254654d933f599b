-- Who changed what.

-- name: audit.insert
-- doc: The address is encrypted with the key of the person that it may belong to, each row in its own
-- doc: way; it is left out when the person has been erased.
-- in: id id, id? actor, str action, str object_type, id? object, str? before, str? after
-- in: id? person, str address, str request, time now
INSERT INTO audit_log (id, actor_id, action, object_type, object_id, before_json, after_json,
                       person_id, address, request_id, created_at)
SELECT :id, :actor, :action, :object_type, :object, :before, :after, :person,
       CASE WHEN :person IS NULL THEN :address
            ELSE AES_ENCRYPT(:address, UNHEX(SHA2(CONCAT(p.audit_key, :id), 256))) END,
       :request, :now
  FROM (SELECT 1 AS one) one
  LEFT JOIN account p ON p.id = :person;

-- name: audit.page
-- doc: Rows newest first, by their ids between `oldest` and `newest` (which is not part of it).
-- in: id? actor, str? action, id? object, time? from, time? to, id oldest, id newest, i64 limit
-- out: id id, id? actor, bin? actor_email, str action, str object_type, id? object, str? before
-- out: str? after, bin? address, str request, time created_at
SELECT l.id, l.actor_id, a.email, l.action, l.object_type, l.object_id, l.before_json, l.after_json,
       CASE WHEN l.person_id IS NULL THEN l.address
            ELSE AES_DECRYPT(l.address, UNHEX(SHA2(CONCAT(p.audit_key, l.id), 256))) END,
       l.request_id, l.created_at
  FROM audit_log l
  LEFT JOIN account a ON a.id = l.actor_id
  LEFT JOIN account p ON p.id = l.person_id
 WHERE l.id >= :oldest AND l.id < :newest
   AND (:actor IS NULL OR l.actor_id = :actor)
   AND (:action IS NULL OR l.action = :action)
   AND (:object IS NULL OR l.object_id = :object)
   AND (:from IS NULL OR l.created_at >= :from)
   AND (:to IS NULL OR l.created_at < :to)
 ORDER BY l.id DESC
 LIMIT :limit;
