-- Who changed what.

-- name: audit.insert
-- in: id id, id? actor, str action, str object_type, id? object, str? before, str? after
-- in: str address, str request, time now
INSERT INTO audit_log (id, actor_id, action, object_type, object_id, before_json, after_json,
                       address, request_id, created_at)
VALUES (:id, :actor, :action, :object_type, :object, :before, :after, :address, :request, :now);
