-- What staff who were invited have to show. code_hash covers account and code, which has 128 random
-- bits: nothing stored here can accept.
CREATE TABLE invitation (
    account_id BINARY(16)  NOT NULL PRIMARY KEY,
    code_hash  BINARY(32)  NOT NULL,
    expires_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
