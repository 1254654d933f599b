-- The authenticator app of an account; a second factor once it is confirmed. secret is sealed
-- (lib/codec/pii.h, column "totp.secret", row account_id). last_step is the newest step (30 s since 1970)
-- whose code was taken: none of it or before is ever taken again.
CREATE TABLE totp (
    account_id   BINARY(16)     NOT NULL PRIMARY KEY,
    secret       VARBINARY(128) NOT NULL,
    last_step    BIGINT         NOT NULL DEFAULT 0,
    confirmed_at DATETIME(3)    NULL,
    created_at   DATETIME(3)    NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
