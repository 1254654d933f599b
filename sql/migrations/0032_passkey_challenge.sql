-- Challenges that were answered, until they would have expired: one is answered once.
CREATE TABLE passkey_challenge (
    challenge_hash BINARY(32)  NOT NULL PRIMARY KEY,
    expires_at     DATETIME(3) NOT NULL,
    KEY passkey_challenge_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
