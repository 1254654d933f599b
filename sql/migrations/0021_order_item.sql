-- A line of an order: everything that an invoice prints, as it was.
CREATE TABLE order_item (
    order_id     BINARY(16)   NOT NULL,
    line         INT          NOT NULL,
    id           BINARY(16)   NOT NULL,
    variant_id   BINARY(16)   NOT NULL,
    product_id   BINARY(16)   NOT NULL,
    product_slug VARCHAR(120) NOT NULL,
    sku          VARCHAR(64)  NOT NULL,
    title        VARCHAR(400) NOT NULL,
    quantity     BIGINT       NOT NULL,
    unit_price   BIGINT       NOT NULL,
    line_total   BIGINT       NOT NULL,
    tax_ppm      BIGINT       NOT NULL,
    tax          BIGINT       NOT NULL,
    PRIMARY KEY (order_id, line),
    KEY order_item_variant (variant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
