-- Ways to ship and what they cost, by country ('*': every other).

-- row: shipping_method
-- out: id id, str name, i64 position, bool active, i64 days_min, i64 days_max, i64 version
-- out: time created_at, time updated_at
id, name, position, active, days_min, days_max, version, created_at, updated_at

-- row: shipping_rate
-- out: id method, str country, money price, money? free_from
method_id, country, price, currency, free_from, currency

-- name: shipping_method.page
-- doc: Newest first, those older than `before`.
-- in: id before, i64 limit
SELECT {{shipping_method}} FROM shipping_method WHERE id < :before ORDER BY id DESC LIMIT :limit;

-- name: shipping_method.find
-- in: id id
SELECT {{shipping_method}} FROM shipping_method WHERE id = :id;

-- name: shipping_method.lock
-- in: id id
SELECT {{shipping_method}} FROM shipping_method WHERE id = :id FOR UPDATE;

-- name: shipping_method.insert
-- in: row shipping_method
INSERT INTO shipping_method (id, name, position, active, days_min, days_max, version, created_at,
                             updated_at)
VALUES (:id, :name, :position, :active, :days_min, :days_max, :version, :created_at, :updated_at);

-- name: shipping_method.update
-- in: row shipping_method
UPDATE shipping_method
   SET name = :name, position = :position, active = :active, days_min = :days_min,
       days_max = :days_max, version = version + 1, updated_at = :updated_at
 WHERE id = :id AND version = :version;

-- name: shipping_method.remove
-- in: id id
DELETE FROM shipping_method WHERE id = :id;

-- name: shipping_method.rates
-- doc: Those of a JSON array of ids.
-- in: str ids
SELECT {{shipping_rate}}
  FROM shipping_rate
  JOIN JSON_TABLE(:ids, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j ON method_id = UNHEX(j.id)
 ORDER BY method_id, currency, country;

-- name: shipping_method.add_rate
-- in: row shipping_rate
INSERT INTO shipping_rate (method_id, country, currency, price, free_from)
VALUES (:method, :country, :price.currency, :price, :free_from);

-- name: shipping_method.drop_rates
-- in: id method
DELETE FROM shipping_rate WHERE method_id = :method;
