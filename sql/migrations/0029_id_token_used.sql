-- ID tokens that were used, by a digest of issuer and nonce, for as long as they would be good.
CREATE TABLE id_token_used (
    token_hash BINARY(32)  NOT NULL PRIMARY KEY,
    expires_at DATETIME(3) NOT NULL,
    KEY id_token_used_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
