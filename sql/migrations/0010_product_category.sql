-- Categories of a product, each with all its ancestors (direct = 0), so that a category lists its
-- descendants by one index.
CREATE TABLE product_category (
    category_id BINARY(16) NOT NULL,
    product_id  BINARY(16) NOT NULL,
    direct      TINYINT    NOT NULL,
    PRIMARY KEY (category_id, product_id),
    KEY product_category_product (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
