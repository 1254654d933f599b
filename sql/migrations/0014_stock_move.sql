-- The stock ledger, append only: SUM(on_hand) and SUM(reserved) of a variant are its counters.
-- kind: 0 opening, 1 adjustment, 2 order placed, 3 order released, 4 shipped. cause_id: the order or
-- the adjustment.
CREATE TABLE stock_move (
    variant_id BINARY(16)   NOT NULL,
    cause_id   BINARY(16)   NOT NULL,
    kind       TINYINT      NOT NULL,
    on_hand    BIGINT       NOT NULL,
    reserved   BIGINT       NOT NULL,
    reason     VARCHAR(200) NOT NULL DEFAULT '',
    actor_id   BINARY(16)   NULL,
    created_at DATETIME(3)  NOT NULL,
    PRIMARY KEY (variant_id, cause_id, kind),
    KEY stock_move_cause (cause_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
