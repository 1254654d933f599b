-- By whom an account's owner may be vouched for: who they are (subject) to an OpenID provider (issuer).
CREATE TABLE identity (
    id         BINARY(16)     NOT NULL PRIMARY KEY,
    account_id BINARY(16)     NOT NULL,
    provider   VARCHAR(32)    NOT NULL,
    issuer     VARBINARY(255) NOT NULL,
    subject    VARBINARY(255) NOT NULL,
    created_at DATETIME(3)    NOT NULL,
    used_at    DATETIME(3)    NOT NULL,
    UNIQUE KEY identity_subject (issuer, subject),
    KEY identity_account (account_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
