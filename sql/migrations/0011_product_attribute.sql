-- Attributes as rows, for filters and facet counts.
CREATE TABLE product_attribute (
    product_id BINARY(16)   NOT NULL,
    name       VARCHAR(64)  NOT NULL,
    value      VARCHAR(200) NOT NULL,
    PRIMARY KEY (product_id, name),
    KEY product_attribute_value (name, value, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
