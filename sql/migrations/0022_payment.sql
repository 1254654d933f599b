-- One attempt to pay an order. status: 0 pending, 1 requires_action, 2 authorized, 3 paid,
-- 4 failed, 5 cancelled, 6 refunded. Its id is the provider's idempotency key.
CREATE TABLE payment (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    order_id     BINARY(16)   NOT NULL,
    attempt      INT          NOT NULL,
    provider     VARCHAR(32)  NOT NULL,
    status       TINYINT      NOT NULL,
    amount       BIGINT       NOT NULL,
    captured     BIGINT       NOT NULL DEFAULT 0,
    refunded     BIGINT       NOT NULL DEFAULT 0,
    currency     CHAR(3)      NOT NULL,
    provider_ref VARCHAR(255) NULL,
    failure_code VARCHAR(64)  NULL,
    created_at   DATETIME(3)  NOT NULL,
    updated_at   DATETIME(3)  NOT NULL,
    UNIQUE KEY payment_attempt (order_id, attempt),
    CONSTRAINT payment_amounts CHECK (refunded >= 0 AND refunded <= captured AND captured <= amount)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
