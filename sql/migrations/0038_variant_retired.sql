-- retired: of an archived product. live_sku is the article number as long as it takes it from others.
-- metadata and public_metadata: a JSON object or NULL.
ALTER TABLE variant
    ADD COLUMN metadata        TEXT    NULL,
    ADD COLUMN public_metadata TEXT    NULL,
    ADD COLUMN retired         TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN live_sku        VARCHAR(64)
        GENERATED ALWAYS AS (CASE WHEN retired = 1 THEN NULL ELSE sku END) STORED,
    DROP KEY variant_sku,
    ADD KEY variant_sku (sku),
    ADD UNIQUE KEY variant_live_sku (live_sku);
