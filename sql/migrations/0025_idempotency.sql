-- Answers by Idempotency-Key. The row commits in the transaction of the effect it belongs to.
-- principal: the account, or for callers without one, who prove themselves in the body, the
-- beginning of request_hash, an HMAC under the server's key (the request may hold a password).
-- account_id: whom the answer tells of, who may have signed in by it; it ends with them.
CREATE TABLE idempotency (
    principal    BINARY(16)     NOT NULL,
    idem_key     VARBINARY(255) NOT NULL,
    account_id   BINARY(16)     NULL,
    request_hash BINARY(32)     NOT NULL,
    status       BIGINT         NOT NULL,
    body         MEDIUMBLOB     NOT NULL,
    created_at   DATETIME(3)    NOT NULL,
    PRIMARY KEY (principal, idem_key),
    KEY idempotency_account (account_id),
    KEY idempotency_created (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
