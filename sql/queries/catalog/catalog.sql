-- The public catalog. A parameter that is NULL (or 0) filters nothing: the optimizer drops its
-- condition. catalog.by_* walk the index of their order and stop at a full page; a range over
-- status stands for = 1, for with equality the optimizer begins at the index's end and not behind
-- the last page. catalog.in_category, .having and .matching find few candidates by index and sort
-- them: :sort 0 relevance, 1 newest, 2 price, 3 -price, 4 title, 5 best_selling. Both ways give the
-- same order, ids going the way of the key. :attributes is "\n" and pairs name "\t" value "\n"; of
-- :n_attributes names a product must have one of the values given.

-- part: catalog.available
-- Not EXISTS, of which MariaDB 11 makes an IN and reads all variants for it.
COALESCE((SELECT 1
            FROM variant v
            JOIN stock s ON s.variant_id = v.id
           WHERE v.product_id = p.id AND v.active = 1 AND s.on_hand > s.reserved
           LIMIT 1), 0)

-- part: catalog.columns
-- Apart from catalog.card, for a statement whose other rows have NULL in some of them.
p.id, p.slug, p.title, p.brand, p.currency, p.price_min, p.price_max, p.compare_at,
p.thumbnail, p.rating_sum, p.rating_count,
{{catalog.available}}

-- part: catalog.card
-- out: id id, str slug, str title, str? brand, str currency, i64 price_min, i64 price_max
-- out: i64? compare_at, str? thumbnail, i64 rating_sum, i64 rating_count, i64 in_stock
{{catalog.columns}}

-- part: catalog.brand_and_price
-- in: str? brand, i64? min_price, i64? max_price
(:brand IS NULL OR p.brand = :brand)
AND (:min_price IS NULL OR p.price_min >= :min_price)
AND (:max_price IS NULL OR p.price_min <= :max_price)

-- part: catalog.below_category
-- in: id? category
(:category IS NULL
 OR 1 = (SELECT COUNT(*) FROM product_category pc
          WHERE pc.category_id = :category AND pc.product_id = p.id))

-- part: catalog.attributes_and_stock
-- in: i64 in_stock, i64 n_attributes, str attributes
(:n_attributes = 0
 OR :n_attributes =
    (SELECT COUNT(*) FROM product_attribute a
      WHERE a.product_id = p.id
        AND LOCATE(CONCAT('\n', a.name, '\t', a.value, '\n'), :attributes) > 0))
AND (:in_stock = 0
     OR {{catalog.available}})

-- name: catalog.by_newest
-- doc: Newest first.
-- in: time? after_time, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}},
       CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', p.created_at) DIV 1000 AS SIGNED), ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.created_at < :after_time
        OR (p.created_at = :after_time AND p.id < :after))
   AND {{catalog.brand_and_price}}
   AND {{catalog.below_category}}
   AND {{catalog.attributes_and_stock}}
 ORDER BY p.status DESC, p.created_at DESC, p.id DESC
 LIMIT :limit;

-- name: catalog.by_price
-- doc: Cheapest first.
-- in: i64? after_number, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, p.price_min, ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.price_min > :after_number
        OR (p.price_min = :after_number AND p.id > :after))
   AND {{catalog.brand_and_price}}
   AND {{catalog.below_category}}
   AND {{catalog.attributes_and_stock}}
 ORDER BY p.status, p.price_min, p.id
 LIMIT :limit;

-- name: catalog.by_price_desc
-- doc: Dearest first.
-- in: i64? after_number, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, p.price_min, ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.price_min < :after_number
        OR (p.price_min = :after_number AND p.id < :after))
   AND {{catalog.brand_and_price}}
   AND {{catalog.below_category}}
   AND {{catalog.attributes_and_stock}}
 ORDER BY p.status DESC, p.price_min DESC, p.id DESC
 LIMIT :limit;

-- name: catalog.by_title
-- doc: By title, in the order of code points.
-- in: str? after_text, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, 0, p.title
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.title > :after_text
        OR (p.title = :after_text AND p.id > :after))
   AND {{catalog.brand_and_price}}
   AND {{catalog.below_category}}
   AND {{catalog.attributes_and_stock}}
 ORDER BY p.status, p.title, p.id
 LIMIT :limit;

-- name: catalog.by_sold
-- doc: Best selling first.
-- in: i64? after_number, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, p.sold, ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.sold < :after_number
        OR (p.sold = :after_number AND p.id < :after))
   AND {{catalog.brand_and_price}}
   AND {{catalog.below_category}}
   AND {{catalog.attributes_and_stock}}
 ORDER BY p.status DESC, p.sold DESC, p.id DESC
 LIMIT :limit;

-- part: catalog.sort_key
-- Goes on from `CASE :sort`, where a statement may put relevance first.
-- in: i64 sort
WHEN 1 THEN -CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00',
                     p.created_at) DIV 1000 AS SIGNED)
WHEN 2 THEN p.price_min
WHEN 3 THEN -p.price_min
WHEN 4 THEN 0
ELSE -p.sold
END AS number,
CASE :sort WHEN 4 THEN p.title ELSE '' END AS text

-- part: catalog.sorted_page
-- Of x: what stands behind the last page, as many as fit on one.
-- in: i64? after_number, str? after_text, id? after, i64 limit
WHERE :after IS NULL
   OR x.number > :after_number
   OR (x.number = :after_number
       AND (x.text > :after_text
            OR (x.text = :after_text
                AND CASE WHEN :sort IN (1, 3, 5) THEN x.id < :after
                         ELSE x.id > :after END)))
ORDER BY x.number, x.text, CASE WHEN :sort IN (1, 3, 5) THEN x.id END DESC, x.id
LIMIT :limit

-- name: catalog.in_category
-- doc: Products of a small category.
-- in: id category, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         {{catalog.sort_key}}
                  FROM product_category pc
                  STRAIGHT_JOIN product p ON p.id = pc.product_id
                 WHERE p.status = 1
                   AND pc.category_id = :category
                   AND {{catalog.brand_and_price}}
                   AND {{catalog.attributes_and_stock}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- name: catalog.having
-- doc: Products of a rare attribute; with value NULL, any of :attributes.
-- in: str name, str? value, str attributes, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         {{catalog.sort_key}}
                  FROM product_attribute d
                  STRAIGHT_JOIN product p ON p.id = d.product_id
                 WHERE p.status = 1
                   AND d.name = :name AND (:value IS NULL OR d.value = :value)
                   AND LOCATE(CONCAT('\n', d.name, '\t', d.value, '\n'),
                              :attributes) > 0
                   AND {{catalog.brand_and_price}}
                   AND {{catalog.below_category}}
                   AND {{catalog.attributes_and_stock}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- part: catalog.relevance
-- Of the product alone, so that no other moves it: an article number, all words in title or brand,
-- or anywhere; then what sells best.
-- in: str begins, str q
CASE WHEN EXISTS (SELECT 1 FROM variant v
                   WHERE v.product_id = p.id AND v.active = 1 AND LOWER(v.sku) = LOWER(:q)) THEN 0
     WHEN NOT EXISTS (SELECT 1
                        FROM JSON_TABLE(:begins, '$[*]' COLUMNS (word VARCHAR(80) PATH '$')) t
                       WHERE LOCATE(t.word, p.search_title) = 0) THEN 1000000000000
     ELSE 2000000000000
END - LEAST(p.sold, 999999999999)

-- name: catalog.matching
-- doc: Products that hold all words.
-- in: str words, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.card}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         WHEN 0 THEN {{catalog.relevance}}
                         {{catalog.sort_key}}
                  FROM product p
                 WHERE p.status = 1
                   AND MATCH (p.search_text) AGAINST (:words IN BOOLEAN MODE)
                   AND {{catalog.brand_and_price}}
                   AND {{catalog.below_category}}
                   AND {{catalog.attributes_and_stock}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- name: catalog.candidates
-- doc: A category's id, and how many products it and an attribute name, counted to 500 at most: to
-- doc: choose the statement.
-- in: str? category, str? name, str? value, str attributes
-- out: id? category, i64 in_category, i64 having
SELECT c.id,
       (SELECT COUNT(*)
          FROM (SELECT 1
                  FROM category o
                  JOIN product_category pc ON pc.category_id = o.id
                 WHERE o.slug = :category
                 LIMIT 500) x),
       (SELECT COUNT(*)
          FROM (SELECT 1
                  FROM product_attribute d
                 WHERE d.name = :name AND (:value IS NULL OR d.value = :value)
                   AND LOCATE(CONCAT('\n', d.name, '\t', d.value, '\n'),
                              :attributes) > 0
                 LIMIT 500) y)
  FROM (SELECT 1 AS one) u
  LEFT JOIN category c ON c.slug = :category;

-- part: catalog.facet
-- A value and how many products have it. The price bands begin at 0, 10, 25, 50, 100, 250 and 500
-- times :unit.
-- in: i64 unit
-- out: i64 kind, str name, str value, i64 count
k.kind, COALESCE(a.name, '') AS label,
CASE k.kind
  WHEN 0 THEN p.brand
  WHEN 1 THEN a.value
  ELSE CAST((p.price_min >= 10 * :unit) + (p.price_min >= 25 * :unit)
            + (p.price_min >= 50 * :unit) + (p.price_min >= 100 * :unit)
            + (p.price_min >= 250 * :unit) + (p.price_min >= 500 * :unit) AS CHAR)
END AS choice,
COUNT(*) AS hits

-- part: catalog.facet_kinds
STRAIGHT_JOIN (SELECT 0 AS kind UNION ALL SELECT 1 UNION ALL SELECT 2) k
LEFT JOIN product_attribute a ON k.kind = 1 AND a.product_id = p.id

-- part: catalog.facet_order
GROUP BY k.kind, label, choice
HAVING choice IS NOT NULL
ORDER BY k.kind, label, hits DESC, choice
LIMIT 1000

-- name: catalog.facets
-- doc: Counts over the whole catalog. kind 0: brand; 1: attribute; 2: price band by number.
SELECT {{catalog.facet}}
  FROM product p
  {{catalog.facet_kinds}}
 WHERE p.status = 1
   AND {{catalog.brand_and_price}}
   AND {{catalog.attributes_and_stock}}
 {{catalog.facet_order}};

-- name: catalog.facets_in_category
-- doc: Counts over a category. kind 0: brand; 1: attribute; 2: price band by number.
-- in: id category
SELECT {{catalog.facet}}
  FROM product_category pc
  STRAIGHT_JOIN product p ON p.id = pc.product_id
  {{catalog.facet_kinds}}
 WHERE p.status = 1
   AND pc.category_id = :category
   AND {{catalog.brand_and_price}}
   AND {{catalog.attributes_and_stock}}
 {{catalog.facet_order}};

-- name: catalog.facets_matching
-- doc: Counts over products that hold all words. kind 0: brand; 1: attribute; 2: price band by
-- doc: number.
-- in: str words
SELECT {{catalog.facet}}
  FROM product p
  {{catalog.facet_kinds}}
 WHERE p.status = 1
   AND MATCH (p.search_text) AGAINST (:words IN BOOLEAN MODE)
   AND {{catalog.brand_and_price}}
   AND {{catalog.below_category}}
   AND {{catalog.attributes_and_stock}}
 {{catalog.facet_order}};

-- name: catalog.around
-- doc: What a product page shows beside the product. kind 0: its categories; 1: related products,
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

-- name: category.all
-- doc: The tree: parents before their children, siblings in their order.
-- out: id id, id? parent_id, str slug, str title, str? public_metadata
SELECT id, parent_id, slug, title, public_metadata
  FROM category
 ORDER BY CHAR_LENGTH(path) - CHAR_LENGTH(REPLACE(path, '/', '')), position, slug
 LIMIT 2000;

-- name: category.around
-- doc: A category (level 0) with those above it, the root lowest, and its children (level 1).
-- in: str slug
-- out: i64 level, id id, str slug, str title, i64 position, str? public_metadata
WITH RECURSIVE up AS (
    SELECT 0 AS level, id, parent_id, slug, title, position, public_metadata
      FROM category
     WHERE slug = :slug
    UNION ALL
    SELECT up.level - 1, c.id, c.parent_id, c.slug, c.title, c.position, c.public_metadata
      FROM up
      JOIN category c ON c.id = up.parent_id
     WHERE up.level > -16)
SELECT level, id, slug, title, position, public_metadata FROM up
UNION ALL
SELECT 1, c.id, c.slug, c.title, c.position, c.public_metadata
  FROM category s
  JOIN category c ON c.parent_id = s.id
 WHERE s.slug = :slug
 ORDER BY 1, 5, 3
 LIMIT 1000;

-- name: category.insert
-- doc: A category below the one with slug `parent`; nothing changes when that is not there.
-- in: id id, str? parent, str slug, str title, i64 position, str? metadata, str? public_metadata
INSERT INTO category (id, parent_id, slug, title, position, path, metadata, public_metadata)
SELECT :id, p.id, :slug, :title, :position, CONCAT(COALESCE(p.path, '/'), :slug, '/'),
       :metadata, :public_metadata
  FROM (SELECT 1 AS one) o
  LEFT JOIN category p ON p.slug = :parent
 WHERE :parent IS NULL OR p.id IS NOT NULL;
