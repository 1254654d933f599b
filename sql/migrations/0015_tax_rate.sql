-- Tax by country and class, in parts per million.
CREATE TABLE tax_rate (
    country CHAR(2)      NOT NULL,
    class   VARCHAR(32)  NOT NULL,
    ppm     BIGINT       NOT NULL,
    name    VARCHAR(120) NOT NULL,
    PRIMARY KEY (country, class)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
