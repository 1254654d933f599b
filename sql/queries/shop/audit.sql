-- The audit log: actor, change and object.

-- name: audit.insert
-- doc: The address is encrypted with the key of the person that it may belong to, each row in its own
-- doc: way; it is left out when there is no key any more. Rows with a state are events.
-- in: str address, str request, id? server_request, time now
-- each: id id, id? actor, str action, str object_type, id? object, str? before, str? after
-- each: id? person, id? key, i64? state
INSERT INTO audit_log (id, actor_id, action, object_type, object_id, before_json, after_json,
                       person_id, address, request_id, server_request_id, state, next_at,
                       created_at)
VALUES [[(:id, :actor, :action, :object_type, :object, :before, :after,
        :person,
        CASE WHEN :person IS NULL THEN :address
             ELSE AES_ENCRYPT(:address, UNHEX(SHA2(CONCAT(:key, :id), 256))) END,
        :request, :server_request, :state, :now, :now)]];

-- name: audit.key
-- doc: The key of a person's addresses: no row, or NULL once they are erased.
-- in: id person
-- out: id? key
SELECT audit_key FROM account WHERE id = :person;

-- name: audit.page
-- doc: Rows newest first, by their ids between `oldest` and `newest` (which is not part of it).
-- rows: page
-- in: id? actor, str? action, id? object, time? from, time? to, id oldest, id newest, i64 limit
-- out: id id, id? actor, bin? actor_email, str action, str object_type, id? object, str? before
-- out: str? after, bin? address, str request, id? server_request, time created_at
SELECT l.id, l.actor_id, a.email, l.action, l.object_type, l.object_id, l.before_json, l.after_json,
       CASE WHEN l.person_id IS NULL THEN l.address
            ELSE AES_DECRYPT(l.address, UNHEX(SHA2(CONCAT(p.audit_key, l.id), 256))) END,
       l.request_id, l.server_request_id, l.created_at
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

-- name: event.due
-- doc: Events to deliver, oldest first.
-- in: time now, i64 limit
-- out: id id, str type, id subject, i64? tries
SELECT l.id, l.action, l.object_id, f.tries
  FROM audit_log l
  LEFT JOIN job_failure f ON f.job = 'events' AND f.subject_id = l.id
 WHERE l.state = 0 AND l.next_at <= :now AND (f.next_at IS NULL OR f.next_at <= :now)
 ORDER BY l.next_at, l.id
 LIMIT :limit;

-- name: event.delivered
-- doc: Claim the delivery of the events in a JSON array of hexadecimal ids, in the transaction of what
-- doc: they cause; changes fewer rows when somebody else has delivered some of them.
-- in: str events
UPDATE JSON_TABLE(:events, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN outbox o ON o.id = UNHEX(j.id)
   SET o.state = 1
 WHERE o.state = 0;
