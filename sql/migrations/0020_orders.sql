-- An order. status: 0 pending_payment, 1 placed, 2 completed, 3 cancelled, 4 expired. payment_status:
-- 0 pending, 1 requires_action, 2 authorized, 3 paid, 4 partially_refunded, 5 refunded, 6 failed.
-- fulfilment_status: 0 unfulfilled, 1 partial, 2 shipped, 3 delivered, 4 returned. The unique cart_id
-- makes a second order of one cart impossible.
CREATE TABLE orders (
    id                  BINARY(16)     NOT NULL PRIMARY KEY,
    number              VARCHAR(16)    NOT NULL,
    account_id          BINARY(16)     NOT NULL,
    cart_id             BINARY(16)     NOT NULL,
    status              TINYINT        NOT NULL,
    payment_status      TINYINT        NOT NULL,
    fulfilment_status   TINYINT        NOT NULL DEFAULT 0,
    currency            CHAR(3)        NOT NULL,
    subtotal            BIGINT         NOT NULL,
    discount_total      BIGINT         NOT NULL,
    shipping_total      BIGINT         NOT NULL,
    tax_total           BIGINT         NOT NULL,
    total               BIGINT         NOT NULL,
    email               VARBINARY(254) NULL,
    note                VARCHAR(1000)  NULL,
    shipping_address_id BINARY(16)     NULL,
    shipping_method_id  BINARY(16)     NULL,
    shipping_name       VARCHAR(120)   NULL,
    placed_at           DATETIME(3)    NULL,
    expires_at          DATETIME(3)    NULL,
    version             BIGINT         NOT NULL DEFAULT 1,
    created_at          DATETIME(3)    NOT NULL,
    updated_at          DATETIME(3)    NOT NULL,
    UNIQUE KEY orders_number (number),
    UNIQUE KEY orders_cart (cart_id),
    KEY orders_account (account_id, id),
    KEY orders_expiry (status, expires_at),
    CONSTRAINT orders_total CHECK (total = subtotal - discount_total + shipping_total + tax_total)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
