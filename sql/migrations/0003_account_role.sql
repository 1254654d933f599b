-- Roles that a staff account holds.
CREATE TABLE account_role (
    account_id BINARY(16)  NOT NULL,
    role_name  VARCHAR(64) NOT NULL,
    PRIMARY KEY (account_id, role_name),
    KEY account_role_name (role_name, account_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
