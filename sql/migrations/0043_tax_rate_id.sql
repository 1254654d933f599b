-- No rate without an id.
ALTER TABLE tax_rate
    MODIFY COLUMN id BINARY(16) NOT NULL,
    ADD UNIQUE KEY tax_rate_id (id);
