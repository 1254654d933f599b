-- live_slug is the slug as long as the product takes it from others: that of an archived product is free.
-- search_title holds the words of title and brand; search_version tells which rules made the words, so
-- that `merx jobs` makes them anew after an upgrade. metadata and public_metadata: a JSON object or NULL.
ALTER TABLE product
    ADD COLUMN metadata        TEXT          NULL,
    ADD COLUMN public_metadata TEXT          NULL,
    ADD COLUMN search_title    VARCHAR(1000) NOT NULL DEFAULT '',
    ADD COLUMN search_version  INT           NOT NULL DEFAULT 0,
    ADD COLUMN live_slug       VARCHAR(120)
        GENERATED ALWAYS AS (CASE WHEN status = 2 THEN NULL ELSE slug END) STORED,
    DROP KEY product_slug,
    ADD UNIQUE KEY product_live_slug (live_slug),
    ADD KEY product_search_version (search_version, id);
