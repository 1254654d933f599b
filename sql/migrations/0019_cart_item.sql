-- A line of a cart. unit_price is the price last shown to the buyer.
CREATE TABLE cart_item (
    cart_id    BINARY(16)  NOT NULL,
    id         BINARY(16)  NOT NULL,
    variant_id BINARY(16)  NOT NULL,
    quantity   BIGINT      NOT NULL,
    unit_price BIGINT      NOT NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (cart_id, id),
    UNIQUE KEY cart_item_variant (cart_id, variant_id),
    CONSTRAINT cart_item_quantity CHECK (quantity BETWEEN 1 AND 999)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
