-- Rows that a job failed on: while one has an entry here the job leaves it alone until next_at and goes
-- on with the others. state: 0 waiting for its next try, 1 dead (given up after too many tries; tried
-- again when staff ask for it, and at next_at). tries counts failures of the row's own, not those of
-- the world (no database, no mail server). error is a code and never tells of a person. The entry goes
-- when a try succeeds.
CREATE TABLE job_failure (
    id         BINARY(16)   NOT NULL PRIMARY KEY,
    job        VARCHAR(32)  NOT NULL,
    subject_id BINARY(16)   NOT NULL,
    state      TINYINT      NOT NULL,
    tries      BIGINT       NOT NULL,
    error      VARCHAR(200) NOT NULL,
    next_at    DATETIME(3)  NOT NULL,
    created_at DATETIME(3)  NOT NULL,
    updated_at DATETIME(3)  NOT NULL,
    UNIQUE KEY job_failure_subject (job, subject_id),
    KEY job_failure_state (job, state),
    KEY job_failure_next (next_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
