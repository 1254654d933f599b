-- A JSON object or NULL each.
ALTER TABLE category
    ADD COLUMN metadata        TEXT NULL,
    ADD COLUMN public_metadata TEXT NULL;
