-- Counters of a variant; each change has its row in stock_move in the same transaction.
-- available = on_hand - reserved.
CREATE TABLE stock (
    variant_id BINARY(16)  NOT NULL PRIMARY KEY,
    on_hand    BIGINT      NOT NULL DEFAULT 0,
    reserved   BIGINT      NOT NULL DEFAULT 0,
    version    BIGINT      NOT NULL DEFAULT 1,
    updated_at DATETIME(3) NOT NULL,
    CONSTRAINT stock_never_oversold CHECK (reserved >= 0 AND on_hand >= reserved)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
