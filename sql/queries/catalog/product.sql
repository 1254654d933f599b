-- Products as staff write them, and one product with all that its page shows.

-- name: product.load
-- doc: A product by id or by slug; with :active_only = 1 only while it is for sale.
-- in: id? id, str? slug, i64 active_only
-- out: id id, str slug, str title, str? brand, str description, i64 status, str tax_class
-- out: str options, str attributes, str media, str? thumbnail, str currency, i64 price_min
-- out: i64 price_max, i64? compare_at, i64 rating_sum, i64 rating_count, i64 version
-- out: time created_at, time updated_at, str? metadata, str? public_metadata
SELECT p.id, p.slug, p.title, p.brand, p.description, p.status, p.tax_class,
       p.options, p.attributes, p.media, p.thumbnail, p.currency, p.price_min,
       p.price_max, p.compare_at, p.rating_sum, p.rating_count, p.version,
       p.created_at, p.updated_at, p.metadata, p.public_metadata
  FROM product p
 WHERE p.id = COALESCE(:id, (SELECT s.id FROM product s WHERE s.live_slug = :slug))
   AND (:active_only = 0 OR p.status = 1);

-- name: product.variants
-- doc: The variants that are not withdrawn, in their order.
-- in: id product
-- out: id id, str sku, str title, str options, str media, i64 price, i64? compare_at, str currency
-- out: i64? weight_grams, i64 on_hand, i64 reserved, str? metadata, str? public_metadata
SELECT v.id, v.sku, v.title, v.options, v.media, v.price, v.compare_at, v.currency,
       v.weight_grams, COALESCE(s.on_hand, 0), COALESCE(s.reserved, 0),
       v.metadata, v.public_metadata
  FROM variant v
  LEFT JOIN stock s ON s.variant_id = v.id
 WHERE v.product_id = :product AND v.active = 1
 ORDER BY v.position, v.id
 LIMIT 500;

-- part: product.row
-- A card, and what staff see with it.
-- out: i64 status, i64 version, time updated_at
{{catalog.card}}, p.status, p.version, p.updated_at

-- name: product.page
-- doc: Products for staff, newest first.
-- in: i64? status, id? after, i64 limit
SELECT {{product.row}}
  FROM product p FORCE INDEX (PRIMARY)
 WHERE (:status IS NULL OR p.status = :status)
   AND (:after IS NULL OR p.id < :after)
 ORDER BY p.id DESC
 LIMIT :limit;

-- name: product.page_matching
-- doc: The same, of products that hold all words.
-- in: str words, i64? status, id? after, i64 limit
SELECT {{product.row}}
  FROM product p
 WHERE MATCH (p.search_text) AGAINST (:words IN BOOLEAN MODE)
   AND (:status IS NULL OR p.status = :status)
   AND (:after IS NULL OR p.id < :after)
 ORDER BY p.id DESC
 LIMIT :limit;

-- name: product.lock
-- doc: Hold a product until the transaction ends.
-- in: id id
-- out: i64 version, i64 status
SELECT version, status FROM product WHERE id = :id FOR UPDATE;

-- name: product.parts
-- doc: Parts of a product that are stored as JSON or in other tables, as typed rows. kind 0: an option
-- doc: with one of its values; 1: a variant's choice of an option; 2: an attribute; 3: a category.
-- in: id product
-- out: i64 kind, id? variant, str name, str? value, i64? position, i64? place
SELECT 0, NULL, o.name, o.value, o.position, o.place
  FROM product p,
       JSON_TABLE(p.options, '$[*]' COLUMNS (
           position FOR ORDINALITY,
           name VARCHAR(64) PATH '$.name',
           NESTED PATH '$.values[*]' COLUMNS (
               place FOR ORDINALITY,
               value VARCHAR(200) PATH '$'))) o
 WHERE p.id = :product
UNION ALL
SELECT 1, v.id, o.name,
       JSON_UNQUOTE(JSON_EXTRACT(v.options, CONCAT('$.', JSON_QUOTE(o.name)))), o.position, NULL
  FROM product p
  JOIN variant v ON v.product_id = p.id,
       JSON_TABLE(p.options, '$[*]' COLUMNS (
           position FOR ORDINALITY,
           name VARCHAR(64) PATH '$.name')) o
 WHERE p.id = :product
UNION ALL
SELECT 2, NULL, a.name, a.value, NULL, NULL FROM product_attribute a WHERE a.product_id = :product
UNION ALL
SELECT 3, NULL, c.slug, NULL, NULL, NULL
  FROM product_category pc
  JOIN category c ON c.id = pc.category_id
 WHERE pc.product_id = :product AND pc.direct = 1
 ORDER BY 1, 2, 5, 6, 3;

-- name: product.skus
-- doc: All variants of a product by article number, the withdrawn ones too.
-- in: id product
-- out: id id, str sku, str title, i64 price, i64? compare_at, i64? weight_grams, i64 active
-- out: str? metadata, str? public_metadata
SELECT id, sku, title, price, compare_at, weight_grams, active, metadata, public_metadata
  FROM variant
 WHERE product_id = :product
 ORDER BY position, id;

-- name: product.taken
-- doc: Of a slug and JSON arrays of article numbers and category slugs. kind 0: another product has
-- doc: the slug; 1: another product has the article number; 2: the category exists.
-- in: id product, str slug, str skus, str categories
-- out: i64 kind, str value
SELECT 0, p.slug FROM product p WHERE p.live_slug = :slug AND p.id <> :product
UNION ALL
SELECT 1, v.sku
  FROM JSON_TABLE(:skus, '$[*]' COLUMNS (sku VARCHAR(64) PATH '$')) j
  JOIN variant v ON v.live_sku = j.sku
 WHERE v.product_id <> :product
UNION ALL
SELECT 2, c.slug
  FROM JSON_TABLE(:categories, '$[*]' COLUMNS (slug VARCHAR(120) PATH '$')) j
  JOIN category c ON c.slug = j.slug;

-- name: product.hold_tax_class
-- doc: A rate of the class, which stays until the transaction ends; no row: the class has none.
-- in: str class
-- out: str class
SELECT class FROM tax_rate WHERE class = :class LIMIT 1 LOCK IN SHARE MODE;

-- name: product.tax_classes
-- doc: Classes that have a rate.
-- out: str class
SELECT DISTINCT class FROM tax_rate ORDER BY class LIMIT 1000;

-- name: product.insert
-- doc: New products, from a JSON array of objects.
-- in: str products, str currency, i64 search_version, time now
INSERT INTO product (id, slug, title, brand, description, status, tax_class, options, attributes,
                     media, thumbnail, currency, price_min, price_max, compare_at, search_text,
                     search_title, search_version, metadata, public_metadata,
                     created_at, updated_at)
SELECT UNHEX(j.id), j.slug, j.title, j.brand, j.description, j.status, j.tax_class, j.options,
       j.attributes, j.media, j.thumbnail, :currency, j.price_min, j.price_max, j.compare_at,
       j.search_text, j.search_title, :search_version, j.metadata, j.public_metadata, :now, :now
  FROM JSON_TABLE(:products, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           slug VARCHAR(120) PATH '$.slug',
           title VARCHAR(200) PATH '$.title',
           brand VARCHAR(120) PATH '$.brand',
           description TEXT PATH '$.description',
           status INT PATH '$.status',
           tax_class VARCHAR(32) PATH '$.tax_class',
           options MEDIUMTEXT PATH '$.options',
           attributes MEDIUMTEXT PATH '$.attributes',
           media MEDIUMTEXT PATH '$.media',
           thumbnail VARCHAR(500) PATH '$.thumbnail',
           price_min BIGINT PATH '$.price_min',
           price_max BIGINT PATH '$.price_max',
           compare_at BIGINT PATH '$.compare_at',
           search_text TEXT PATH '$.search_text',
           search_title VARCHAR(1000) PATH '$.search_title',
           metadata TEXT PATH '$.metadata',
           public_metadata TEXT PATH '$.public_metadata')) j;

-- name: product.update
-- doc: NULL attributes stay.
-- in: id id, str slug, str title, str? brand, str description, i64 status, str tax_class
-- in: str options, str? attributes, str media, str? thumbnail, i64 price_min, i64 price_max
-- in: i64? compare_at, str search_text, str search_title, i64 search_version
-- in: str? metadata, str? public_metadata, time now
UPDATE product
   SET slug = :slug, title = :title, brand = :brand, description = :description,
       status = :status, tax_class = :tax_class, options = :options,
       attributes = COALESCE(:attributes, attributes),
       media = :media, thumbnail = :thumbnail, price_min = :price_min, price_max = :price_max,
       compare_at = :compare_at, search_text = :search_text, search_title = :search_title,
       search_version = :search_version, metadata = :metadata, public_metadata = :public_metadata,
       version = version + 1, updated_at = :now
 WHERE id = :id;

-- name: product.stale
-- doc: Products whose words were made by older rules than :search_version.
-- in: i64 search_version, time now, i64 limit
-- out: id id, i64? tries
SELECT p.id, f.tries
  FROM product p
  LEFT JOIN job_failure f ON f.job = 'product_reindex' AND f.subject_id = p.id
 WHERE p.search_version < :search_version AND (f.next_at IS NULL OR f.next_at <= :now)
 ORDER BY p.search_version, p.id
 LIMIT :limit;

-- name: product.reindex
-- in: id id, str search_text, str search_title, i64 search_version
UPDATE product
   SET search_text = :search_text, search_title = :search_title, search_version = :search_version
 WHERE id = :id;

-- name: product.count_sold
-- doc: Units sold of products, from a JSON array of {id, units}.
-- in: str products
UPDATE JSON_TABLE(:products, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           units BIGINT PATH '$.units')) j
  STRAIGHT_JOIN product p ON p.id = UNHEX(j.id)
   SET p.sold = p.sold + j.units;

-- name: product.retire
-- doc: All variants of a product give up their article numbers, or take them again.
-- in: id product, i64 retired
UPDATE variant SET retired = :retired WHERE product_id = :product;

-- name: product.archive
-- in: id id, time now
UPDATE product SET status = 2, version = version + 1, updated_at = :now WHERE id = :id;

-- part: product.variant_columns
-- For JSON_TABLE: what is written of a variant, new or old.
title VARCHAR(200) PATH '$.title',
options TEXT PATH '$.options',
price BIGINT PATH '$.price',
compare_at BIGINT PATH '$.compare_at',
currency CHAR(3) PATH '$.currency',
weight_grams BIGINT PATH '$.weight_grams',
sku VARCHAR(64) PATH '$.sku',
retired INT PATH '$.retired',
metadata TEXT PATH '$.metadata',
public_metadata TEXT PATH '$.public_metadata'

-- name: product.insert_variants
-- doc: New variants of products, from a JSON array of objects.
-- in: str variants, time now
INSERT INTO variant (id, product_id, position, sku, title, options, media, price, compare_at,
                     currency, weight_grams, active, retired, metadata, public_metadata,
                     created_at, updated_at)
SELECT UNHEX(j.id), UNHEX(j.product), j.position, j.sku, j.title, j.options, '[]', j.price,
       j.compare_at, j.currency, j.weight_grams, 1, j.retired, j.metadata, j.public_metadata,
       :now, :now
  FROM JSON_TABLE(:variants, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           product CHAR(32) PATH '$.product',
           position INT PATH '$.position',
           {{product.variant_columns}})) j;

-- name: product.update_variants
-- doc: Changed and withdrawn variants, from the same kind of array with `active`.
-- in: str variants, time now
UPDATE variant v
  JOIN JSON_TABLE(:variants, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           position INT PATH '$.position',
           {{product.variant_columns}},
           active INT PATH '$.active')) j ON v.id = UNHEX(j.id)
   SET v.position = j.position, v.sku = j.sku, v.title = j.title, v.options = COALESCE(j.options, v.options),
       v.price = j.price, v.compare_at = j.compare_at, v.currency = j.currency,
       v.weight_grams = j.weight_grams, v.active = j.active, v.retired = j.retired,
       v.metadata = j.metadata, v.public_metadata = j.public_metadata, v.updated_at = :now;

-- name: product.drop_categories
-- in: id product
DELETE FROM product_category WHERE product_id = :product;

-- name: product.insert_categories
-- doc: Put products into categories and all those above them, from a JSON array of {product, slug}.
-- in: str categories
INSERT INTO product_category (category_id, product_id, direct)
SELECT a.id, UNHEX(j.product), MAX(a.id = c.id)
  FROM JSON_TABLE(:categories, '$[*]' COLUMNS (
           product CHAR(32) PATH '$.product',
           slug VARCHAR(120) PATH '$.slug')) j
  JOIN category c ON c.slug = j.slug
  JOIN category a ON LEFT(c.path, CHAR_LENGTH(a.path)) = a.path
 GROUP BY a.id, j.product;

-- name: product.drop_attributes
-- in: id product
DELETE FROM product_attribute WHERE product_id = :product;

-- name: product.insert_attributes
-- doc: Attributes of products, from a JSON array of {product, name, value}.
-- in: str attributes
INSERT INTO product_attribute (product_id, name, value)
SELECT UNHEX(j.product), j.name, j.value
  FROM JSON_TABLE(:attributes, '$[*]' COLUMNS (
           product CHAR(32) PATH '$.product',
           name VARCHAR(64) PATH '$.name',
           value VARCHAR(200) PATH '$.value')) j;

-- name: catalog.around
-- doc: Rows that a product page shows beside the product. kind 0: its categories; 1: related products,
-- doc: the best selling of its neighbours in one of its categories.
-- in: id product
-- out: i64 kind, id id, str slug, str title, str? brand, str? currency, i64? price_min
-- out: i64? price_max, i64? compare_at, str? thumbnail, i64? rating_sum, i64? rating_count
-- out: i64? in_stock
(SELECT 0, c.id, c.slug, c.title, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
   FROM product_category pc
   JOIN category c ON c.id = pc.category_id
  WHERE pc.product_id = :product AND pc.direct = 1
  ORDER BY c.path
  LIMIT 50)
UNION ALL
(SELECT 1, {{catalog.columns}}
   FROM ((SELECT n.product_id
            FROM product_category n
           WHERE n.category_id = (SELECT MIN(o.category_id) FROM product_category o
                                   WHERE o.product_id = :product AND o.direct = 1)
             AND n.product_id > :product
           ORDER BY n.product_id
           LIMIT 8)
         UNION ALL
         (SELECT n.product_id
            FROM product_category n
           WHERE n.category_id = (SELECT MIN(o.category_id) FROM product_category o
                                   WHERE o.product_id = :product AND o.direct = 1)
             AND n.product_id < :product
           ORDER BY n.product_id DESC
           LIMIT 8)) near
   JOIN product p ON p.id = near.product_id AND p.status = 1
  ORDER BY p.sold DESC, p.id
  LIMIT 4);
