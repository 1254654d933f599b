-- Tax by country and class, in parts per million.

-- row: tax_rate
-- out: id id, str country, str class, i64 rate_ppm, str name, i64 version, time created_at
-- out: time updated_at
id, country, class, ppm, name, version, created_at, updated_at

-- name: tax_rate.page
-- doc: Newest first, those older than `before`.
-- in: str? country, id before, i64 limit
SELECT {{tax_rate}}
  FROM tax_rate
 WHERE id < :before AND (:country IS NULL OR country = :country)
 ORDER BY id DESC
 LIMIT :limit;

-- name: tax_rate.find
-- in: id id
SELECT {{tax_rate}} FROM tax_rate WHERE id = :id;

-- name: tax_rate.lock
-- in: id id
SELECT {{tax_rate}} FROM tax_rate WHERE id = :id FOR UPDATE;

-- name: tax_rate.insert
-- doc: A duplicate is a rate of the same country and class.
-- in: row tax_rate
INSERT INTO tax_rate (id, country, class, ppm, name, version, created_at, updated_at)
VALUES (:id, :country, :class, :rate_ppm, :name, :version, :created_at, :updated_at);

-- name: tax_rate.update
-- in: row tax_rate
UPDATE tax_rate
   SET country = :country, class = :class, ppm = :rate_ppm, name = :name, version = version + 1,
       updated_at = :updated_at
 WHERE id = :id AND version = :version;

-- name: tax_rate.of_class
-- doc: All rates of a class, held until the transaction ends.
-- in: str class
-- out: id id
SELECT id FROM tax_rate WHERE class = :class FOR UPDATE;

-- name: tax_rate.product_of_class
-- doc: A product of the class, if there is one that is not archived.
-- in: str class
-- out: id id
SELECT id FROM product WHERE tax_class = :class AND status <> 2 LIMIT 1;

-- name: tax_rate.remove
-- in: id id
DELETE FROM tax_rate WHERE id = :id;
