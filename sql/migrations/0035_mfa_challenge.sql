-- A sign-in that has proved its first factor and waits for the second. token_hash is a SHA-256 of 256
-- random bits; attempts counts the codes that were tried; guest_id is the guest who
-- signs in, whose cart comes along.
CREATE TABLE mfa_challenge (
    token_hash BINARY(32)  NOT NULL PRIMARY KEY,
    account_id BINARY(16)  NOT NULL,
    guest_id   BINARY(16)  NULL,
    attempts   BIGINT      NOT NULL DEFAULT 0,
    expires_at DATETIME(3) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    KEY mfa_challenge_account (account_id),
    KEY mfa_challenge_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
