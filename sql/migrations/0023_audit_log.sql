-- Who changed what, with before and after, in the transaction of the change. Append only: the
-- application's account may not update or delete here. It tells who people are by their ids alone.
-- address is encrypted with the audit_key of person_id: erasing that key erases it here.
-- Events are rows with a state: they are the history of their object (an order) too, and the outbox
-- (see there) that mail is made from. Other rows have none.
CREATE TABLE audit_log (
    id          BINARY(16)    NOT NULL PRIMARY KEY,
    actor_id    BINARY(16)    NULL,
    action      VARCHAR(64)   NOT NULL,
    object_type VARCHAR(32)   NOT NULL,
    object_id   BINARY(16)    NULL,
    before_json MEDIUMTEXT    NULL,
    after_json  MEDIUMTEXT    NULL,
    person_id   BINARY(16)    NULL,
    address     VARBINARY(64) NULL,
    request_id  VARCHAR(64)   NOT NULL DEFAULT '',
    state       TINYINT       NULL,
    next_at     DATETIME(3)   NOT NULL,
    created_at  DATETIME(3)   NOT NULL,
    KEY audit_log_actor (actor_id, id),
    KEY audit_log_action (action, id),
    KEY audit_log_object (object_id, id),
    KEY audit_log_due (state, next_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
