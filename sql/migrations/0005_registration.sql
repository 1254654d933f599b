-- A sign-up whose address is not proved yet; no account exists before. An address may have several: a
-- code confirms the one that it was mailed for. code_hash is an HMAC under the server's key; attempts
-- counts the tries of codes at the address since the sign-up.
CREATE TABLE registration (
    email_key     VARBINARY(254) NOT NULL,
    email         VARBINARY(254) NOT NULL,
    name          VARCHAR(200)   NOT NULL,
    password_hash VARBINARY(128) NOT NULL,
    guest_id      BINARY(16)     NULL,
    code_hash     BINARY(32)     NOT NULL,
    attempts      BIGINT         NOT NULL DEFAULT 0,
    expires_at    DATETIME(3)    NOT NULL,
    created_at    DATETIME(3)    NOT NULL,
    PRIMARY KEY (email_key, code_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
