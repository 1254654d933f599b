-- One signed-in device. A refresh token is (id, generation) under the server's HMAC key, so that
-- nothing stored here can refresh; the generation just before the current one gives the same successor
-- for a short grace, an older one revokes. authenticated_at is when its owner last proved to be there (a
-- refresh does not); second_factor says by what beside the first (lib/account/session.h), 0: nothing.
CREATE TABLE session (
    id           BINARY(16)     NOT NULL PRIMARY KEY,
    account_id   BINARY(16)     NOT NULL,
    generation   BIGINT         NOT NULL DEFAULT 0,
    created_at   DATETIME(3)    NOT NULL,
    rotated_at   DATETIME(3)    NOT NULL,
    expires_at   DATETIME(3)    NOT NULL,
    authenticated_at DATETIME(3) NOT NULL,
    second_factor TINYINT       NOT NULL DEFAULT 0,
    revoked_at   DATETIME(3)    NULL,
    user_agent   VARCHAR(200)   NOT NULL DEFAULT '',
    address      VARBINARY(45)  NOT NULL DEFAULT '',
    KEY session_account (account_id, revoked_at, id),
    KEY session_revoked (revoked_at),
    KEY session_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
