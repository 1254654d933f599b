-- A postal address. Rows never change but to be sealed anew or erased: an edit writes a new row, so
-- that a cart or an order points at what was true then. sealed holds all but the country, which tax and
-- shipping need (lib/shop/postal.h); NULL once its owner is gone.
CREATE TABLE address (
    id          BINARY(16)      NOT NULL PRIMARY KEY,
    account_id  BINARY(16)      NOT NULL,
    country     CHAR(2)         NOT NULL,
    sealed      VARBINARY(4500) NULL,
    created_at  DATETIME(3)     NOT NULL,
    KEY address_account (account_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
