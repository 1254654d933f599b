-- A code that was mailed, and what it confirms: one row, written at once. purpose: 0 sign-up, 1 new
-- password, 2 change of address. holder is whose codes they are: the canonical address (0, 1) or the
-- account (2). code_hash is an HMAC under the server's key over all of this; attempts counts the tries of
-- codes of the holder since this one. name and password_hash are of a sign-up, account_id is its guest;
-- for the others it is the account (none: nobody has the address).
CREATE TABLE mailed_code (
    purpose       TINYINT        NOT NULL,
    holder        VARBINARY(254) NOT NULL,
    code_hash     BINARY(32)     NOT NULL,
    email         VARBINARY(254) NOT NULL,
    email_key     VARBINARY(254) NOT NULL,
    account_id    BINARY(16)     NULL,
    name          VARCHAR(200)   NULL,
    password_hash VARBINARY(128) NULL,
    attempts      BIGINT         NOT NULL DEFAULT 0,
    expires_at    DATETIME(3)    NOT NULL,
    created_at    DATETIME(3)    NOT NULL,
    PRIMARY KEY (purpose, holder, code_hash),
    KEY mailed_code_account (account_id),
    KEY mailed_code_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
