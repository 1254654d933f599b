-- The public catalog. A parameter that is NULL (or 0) filters nothing: the optimizer drops its
-- condition, but not all of what it costs: so there are two of each catalog.by_*. They walk the index of their order and stop at a full page; a range over
-- status stands for = 1, for with equality the optimizer begins at the index's end and not behind
-- the last page. catalog.in_category, .having, .among and .matching find few candidates by index and
-- sort them, .in_stock_by_price* those up to a bound: :sort 0 relevance, 1 newest, 2 price, 3 -price,
-- 4 title, 5 best_selling. All ways give the same order, ids going the way of the key. :brands is
-- "\n" and brands, each with "\n"; :attributes is "\n" and pairs name "\t" value "\n", and of
-- :n_attributes names a product must have one of the values given. :options is a JSON array of
-- :n_options objects {name, values}, values as :brands. :ids is a JSON array of ids in hexadecimal.

-- part: catalog.available
-- Not EXISTS, of which MariaDB 11 makes an IN and reads all variants for it. The index is named, for
-- statistics from before the catalog was filled say that it has no rows, which is read without one.
COALESCE((SELECT 1
            FROM variant v FORCE INDEX (variant_product)
            STRAIGHT_JOIN stock s ON s.variant_id = v.id
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

-- part: catalog.variants_in_stock
FROM variant v FORCE INDEX (variant_product)
STRAIGHT_JOIN stock s ON s.variant_id = v.id
WHERE v.product_id = p.id AND v.active = 1 AND s.on_hand > s.reserved

-- part: catalog.lowest
-- The price that counts: with :in_stock = 1 that of the variants that can be had.
-- in: i64 in_stock
CASE WHEN :in_stock = 1
     THEN (SELECT MIN(v.price) {{catalog.variants_in_stock}})
     ELSE p.price_min
END

-- part: catalog.shown
-- A card with the prices that count.
-- in: i64 in_stock
-- out: id id, str slug, str title, str? brand, str currency, i64 price_min, i64 price_max
-- out: i64? compare_at, str? thumbnail, i64 rating_sum, i64 rating_count, i64 in_stock
p.id, p.slug, p.title, p.brand, p.currency,
{{catalog.lowest}},
CASE WHEN :in_stock = 1
     THEN (SELECT MAX(v.price) {{catalog.variants_in_stock}})
     ELSE p.price_max
END,
CASE WHEN :in_stock = 1
     THEN (SELECT CASE WHEN v.compare_at > v.price THEN v.compare_at END
             {{catalog.variants_in_stock}}
            ORDER BY v.price, v.position
            LIMIT 1)
     ELSE p.compare_at
END,
p.thumbnail, p.rating_sum, p.rating_count,
{{catalog.available}}

-- part: catalog.brand
-- in: str? brand, str? brands
(:brand IS NULL OR p.brand = :brand)
AND (:brands IS NULL OR LOCATE(CONCAT('\n', p.brand, '\n'), :brands) > 0)

-- part: catalog.variant
-- A variant with the options asked for, in stock if that is asked for. Used with a limit and not with
-- EXISTS, which the optimizer would turn into a join with all variants that there are.
-- in: i64 in_stock, i64 n_options, str options
SELECT 1
  FROM variant v FORCE INDEX (variant_product)
  LEFT JOIN stock s ON s.variant_id = v.id
 WHERE v.product_id = p.id AND v.active = 1
   AND (:in_stock = 0 OR s.on_hand > s.reserved)
   AND (:n_options = 0
        OR :n_options =
           (SELECT COUNT(*)
              FROM JSON_TABLE(:options, '$[*]' COLUMNS (
                       name VARCHAR(200) PATH '$.name',
                       chosen TEXT PATH '$.values')) o
             WHERE LOCATE(CONCAT('\n', JSON_UNQUOTE(JSON_EXTRACT(v.options,
                              CONCAT('$.', JSON_QUOTE(o.name)))), '\n'), o.chosen) > 0))

-- part: catalog.price_range
-- in: i64? min_price, i64? max_price
(:min_price IS NULL OR p.price_max >= :min_price)
AND (:max_price IS NULL OR p.price_min <= :max_price)

-- part: catalog.price
-- One variant is in the range; :by_variant = 1 when lowest and highest price do not tell.
-- in: i64? min_price, i64? max_price, i64 by_variant
{{catalog.price_range}}
AND (:by_variant = 0
     OR 1 = ({{catalog.variant}}
                AND (:min_price IS NULL OR v.price >= :min_price)
                AND (:max_price IS NULL OR v.price <= :max_price)
              LIMIT 1))

-- part: catalog.below_category
-- in: id? category
(:category IS NULL
 OR 1 = (SELECT COUNT(*) FROM product_category pc
          WHERE pc.category_id = :category AND pc.product_id = p.id))

-- part: catalog.attributes_met
-- in: str attributes
(SELECT COUNT(*) FROM product_attribute a
  WHERE a.product_id = p.id
    AND LOCATE(CONCAT('\n', a.name, '\t', a.value, '\n'), :attributes) > 0)

-- part: catalog.among_ids
-- in: str? ids
(:ids IS NULL OR LOCATE(LOWER(HEX(p.id)), :ids) > 0)

-- part: catalog.plain_filters
-- The filters of most lists: none that only a variant knows.
-- in: i64 n_attributes
{{catalog.brand}}
AND {{catalog.price_range}}
AND (:n_attributes = 0 OR :n_attributes = {{catalog.attributes_met}})

-- part: catalog.filters
-- All but category and words.
-- in: i64 n_attributes
{{catalog.among_ids}}
AND {{catalog.brand}}
AND (:n_attributes = 0 OR :n_attributes = {{catalog.attributes_met}})
AND {{catalog.price}}

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
   AND {{catalog.below_category}}
   AND {{catalog.plain_filters}}
 ORDER BY p.status DESC, p.created_at DESC, p.id DESC
 LIMIT :limit;

-- name: catalog.by_newest_variant
-- doc: The same, by filters that variants know.
-- in: time? after_time, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}},
       CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', p.created_at) DIV 1000 AS SIGNED), ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.created_at < :after_time
        OR (p.created_at = :after_time AND p.id < :after))
   AND {{catalog.below_category}}
   AND {{catalog.filters}}
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
   AND {{catalog.below_category}}
   AND {{catalog.plain_filters}}
 ORDER BY p.status, p.price_min, p.id
 LIMIT :limit;

-- name: catalog.by_price_variant
-- doc: The same, by filters that variants know.
-- in: i64? after_number, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, p.price_min, ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.price_min > :after_number
        OR (p.price_min = :after_number AND p.id > :after))
   AND {{catalog.below_category}}
   AND {{catalog.filters}}
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
   AND {{catalog.below_category}}
   AND {{catalog.plain_filters}}
 ORDER BY p.status DESC, p.price_min DESC, p.id DESC
 LIMIT :limit;

-- name: catalog.by_price_desc_variant
-- doc: The same, by filters that variants know.
-- in: i64? after_number, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, p.price_min, ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.price_min < :after_number
        OR (p.price_min = :after_number AND p.id < :after))
   AND {{catalog.below_category}}
   AND {{catalog.filters}}
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
   AND {{catalog.below_category}}
   AND {{catalog.plain_filters}}
 ORDER BY p.status, p.title, p.id
 LIMIT :limit;

-- name: catalog.by_title_variant
-- doc: The same, by filters that variants know.
-- in: str? after_text, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, 0, p.title
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.title > :after_text
        OR (p.title = :after_text AND p.id > :after))
   AND {{catalog.below_category}}
   AND {{catalog.filters}}
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
   AND {{catalog.below_category}}
   AND {{catalog.plain_filters}}
 ORDER BY p.status DESC, p.sold DESC, p.id DESC
 LIMIT :limit;

-- name: catalog.by_sold_variant
-- doc: The same, by filters that variants know.
-- in: i64? after_number, id? after, i64 limit
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, p.sold, ''
  FROM product p
 WHERE p.status >= 1 AND p.status <= 1
   AND (:after IS NULL OR p.sold < :after_number
        OR (p.sold = :after_number AND p.id < :after))
   AND {{catalog.below_category}}
   AND {{catalog.filters}}
 ORDER BY p.status DESC, p.sold DESC, p.id DESC
 LIMIT :limit;

-- part: catalog.sort_key
-- Goes on from `CASE :sort`, where a statement may put relevance first.
-- in: i64 sort
WHEN 1 THEN -CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00',
                     p.created_at) DIV 1000 AS SIGNED)
WHEN 2 THEN {{catalog.lowest}}
WHEN 3 THEN -{{catalog.lowest}}
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
SELECT {{catalog.shown}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         {{catalog.sort_key}}
                  FROM product_category pc
                  STRAIGHT_JOIN product p ON p.id = pc.product_id
                 WHERE p.status = 1
                   AND pc.category_id = :category
                   AND {{catalog.filters}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- name: catalog.having
-- doc: Products of a rare attribute; with value NULL, any of :attributes.
-- in: str name, str? value, str attributes, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, k.number, k.text
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
                   AND {{catalog.below_category}}
                   AND {{catalog.filters}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- name: catalog.among
-- doc: Products of the ids given.
-- in: str? ids, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         {{catalog.sort_key}}
                  FROM JSON_TABLE(COALESCE(:ids, '[]'), '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
                  STRAIGHT_JOIN product p ON p.id = UNHEX(j.id)
                 WHERE p.status = 1
                   AND {{catalog.below_category}}
                   AND {{catalog.filters}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- part: catalog.in_stock_until
-- The price that counts lies between the lowest and the highest of all variants. A page of products in
-- stock, taken along the index of the lowest price behind the last page, so bounds what this page can
-- have, which is nothing dearer than the dearest of them.
-- in: i64? after_number, id? after, i64 limit
COALESCE((SELECT MAX(y.low)
                               FROM (SELECT {{catalog.lowest}} AS low
                                       FROM product p
                                      WHERE p.status >= 1 AND p.status <= 1
                                        AND (:after IS NULL OR p.price_min > :after_number)
                                        AND {{catalog.below_category}}
                                        AND {{catalog.filters}}
                                      ORDER BY p.status, p.price_min
                                      LIMIT :limit) y
                             HAVING COUNT(*) >= :limit), 9223372036854775807)

-- part: catalog.in_stock_down_to
-- The same the other way, where keys are prices below zero, so that nothing is cheaper than the cheapest.
-- in: i64? after_number, id? after, i64 limit
COALESCE((SELECT MIN(y.low)
                               FROM (SELECT {{catalog.lowest}} AS low
                                       FROM product p
                                      WHERE p.status >= 1 AND p.status <= 1
                                        AND (:after IS NULL OR p.price_max < -:after_number)
                                        AND {{catalog.below_category}}
                                        AND {{catalog.filters}}
                                      ORDER BY p.status DESC, p.price_min DESC
                                      LIMIT :limit) y
                             HAVING COUNT(*) >= :limit), -1)

-- name: catalog.in_stock_by_price
-- doc: Products in stock, by the price of what can be had, cheapest first.
-- in: i64? after_number, id? after, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         {{catalog.sort_key}}
                  FROM product p
                 WHERE p.status = 1
                   AND (:after IS NULL OR p.price_max >= :after_number)
                   AND p.price_min <= {{catalog.in_stock_until}}
                   AND {{catalog.below_category}}
                   AND {{catalog.filters}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- name: catalog.in_stock_by_price_desc
-- doc: The same, dearest first.
-- in: i64? after_number, id? after, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         {{catalog.sort_key}}
                  FROM product p
                 WHERE p.status = 1
                   AND (:after IS NULL OR p.price_min <= -:after_number)
                   AND p.price_max >= {{catalog.in_stock_down_to}}
                   AND {{catalog.below_category}}
                   AND {{catalog.filters}}) x
         {{catalog.sorted_page}}) k
  JOIN product p ON p.id = k.id
 ORDER BY k.number, k.text, CASE WHEN :sort IN (1, 3, 5) THEN k.id END DESC, k.id;

-- part: catalog.relevance
-- Of the product alone, so that no other moves it: an article number, all words in title or brand,
-- or anywhere; then what sells best.
-- in: str q, str word_1, str? word_2, str? word_3, str? word_4, str? word_5, str? word_6
CASE WHEN p.id = (SELECT MIN(v.product_id) FROM variant v
                  WHERE v.live_sku IN (:q, UPPER(:q), LOWER(:q)) AND v.active = 1) THEN 0
     WHEN LOCATE(:word_1, p.search_title) > 0
          AND (:word_2 IS NULL OR LOCATE(:word_2, p.search_title) > 0)
          AND (:word_3 IS NULL OR LOCATE(:word_3, p.search_title) > 0)
          AND (:word_4 IS NULL OR LOCATE(:word_4, p.search_title) > 0)
          AND (:word_5 IS NULL OR LOCATE(:word_5, p.search_title) > 0)
          AND (:word_6 IS NULL OR LOCATE(:word_6, p.search_title) > 0) THEN 1000000000000
     ELSE 2000000000000
END - LEAST(p.sold, 999999999999)

-- name: catalog.matching
-- doc: Products that hold all words.
-- in: str words, i64 sort
-- out: i64 sort_number, str sort_text
SELECT {{catalog.shown}}, k.number, k.text
  FROM (SELECT x.id, x.number, x.text
          FROM (SELECT p.id,
                       CASE :sort
                         WHEN 0 THEN {{catalog.relevance}}
                         {{catalog.sort_key}}
                  FROM product p
                 WHERE p.status = 1
                   AND MATCH (p.search_text) AGAINST (:words IN BOOLEAN MODE)
                   AND {{catalog.below_category}}
                   AND {{catalog.filters}}) x
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

-- name: catalog.count
-- doc: How many products pass, counted to :most.
-- in: i64 most
-- out: i64 n
SELECT COUNT(*)
  FROM (SELECT 1
          FROM product p
         WHERE p.status = 1
           AND {{catalog.below_category}}
           AND {{catalog.filters}}
         LIMIT :most) x;

-- name: catalog.count_in_category
-- doc: The same in a category.
-- in: id category, i64 most
-- out: i64 n
SELECT COUNT(*)
  FROM (SELECT 1
          FROM product_category pc
          STRAIGHT_JOIN product p ON p.id = pc.product_id
         WHERE p.status = 1
           AND pc.category_id = :category
           AND {{catalog.filters}}
         LIMIT :most) x;

-- name: catalog.count_matching
-- doc: The same of products that hold all words.
-- in: str words, i64 most
-- out: i64 n
SELECT COUNT(*)
  FROM (SELECT 1
          FROM product p
         WHERE p.status = 1
           AND MATCH (p.search_text) AGAINST (:words IN BOOLEAN MODE)
           AND {{catalog.below_category}}
           AND {{catalog.filters}}
         LIMIT :most) x;
