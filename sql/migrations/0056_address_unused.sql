-- Since when nothing has been known to point at the row: `merx jobs` deletes it an hour later. NULL: in use,
-- or not looked at yet.
ALTER TABLE address ADD COLUMN unused_at DATETIME(3) NULL;
