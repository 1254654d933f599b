-- JSON objects or NULL each: metadata is the staff's own, public_metadata the app's and the staff's.
ALTER TABLE account
    ADD COLUMN metadata        TEXT NULL,
    ADD COLUMN public_metadata TEXT NULL;
