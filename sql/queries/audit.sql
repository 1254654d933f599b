-- Who changed what.

-- name: audit.insert
-- in: id id, id? actor, str action, str object_type, id? object, str? before, str? after
-- in: str address, str request, time now
INSERT INTO audit_log (id, actor_id, action, object_type, object_id, before_json, after_json,
                       address, request_id, created_at)
VALUES (:id, :actor, :action, :object_type, :object, :before, :after, :address, :request, :now);

-- name: audit.page
-- doc: Rows newest first, by their ids between `oldest` and `newest` (which is not part of it).
-- in: id? actor, str? action, id? object, time? from, time? to, id oldest, id newest, i64 limit
-- out: id id, id? actor, bin? actor_email, str action, str object_type, id? object, str? before
-- out: str? after, bin address, str request, time created_at
SELECT l.id, l.actor_id, a.email, l.action, l.object_type, l.object_id, l.before_json, l.after_json,
       l.address, l.request_id, l.created_at
  FROM audit_log l
  LEFT JOIN account a ON a.id = l.actor_id
 WHERE l.id >= :oldest AND l.id < :newest
   AND (:actor IS NULL OR l.actor_id = :actor)
   AND (:action IS NULL OR l.action = :action)
   AND (:object IS NULL OR l.object_id = :object)
   AND (:from IS NULL OR l.created_at >= :from)
   AND (:to IS NULL OR l.created_at < :to)
 ORDER BY l.id DESC
 LIMIT :limit;
