-- A cart. is_open is 1 for the account's one open cart and NULL once ordered. version counts every
-- change, so that a checkout closes exactly what it priced.
CREATE TABLE cart (
    id                  BINARY(16)  NOT NULL PRIMARY KEY,
    account_id          BINARY(16)  NOT NULL,
    is_open             TINYINT     NULL DEFAULT 1,
    currency            CHAR(3)     NOT NULL,
    shipping_address_id BINARY(16)  NULL,
    shipping_method_id  BINARY(16)  NULL,
    version             BIGINT      NOT NULL DEFAULT 1,
    created_at          DATETIME(3) NOT NULL,
    updated_at          DATETIME(3) NOT NULL,
    UNIQUE KEY cart_open (account_id, is_open)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
