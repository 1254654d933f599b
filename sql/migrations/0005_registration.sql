-- A sign-up whose address is not proved yet; no account exists before. The newest one wins.
-- code_hash is an HMAC under the server's key.
CREATE TABLE registration (
    email_key     VARBINARY(254) NOT NULL PRIMARY KEY,
    email         VARBINARY(254) NOT NULL,
    name          VARCHAR(200)   NOT NULL,
    password_hash VARBINARY(128) NOT NULL,
    guest_id      BINARY(16)     NULL,
    code_hash     BINARY(32)     NOT NULL,
    attempts      BIGINT         NOT NULL DEFAULT 0,
    expires_at    DATETIME(3)    NOT NULL,
    created_at    DATETIME(3)    NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
