-- The demo store: what has no module of its own. Everything may be loaded again over itself.

-- name: demo.account
-- doc: A verified account, or a new password for the one that has the address.
-- in: id id, i64 kind, bin email, bin email_key, str name, bin password_hash, time now
INSERT INTO account (id, kind, email, email_key, verified_at, name, password_hash,
                     created_at, updated_at)
VALUES (:id, :kind, :email, :email_key, :now, :name, :password_hash, :now, :now)
ON DUPLICATE KEY UPDATE kind = :kind, status = 0, password_hash = :password_hash,
                        version = version + 1, updated_at = :now;

-- name: demo.role
-- doc: One of the roles that there are.
-- in: bin email_key, str role
INSERT IGNORE INTO account_role (account_id, role_name)
SELECT a.id, r.name
  FROM account a
  JOIN role r ON r.name = :role
 WHERE a.email_key = :email_key;

-- name: demo.tax_rates
-- doc: A JSON array of {country, class, ppm, name}.
-- in: str rates
INSERT INTO tax_rate (id, country, class, ppm, name)
SELECT UNHEX(CONCAT('0193000000007', SUBSTR(SHA2(CONCAT(j.country, ' ', j.class), 256), 1, 3), '8',
                    SUBSTR(SHA2(CONCAT(j.country, ' ', j.class), 256), 4, 15))),
       j.country, j.class, j.ppm, j.name
  FROM JSON_TABLE(:rates, '$[*]' COLUMNS (
           country CHAR(2) PATH '$.country',
           class VARCHAR(32) PATH '$.class',
           ppm BIGINT PATH '$.ppm',
           name VARCHAR(120) PATH '$.name')) j
ON DUPLICATE KEY UPDATE ppm = j.ppm, name = j.name;

-- name: demo.shipping_methods
-- doc: A JSON array of {id, name, position, days_min, days_max, rates}.
-- in: str methods
INSERT INTO shipping_method (id, name, position, active, days_min, days_max)
SELECT UNHEX(j.id), j.name, j.position, 1, j.days_min, j.days_max
  FROM JSON_TABLE(:methods, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           name VARCHAR(120) PATH '$.name',
           position INT PATH '$.position',
           days_min BIGINT PATH '$.days_min',
           days_max BIGINT PATH '$.days_max')) j
ON DUPLICATE KEY UPDATE name = j.name, position = j.position, days_min = j.days_min,
                        days_max = j.days_max;

-- name: demo.shipping_rates
-- doc: The rates of the same array: {country, price, free_from}.
-- in: str methods, str currency
INSERT INTO shipping_rate (method_id, country, currency, price, free_from)
SELECT UNHEX(j.id), j.country, :currency, j.price, j.free_from
  FROM JSON_TABLE(:methods, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           NESTED PATH '$.rates[*]' COLUMNS (
               country CHAR(2) PATH '$.country',
               price BIGINT PATH '$.price',
               free_from BIGINT PATH '$.free_from'))) j
ON DUPLICATE KEY UPDATE price = j.price, free_from = j.free_from;

-- name: demo.generated
-- doc: How many generated products there are.
-- out: i64 n
SELECT COUNT(*) FROM product WHERE live_slug LIKE 'load-%';
