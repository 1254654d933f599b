-- What happened, written with the change itself: an order's history and the outbox in one. state:
-- 0 to deliver, 1 delivered.
CREATE TABLE event (
    id           BINARY(16)  NOT NULL PRIMARY KEY,
    type         VARCHAR(64) NOT NULL,
    subject_id   BINARY(16)  NOT NULL,
    payload      TEXT        NOT NULL,
    state        TINYINT     NOT NULL DEFAULT 0,
    next_at      DATETIME(3) NOT NULL,
    created_at   DATETIME(3) NOT NULL,
    KEY event_subject (subject_id, id),
    KEY event_due (state, next_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
