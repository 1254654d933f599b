-- One person or anonymous visitor. kind: 0 guest, 1 customer, 2 staff. status: 0 active, 1 closed
-- for good, 2 disabled by staff, 3 staff who were invited. email_key is the canonical address,
-- compared as bytes; mail goes to email. Names are found by their beginning in any case. phone is
-- sealed (codec/pii.h). merged_into is who a guest turned out to be.
-- audit_key seals what audit_log keeps of the person: NULL when they are erased.
CREATE TABLE account (
    id            BINARY(16)      NOT NULL PRIMARY KEY,
    kind          TINYINT         NOT NULL,
    status        TINYINT         NOT NULL DEFAULT 0,
    email         VARBINARY(254)  NULL,
    email_key     VARBINARY(254)  NULL,
    verified_at   DATETIME(3)     NULL,
    name          VARCHAR(200)    COLLATE utf8mb4_general_ci NOT NULL DEFAULT '',
    phone         VARBINARY(96)   NULL,
    locale        VARCHAR(35)     NOT NULL DEFAULT 'en',
    password_hash VARBINARY(128)  NULL,
    merged_into   BINARY(16)      NULL,
    audit_key     BINARY(16)      NULL DEFAULT (RANDOM_BYTES(16)),
    version       BIGINT          NOT NULL DEFAULT 1,
    created_at    DATETIME(3)     NOT NULL,
    updated_at    DATETIME(3)     NOT NULL,
    UNIQUE KEY account_email (email_key),
    KEY account_kind (kind, id),
    KEY account_name (name, id),
    KEY account_merged (merged_into)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
