-- Staff change tax rates: each has an id and a version.
ALTER TABLE tax_rate
    ADD COLUMN id         BINARY(16)  NULL,
    ADD COLUMN version    BIGINT      NOT NULL DEFAULT 1,
    ADD COLUMN created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    ADD COLUMN updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);
