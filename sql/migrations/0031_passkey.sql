-- A passkey: public key of a credential that an authenticator keeps. alg is the COSE number, sign_count
-- the authenticator's own counter (0: it has none).
CREATE TABLE passkey (
    id            BINARY(16)      NOT NULL PRIMARY KEY,
    account_id    BINARY(16)      NOT NULL,
    credential_id VARBINARY(1023) NOT NULL,
    alg           BIGINT          NOT NULL,
    public_key    VARBINARY(600)  NOT NULL,
    sign_count    BIGINT          NOT NULL,
    backed_up     TINYINT         NOT NULL,
    name          VARCHAR(100)    NOT NULL,
    created_at    DATETIME(3)     NOT NULL,
    last_used_at  DATETIME(3)     NULL,
    UNIQUE KEY passkey_credential (credential_id),
    KEY passkey_account (account_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
