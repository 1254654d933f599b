-- What is sold: a product in one choice of its options. options and media are JSON as the API shows it.
-- active = 0: withdrawn, kept for orders.
CREATE TABLE variant (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    product_id   BINARY(16)   NOT NULL,
    position     INT          NOT NULL,
    sku          VARCHAR(64)  NOT NULL,
    title        VARCHAR(200) NOT NULL,
    options      TEXT         NOT NULL,
    media        TEXT         NOT NULL,
    price        BIGINT       NOT NULL,
    compare_at   BIGINT       NULL,
    currency     CHAR(3)      NOT NULL,
    weight_grams BIGINT       NULL,
    active       TINYINT      NOT NULL DEFAULT 1,
    created_at   DATETIME(3)  NOT NULL,
    updated_at   DATETIME(3)  NOT NULL,
    UNIQUE KEY variant_sku (sku),
    KEY variant_product (product_id, position),
    CONSTRAINT variant_price CHECK (price >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
