-- Price of a shipping method by country ('*': every other), free from a subtotal upwards.
CREATE TABLE shipping_rate (
    method_id BINARY(16) NOT NULL,
    country   CHAR(2)    NOT NULL,
    currency  CHAR(3)    NOT NULL,
    price     BIGINT     NOT NULL,
    free_from BIGINT     NULL,
    PRIMARY KEY (method_id, country, currency)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
