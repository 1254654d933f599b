-- A postal address. Rows never change: an edit writes a new row, so that a cart or an order points at
-- what was true then.
CREATE TABLE address (
    id          BINARY(16)   NOT NULL PRIMARY KEY,
    account_id  BINARY(16)   NOT NULL,
    name        VARCHAR(200) NOT NULL,
    company     VARCHAR(200) NULL,
    line1       VARCHAR(200) NOT NULL,
    line2       VARCHAR(200) NULL,
    city        VARCHAR(120) NOT NULL,
    region      VARCHAR(120) NULL,
    postal_code VARCHAR(20)  NOT NULL,
    country     CHAR(2)      NOT NULL,
    phone       VARCHAR(32)  NULL,
    created_at  DATETIME(3)  NOT NULL,
    KEY address_account (account_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
