-- Ways to ship.
CREATE TABLE shipping_method (
    id       BINARY(16)   NOT NULL PRIMARY KEY,
    name     VARCHAR(120) NOT NULL,
    position INT          NOT NULL DEFAULT 0,
    active   TINYINT      NOT NULL DEFAULT 1,
    days_min BIGINT       NOT NULL,
    days_max BIGINT       NOT NULL,
    version  BIGINT       NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
