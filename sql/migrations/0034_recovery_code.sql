-- Codes that stand in for a lost second factor, one use each; a set of ten is made and replaced at once.
-- code_hash is a SHA-256 over account and code, which has 120 random bits.
CREATE TABLE recovery_code (
    account_id BINARY(16)  NOT NULL,
    code_hash  BINARY(32)  NOT NULL,
    used_at    DATETIME(3) NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (account_id, code_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
